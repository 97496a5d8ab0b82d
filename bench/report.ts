// The figures as text: a table for the terminal, one for the documentation, and JSON for machines.
import { cpus, release } from 'node:os'
import type { Figure, MeasuredName, Spread } from './measure.ts'
import { operationNames, operationTitles } from './requests.ts'

export interface ReadyFigure {
  readonly tokens: number
  readonly unsealMs: number
  readonly firstReadMs: number
  readonly rssAnonBytes: number
  readonly rssBytes: number
}

export interface RevocationListFigure {
  readonly entries: number
  readonly bytes: number
  /** Of making the list anew. */
  readonly cpuSeconds: number
  readonly wallMs: number
  /** The longest answer of a light request meanwhile, and without. */
  readonly longestWaitMs: number
  readonly longestIdleWaitMs: number
}

export interface Report {
  readonly date: string
  readonly machine: string
  readonly connections: number
  readonly rounds: number
  readonly seconds: number
  readonly hasAudit: boolean
  readonly hasDefaultPolicy: boolean
  readonly loginsPerSecond: number
  readonly figures: readonly Figure[]
  readonly ready: ReadyFigure | null
  readonly revocationList: RevocationListFigure | null
}

export const measuredNames: readonly MeasuredName[] = [...operationNames, 'kv-read-with-logins']

export const measuredTitle = (name: MeasuredName): string =>
  name === 'kv-read-with-logins' ? 'KV read, logins beside' : operationTitles[name]

export const machineText = (): string =>
  `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}, Linux ${release()}, Node ${process.version}`

/** "Strongroom, 1000 secrets, 2 workers", or the peer's name. */
export const seriesOf = (figure: Figure): string =>
  figure.workers === null
    ? figure.target
    : `${figure.target}, ${plural(figure.secrets, 'secret')}, ${plural(figure.workers, 'worker')}`

const HEADINGS = ['server', 'requests/s', 'per CPU second', 'min–max', 'ratio', 'p50 ms', 'p99 ms']
const MEMORY_HEADINGS = ['RssAnon MB', 'RSS MB']

/** One table for each operation; `ratio` is ours over the peer's, per CPU second. */
export function markdownTables(report: Report): string {
  const parts: string[] = []
  for (const name of measuredNames) {
    const figures = report.figures.filter((figure) => figure.operation === name)
    if (figures.length === 0) continue
    const headings = [...HEADINGS, ...MEMORY_HEADINGS]
    const lines = [
      `### ${measuredTitle(name)}`,
      '',
      `| ${headings.join(' | ')} |`,
      `|---|${'---:|'.repeat(headings.length - 1)}`,
      ...figures.map((figure) => `| ${cells(figure, figures).join(' | ')} |`),
    ]
    parts.push(lines.join('\n'))
  }
  parts.push(...otherTexts(report))
  return `${parts.join('\n\n')}\n`
}

export function terminalTable(report: Report): string {
  const rows: string[][] = [['operation', ...HEADINGS, ...MEMORY_HEADINGS]]
  for (const name of measuredNames) {
    const figures = report.figures.filter((figure) => figure.operation === name)
    for (const figure of figures) rows.push([measuredTitle(name), ...cells(figure, figures)])
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join('  '),
  )
  return `${[lines.join('\n'), ...otherTexts(report)].join('\n\n')}\n`
}

function cells(figure: Figure, all: readonly Figure[]): string[] {
  return [
    seriesOf(figure),
    whole(figure.perSecond.median),
    whole(figure.perCpuSecond.median),
    `${whole(figure.perCpuSecond.min)}–${whole(figure.perCpuSecond.max)}`,
    ratioText(figure, all),
    figure.p50Ms.median.toFixed(2),
    figure.p99Ms.median.toFixed(2),
    megabytes(figure.rssAnonBytes),
    megabytes(figure.rssBytes),
  ]
}

/** For each peer in the same run: our figure over the peer's. */
function ratioText(figure: Figure, all: readonly Figure[]): string {
  if (figure.workers === null) return ''
  const peers = all.filter((other) => other.workers === null)
  return peers
    .map((peer) => `${ratio(figure.perCpuSecond, peer.perCpuSecond)} × ${peer.target}`)
    .join(', ')
}

export const ratio = (ours: Spread, theirs: Spread): string =>
  (ours.median / theirs.median).toFixed(1)

const otherTexts = ({ ready, revocationList }: Report): string[] => [
  ...(ready === null ? [] : [readyText(ready)]),
  ...(revocationList === null ? [] : [revocationListText(revocationList)]),
]

function revocationListText(of: RevocationListFigure): string {
  return [
    `### A list of ${whole(of.entries)} revoked certificates`,
    '',
    `Made anew in ${whole(of.wallMs)} ms with ${of.cpuSeconds.toFixed(2)} CPU seconds; ${megabytes(of.bytes)} MB in DER.`,
    `The longest of the light requests beside it took ${of.longestWaitMs.toFixed(1)} ms,`,
    `without it ${of.longestIdleWaitMs.toFixed(1)} ms.`,
  ].join('\n')
}

function readyText(ready: ReadyFigure): string {
  return [
    `### Ready with ${whole(ready.tokens)} tokens and their leases stored`,
    '',
    `Unseal answered in ${whole(ready.unsealMs)} ms, first read served ${whole(ready.firstReadMs)} ms`,
    `after the unseal was sent; RssAnon ${megabytes(ready.rssAnonBytes)} MB,`,
    `RSS ${megabytes(ready.rssBytes)} MB.`,
  ].join('\n')
}

export const whole = (value: number): string => Math.round(value).toLocaleString('en-US')
const megabytes = (bytes: number): string => whole(bytes / 1e6)
const plural = (count: number, noun: string): string =>
  `${whole(count)} ${noun}${count === 1 ? '' : 's'}`
