// audit verify: proves from the files that no line of an audit log was changed, removed, reordered or cut off.
// It works without a server; with -heads it also asks one, which shows a missing end and a missing writer.
import { createReadStream } from 'node:fs'
import type { ChainReport, KnownHead, LinePlace } from '../core/audit/verify-chain.ts'
import { folderPath } from './api-paths.ts'
import { type CommandContext, defineCommand } from './command.ts'
import { type Json, type OrderedMap, toJson } from './exact-json.ts'
import { attempt, Failure, messageOf } from './failure.ts'
import { booleanFlag, stringFlag } from './flags.ts'
import { outputData } from './output.ts'
import { membersOf, numberOf, textOf } from './secret.ts'

const flags = {
  heads: booleanFlag(
    'Ask the server how far each log was written and for its key: this also proves the ends of the files. ' +
      'Takes the right to read sys/audit-chain.',
  ),
  key: stringFlag('The public key of the server, if it was kept from an earlier time.'),
  device: stringFlag(
    'Only the writers of the device at this path have to be there. Without it those of all devices that ' +
      'the server has heads of.',
    { completes: 'audits' },
  ),
  partial: booleanFlag('Not all files are given: what came before or after them may be missing.'),
}
type Context = CommandContext<typeof flags>

/** Where the server answers its heads and its key. */
const HEADS_PATH = 'sys/audit-chain'

interface Known {
  readonly heads: KnownHead[]
  readonly publicKeys: string[]
}

async function askServer(context: Context): Promise<Known> {
  const api = await context.client()
  const answer = await attempt('Error reading the heads of the audit logs', async () =>
    membersOf(await api.json('GET', HEADS_PATH)),
  )
  const heads = answer.get('heads')
  const key = textOf(answer, 'public_key')
  return {
    heads: (Array.isArray(heads) ? heads : []).filter((one) => one instanceof Map).map(headOf),
    publicKeys: key === '' ? [] : [key],
  }
}

function headOf(head: ReadonlyMap<string, Json>): KnownHead {
  const map = new Map(head)
  return {
    writer: textOf(map, 'writer'),
    n: numberOf(map, 'n'),
    hash: textOf(map, 'hash'),
    device: textOf(map, 'device'),
    ended: map.get('ended') === true,
  }
}

/** The content of a file, opened when it is read and not before. */
async function* chunksOf(name: string): AsyncGenerator<Buffer> {
  yield* createReadStream(name) as AsyncIterable<Buffer>
}

const placeText = (place: LinePlace | undefined): string =>
  place ? `${place.file}:${place.line}` : '(no line left)'

const count = (number: number, thing: string): string =>
  `${number} ${thing}${number === 1 ? '' : 's'}`

function reportJson(report: ChainReport): OrderedMap {
  return toJson({
    proven: report.isUnchanged && report.isComplete,
    proven_unchanged: report.isUnchanged,
    proven_complete: report.isComplete,
    lines: report.lines,
    failures: report.failures.map(({ place, why }) => ({
      file: place?.file,
      line: place?.line,
      why,
    })),
    torn: report.torn.map(({ file, line }) => ({ file, line })),
    notes: report.notes,
    writers: report.writers.map((one) => ({
      writer: one.writer,
      device: one.device,
      first_line: one.firstLine,
      last_line: one.lastLine,
      ended: one.hasEnded,
    })),
  }) as OrderedMap
}

async function print(context: Context, report: ChainReport): Promise<number> {
  const { ui, args, flags } = context
  const code = report.isUnchanged ? 0 : 2
  if (ui.format !== 'table') {
    await outputData(ui, reportJson(report))
    return code
  }
  const [first, ...rest] = report.failures
  if (first) {
    ui.error(`First bad line: ${placeText(first.place)}: ${first.why}`)
    for (const { place, why } of rest) ui.error(`Then: ${placeText(place)}: ${why}`)
  }
  for (const place of report.torn) ui.warn(`${placeText(place)}: a torn line, nothing of it counts`)
  for (const note of report.notes) ui.warn(`Note: ${note}`)
  const counted = [
    count(report.lines, 'line'),
    `of ${count(report.writers.length, 'writer')}`,
    `in ${count(args.length, 'file')}`,
  ]
  const what = counted.join(' ')
  ui.out(verdict(report, what, flags.heads))
  return code
}

function verdict(report: ChainReport, what: string, hasHeads: boolean): string {
  if (!report.isUnchanged) return `Not proven: ${what}.`
  if (report.isComplete) return `Success! Proven unchanged and complete: ${what}.`
  const rest = hasHeads
    ? 'With -partial it is not proven that they are all.'
    : "Whether the tail was cut can't be proven without -heads."
  return `Success! Proven unchanged: ${what}. ${rest}`
}

export const auditVerify = defineCommand({
  name: 'audit verify',
  synopsis: 'Prove that audit logs are unchanged and complete',
  usage: '[options] FILE...',
  about: [
    'Checks the chain in audit log files: that no line was changed, removed, put in, moved or cut off. Rotated ' +
      'files of one log are given together, in any order. The first bad line is named. Order is proven for the ' +
      'lines of each server process; between processes the times of the lines tell it.',
    'Without -heads only changes inside the files can be shown: whether lines at their end, or whole files, are ' +
      'missing the server has to say. A file that ends inside a line is then a failure.',
    'Where the files of a device were deleted on purpose, "audit forget-heads" lets the server forget them.',
    'The exit code is 0 if the lines are proven unchanged (and complete, with -heads and without -partial), 1 if ' +
      'a file can not be read, 2 if not: also where there are no lines, or the server does not answer. With -format=json, "proven" ' +
      'is true only where both "proven_unchanged" and "proven_complete" are.',
  ],
  examples: [
    { does: 'A log with its rotated files:', run: ['{} audit verify /var/log/audit.log*'] },
    {
      does: 'One of several devices:',
      run: ['{} audit verify -heads -device=file/ /var/log/audit.log*'],
    },
    { does: 'Also against the server:', run: ['{} audit verify -heads /var/log/audit.log*'] },
  ],
  flags,
  arity: { min: 1, max: null, expected: 'at least 1' },
  completes: ['files'],
  async run(context) {
    const { flags, args } = context
    const known = flags.heads ? await askServer(context) : null
    const keys = [...(known?.publicKeys ?? []), ...(flags.key === '' ? [] : [flags.key])]
    const { verifyChains } = await import('../core/audit/verify-chain.ts')
    const sources = args.map((name) => ({ name, chunks: chunksOf(name) }))
    let report: ChainReport
    try {
      report = await verifyChains(sources, {
        ...(known ? { heads: known.heads } : {}),
        ...(keys.length > 0 ? { publicKeys: keys } : {}),
        ...(flags.device === '' ? {} : { device: folderPath(flags.device) }),
        isPartial: flags.partial,
      })
    } catch (error) {
      throw new Failure(1, `Error reading the audit logs: ${messageOf(error)}`)
    }
    return print(context, report)
  },
})
