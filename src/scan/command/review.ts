// `scan review`: each new finding on the terminal, one key for each decision. What is accepted goes into the baseline at
// once, so that nothing is lost when the review is left.
import { createInterface } from 'node:readline/promises'
import type { CobraStreams, Invocation } from '../../base/cobra.ts'
import { systemRandom } from '../../base/random.ts'
import type { Baseline, BaselineEntry } from '../baseline/baseline-file.ts'
import { Fingerprints, SALT_BYTES } from '../baseline/fingerprint.ts'
import { entryFor, entryNotes, newBaselinePath, save, targetOf } from './baseline-commands.ts'
import { EXIT, ScanFailure } from './exit-codes.ts'
import { findingText } from './finding-text.ts'
import type { CommonValues } from './scan-flags.ts'
import { type Around, type JudgedFinding, scan } from './scan-session.ts'

/** Standard streams where they may be a terminal's. */
interface Terminal extends CobraStreams {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean }
}

type Decision = 'y' | 'n' | 's' | 'q'

/** Asks for one key; `ended` when the terminal is closed. */
async function decide(input: Keys, prompt: string): Promise<Decision> {
  for (;;) {
    const key = await input.key(prompt)
    if (key === null || key === '\x03' || key === '\x04') return 'q'
    const lower = key.toLowerCase()
    if (lower === 'y' || lower === 'n' || lower === 's' || lower === 'q') return lower
  }
}

/** Keys and lines of a terminal, one reader at a time. */
class Keys {
  private readonly stdin: NodeJS.ReadStream
  private readonly stdout: NodeJS.WritableStream

  constructor(around: Around) {
    this.stdin = around.streams.stdin as NodeJS.ReadStream
    this.stdout = around.streams.stdout
  }

  key(prompt: string): Promise<string | null> {
    this.stdout.write(prompt)
    this.stdin.setRawMode(true)
    this.stdin.resume()
    return new Promise((resolve) => {
      const finish = (key: string | null): void => {
        this.stdin.off('data', onData)
        this.stdin.off('end', onEnd)
        this.stdin.setRawMode(false)
        this.stdin.pause()
        this.stdout.write(`${key !== null && key >= ' ' ? key : ''}\n`)
        resolve(key)
      }
      const onData = (data: Buffer): void => finish(data.toString('utf8').slice(0, 1))
      const onEnd = (): void => finish(null)
      this.stdin.on('data', onData)
      this.stdin.on('end', onEnd)
    })
  }

  async line(prompt: string): Promise<string> {
    const lines = createInterface({ input: this.stdin, output: this.stdout, terminal: true })
    try {
      return (await lines.question(prompt)).trim()
    } finally {
      lines.close()
    }
  }
}

export async function review(
  of: Invocation,
  values: CommonValues,
  around: Around,
): Promise<number> {
  const { stdin, stdout } = around.streams as Terminal
  if (stdin.isTTY !== true || stdout.isTTY !== true) {
    throw new ScanFailure(
      'review asks questions and needs a terminal; "scan baseline update --reason …" works without one',
    )
  }
  const notes = entryNotes(of)
  const target = targetOf(of, values, around)
  const outcome = await scan(target, values, around, true)
  let baseline: Baseline = outcome.baseline ?? {
    salt: systemRandom.bytes(SALT_BYTES),
    entries: [],
  }
  const path = outcome.baselinePath ?? newBaselinePath(target, values)
  const prints = new Fingerprints(baseline.salt)
  const open = await distinct(outcome.findings, prints)
  const keys = new Keys(around)
  const counts = { y: 0, n: 0, s: 0 }
  for (const [index, { finding, fingerprint, places }] of open.entries()) {
    const paint = { isColored: values['no-color'] === false, isShown: values['show-secrets'] }
    stdout.write(`\n${index + 1} of ${open.length}${places > 1 ? `, in ${places} places` : ''}\n`)
    stdout.write(findingText(finding, fingerprint, '', paint))
    const decision = await decide(keys, 'Known? y yes, n no, s skip, q quit: ')
    if (decision === 'q') break
    counts[decision]++
    if (decision !== 'y') continue
    const reason = await keys.line('Reason: ')
    const entry = entryFor(finding, fingerprint, { ...notes, reason }, around.clock.now())
    baseline = { ...baseline, entries: withEntry(baseline.entries, entry) }
    save(path, baseline)
  }
  const left = open.length - counts.y - counts.n - counts.s
  stdout.write(
    `\n${counts.y} known from now on, ${counts.n} to be removed, ${counts.s + left} not decided\n`,
  )
  if (counts.y > 0) stdout.write(`${path} was written: commit it\n`)
  return counts.y === open.length ? EXIT.clean : values['exit-code']
}

/** A renewed entry takes the place of one that has expired. */
function withEntry(entries: readonly BaselineEntry[], entry: BaselineEntry): BaselineEntry[] {
  return [...entries.filter((one) => one.fingerprint !== entry.fingerprint), entry]
}

interface OpenFinding {
  readonly finding: JudgedFinding['finding']
  readonly fingerprint: string
  places: number
}

/** One of each secret, in the order in which they were found, under the salt of the baseline. */
async function distinct(
  findings: readonly JudgedFinding[],
  prints: Fingerprints,
): Promise<OpenFinding[]> {
  const seen = new Map<string, OpenFinding>()
  for (const { finding, is } of findings) {
    if (is === 'known') continue
    const fingerprint = await prints.of(finding)
    const former = seen.get(fingerprint)
    if (former) former.places++
    else seen.set(fingerprint, { finding, fingerprint, places: 1 })
  }
  return [...seen.values()]
}
