// `app | strongroom redact`: the command around redact.ts. It ends when its input does, or when nobody reads what it
// writes; an interrupt is left to the program before it in the pipe, whose last words still pass.
import { once } from 'node:events'
import {
  type CobraCommand,
  type CobraStreams,
  exactArguments,
  type Invocation,
  runCobra,
} from '../../base/cobra.ts'
import { boolFlag, type PFlags, type PFlagValues, stringFlag } from '../../base/pflag.ts'
import { createDetector } from '../match/create-detector.ts'
import { builtInRules } from '../parts.ts'
import { type RedactOutput, type RedactStats, redactStream } from '../redact.ts'
import type { ScanConfig } from '../rule.ts'
import { EXIT, ScanFailure } from './exit-codes.ts'
import { COMMON_FLAGS } from './scan-flags.ts'
import { readRules, tierFilter } from './scan-rules.ts'

const REDACT_FLAGS = {
  config: stringFlag('rules, a TOML `file` as gitleaks has it; else the built-in rules', '', {
    shorthand: 'c',
  }),
  tier: COMMON_FLAGS.tier,
  mask: stringFlag("`text` that stands in a secret's place", '[redacted]'),
  stats: boolFlag('say at the end, on standard error, how much was masked'),
}

type RedactValues = PFlagValues<typeof REDACT_FLAGS>

const ABOUT = `Passes standard input on to standard output with every secret masked; all other bytes stay as they are.

A line is passed on as soon as it is whole. A private key that comes line by line is masked from its first line on.
Exit codes: 0 the input ended, 2 a wrong flag or file.`

/** Runs `strongroom redact` with the arguments after "redact"; answers the exit code. */
export async function redactProgram(
  argv: readonly string[],
  streams: CobraStreams & { readonly stdin: NodeJS.ReadableStream },
): Promise<number> {
  const command: CobraCommand = {
    use: 'redact [flags]',
    short: 'Mask the secrets in a log that passes through',
    long: ABOUT,
    example: '  app 2>&1 | strongroom redact | tee app.log',
    flags: REDACT_FLAGS as PFlags,
    accepts: exactArguments(0),
    run: (of: Invocation) => redact(of.values as unknown as RedactValues, streams),
  }
  const root: CobraCommand = {
    use: 'strongroom',
    short: '',
    commands: [command],
    hasShortErrors: true,
  }
  try {
    const { code, error } = await runCobra(root, ['redact', ...argv], streams)
    return error === null ? code : EXIT.error
  } catch (error) {
    if (!(error instanceof ScanFailure)) throw error
    streams.stderr.write(`strongroom redact: ${error.message}\n`)
    return EXIT.error
  }
}

async function redact(
  values: RedactValues,
  streams: CobraStreams & { readonly stdin: NodeJS.ReadableStream },
): Promise<number> {
  const warn = (text: string): void => void streams.stderr.write(`strongroom redact: ${text}\n`)
  const isWanted = tierFilter(values.tier)
  const config: ScanConfig =
    values.config === '' ? builtInRules() : readRules(values.config, (text) => warn(text))
  const detector = createDetector(config, {
    ...{ compat: false, maxDecodeDepth: 2, baselinePath: '' },
    // A comment hides a line from a report; in a log it is no reason to show a secret.
    ignoreAllowComments: true,
  })
  const ignore = (): void => {}
  process.on('SIGINT', ignore)
  try {
    const input = streams.stdin as AsyncIterable<Buffer>
    const stats = await redactStream(input, outputTo(streams.stdout), {
      detector,
      wants: (finding) => isWanted(finding.tier),
      mask: values.mask,
    })
    for (const { what, why } of detector.takeSkipped()) warn(`not looked for: ${what}: ${why}`)
    if (stats.failed > 0) warn(`${stats.failed} parts could not be looked at and were masked whole`)
    if (values.stats) streams.stderr.write(statsText(stats))
    return EXIT.clean
  } finally {
    process.off('SIGINT', ignore)
  }
}

/** Writes with the reader's pace; a reader that is gone ends it quietly. */
function outputTo(stdout: NodeJS.WritableStream): RedactOutput {
  let isGone = false
  stdout.on('error', () => {
    isGone = true
  })
  return {
    async write(bytes) {
      if (isGone) return false
      if (!stdout.write(bytes)) {
        const over = new AbortController()
        const { signal } = over
        // "close" and "error" tell that the pipe's other end is gone.
        await Promise.race([
          once(stdout, 'drain', { signal }).catch(() => {}),
          once(stdout, 'close', { signal }).catch(() => {}),
        ])
        over.abort()
      }
      return !isGone
    },
  }
}

function statsText(stats: RedactStats): string {
  const rules = [...stats.rules].sort(([one], [other]) => (one < other ? -1 : 1))
  const lines = rules.map(([rule, count]) => `  ${rule}: ${count}\n`)
  return `${stats.lines} lines, ${stats.bytes} bytes, ${stats.masked} places masked\n${lines.join('')}`
}
