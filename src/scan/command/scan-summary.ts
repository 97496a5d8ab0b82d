// The last words of a scan on standard error: what was found, what was looked at, and what was not.

import { fromByteString } from '../../template/byte-strings.ts'
import { shortDuration, sizeText } from '../amounts.ts'
import type { ScanTotals } from '../run-scan.ts'
import type { Skipped } from '../source.ts'
import { systemWords } from '../system-words.ts'
import { visibleText } from './finding-text.ts'
import type { JudgedFinding } from './scan-session.ts'

export interface Summary {
  readonly findings: readonly JudgedFinding[]
  readonly totals: ScanTotals
  readonly skipped: readonly Skipped[]
  /** What stopped the scan before its end, in words; ''. */
  readonly stopped: string
  readonly elapsedMs: number
  readonly isVerbose: boolean
  /** What the scan counts: files, commits … */
  readonly counts: string
}

const MOST_SHOWN = 10

/** With commas between thousands; Intl would take longer to load than a small scan takes. */
const grouped = (number: number): string => String(number).replace(/\B(?=(?:\d{3})+$)/g, ',')

const count = (number: number, one: string, many = `${one}s`): string =>
  `${grouped(number)} ${number === 1 ? one : many}`

function foundLine(findings: readonly JudgedFinding[]): string {
  const open = findings.filter((one) => one.is !== 'known')
  const parts: string[] = []
  for (const tier of ['high', 'medium', 'low'] as const) {
    const some = open.filter((one) => one.finding.tier === tier).length
    if (some > 0) parts.push(`${some} ${tier}`)
  }
  const files = new Set(open.map((one) => one.finding.file)).size
  const head =
    open.length === 0
      ? 'No new secrets found'
      : `${count(open.length, 'finding')} (${parts.join(', ')}) in ${count(files, 'file')}`
  const known = findings.length - open.length
  const expired = findings.filter((one) => one.is === 'expired').length
  const rest = [
    ...(known > 0 ? [`${known} known by the baseline`] : []),
    ...(expired > 0 ? [`${expired} whose time in the baseline is over`] : []),
  ]
  return [head, ...rest].join('; ')
}

function skippedLines(skipped: readonly Skipped[], isVerbose: boolean): string[] {
  const missing = skipped.filter((one) => one.makesPartial)
  const lines: string[] = []
  const list = (notes: readonly Skipped[]): void => {
    for (const note of isVerbose ? notes : notes.slice(0, MOST_SHOWN)) {
      lines.push(`  ${visibleText(note.what)}: ${fromByteString(note.why)}`)
    }
    const more = notes.length - MOST_SHOWN
    if (!isVerbose && more > 0) lines.push(`  and ${more} more (--verbose lists them all)`)
  }
  if (missing.length > 0) {
    lines.push(`The scan is partial: ${count(missing.length, 'thing')} could not be looked at`)
    list(missing)
  }
  const designed = skipped.filter((one) => !one.makesPartial)
  if (designed.length > 0 && isVerbose) {
    lines.push(`Left out by design: ${designed.length}`)
    list(designed)
  } else if (designed.length > 0) {
    lines.push(`${count(designed.length, 'item')} left out by design (--verbose lists them)`)
  }
  return lines
}

export function summaryText(summary: Summary): string {
  const { totals } = summary
  const isHistory = summary.counts === 'commits'
  const items = (totals.counts || summary.counts).replace(/s$/, '')
  const seen = [
    isHistory ? count(totals.items, items) : count(totals.files, 'file'),
    sizeText(totals.bytes),
  ]
  const lines = [
    foundLine(summary.findings),
    `Scanned ${seen.join(', ')} in ${fromByteString(shortDuration(summary.elapsedMs))}`,
  ]
  if (summary.stopped !== '') {
    lines.push(`The scan was stopped ${summary.stopped}; what came after that was not looked at`)
  } else if (totals.error) {
    lines.push(`The scan ended early: ${systemWords(totals.error)}`)
  }
  return `${[...lines, ...skippedLines(summary.skipped, summary.isVerbose)].join('\n')}\n`
}
