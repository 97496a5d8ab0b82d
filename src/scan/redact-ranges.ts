// Where the secrets of a text stand: byte ranges made of what a detector found in it. A secret that stands there as
// such is masked wherever it does; of one that was found by decoding, the encoded text is.
import type { Finding } from './finding.ts'

/** [from, to) in bytes. */
export type Range = readonly [from: number, to: number]

/** A secret as short as this is masked only where it was found: "1234" may be part of any number. */
const LEAST_REPEATED = 8

/** Ranges in `text` (bytes as latin1, scanned as one fragment from line 1), in order and apart. */
export function secretRanges(text: string, findings: readonly Finding[]): Range[] {
  if (findings.length === 0) return []
  const lines = lineStarts(text)
  const places = new Map<string, readonly Range[]>()
  const found: Range[] = []
  const done = new Set<string>()
  for (const finding of findings) {
    const { secret } = finding
    const line = `${finding.startLine}:${finding.endLine}:${secret}`
    // A line may hold the same secret often, plain and encoded; the plain ones are found at once.
    const isPlain = (places.get(secret)?.length ?? 0) > 0
    if (isPlain && done.has(line) && finding.match.includes(secret)) continue
    done.add(line)
    let everywhere = places.get(secret)
    if (everywhere === undefined) {
      everywhere = occurrences(text, secret)
      places.set(secret, everywhere)
      // Once for all findings of the same secret.
      if (secret.length >= LEAST_REPEATED) found.push(...everywhere)
    }
    const near = nearest(everywhere, lines, finding, text.length)
    if (near.length === 0) found.push(...encodedRange(text, lines, finding))
    else if (secret.length < LEAST_REPEATED) found.push(...near)
  }
  return merged(found).flatMap((range) => byLine(text, range))
}

const MARKER = /^(.*?)(-----(?:BEGIN|END) [A-Z0-9 ]+-----)(.*)$/

/** A range over several lines, line by line: a log keeps its lines, and a key's BEGIN and END can be read. */
function byLine(text: string, range: Range): Range[] {
  const [from, to] = range
  if (text.slice(from, to).indexOf('\n') < 0) return [range]
  const out: Range[] = []
  for (let at = from; at < to; ) {
    const newline = text.indexOf('\n', at)
    const end = newline < 0 || newline > to ? to : newline
    const line = text.slice(at, end).replace(/\r$/, '')
    const marker = MARKER.exec(line)
    if (marker === null) out.push([at, at + line.length])
    else {
      const after = at + line.length - marker[3]!.length
      out.push([at, at + marker[1]!.length], [after, at + line.length])
    }
    at = end + 1
  }
  return merged(out)
}

/** Sorted, and those that touch made one. */
export function merged(ranges: readonly Range[]): Range[] {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0])
  const out: Range[] = []
  for (const range of sorted) {
    const last = out.at(-1)
    if (range[1] <= range[0]) continue
    if (last !== undefined && range[0] <= last[1]) {
      out[out.length - 1] = [last[0], Math.max(last[1], range[1])]
    } else out.push(range)
  }
  return out
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** Those of the places that are on the finding's lines. */
function nearest(
  places: readonly Range[],
  lines: readonly number[],
  finding: Finding,
  end: number,
): Range[] {
  // Which line gitleaks counts a match on that begins with a newline is its own affair: one more on each side.
  const from = lines[Math.max(0, finding.startLine - 2)] ?? 0
  const to = lines[finding.endLine + 1] ?? end
  let low = 0
  let high = places.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (places[middle]![0] < from) low = middle + 1
    else high = middle
  }
  const near: Range[] = []
  const isShort = finding.secret.length < LEAST_REPEATED
  for (let at = low; at < places.length && places[at]![0] < to; at++) {
    near.push(places[at]!)
    // That there is one is enough where all are masked anyway.
    if (!isShort) break
  }
  return near
}

function occurrences(text: string, secret: string): Range[] {
  const found: Range[] = []
  if (secret === '') return found
  for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + secret.length)) {
    found.push([at, at + secret.length])
  }
  return found
}

/** The secret isn't there as such: the columns of its match, which are those of the encoded text, and a little more. */
function encodedRange(text: string, lines: readonly number[], finding: Finding): Range[] {
  const start = lines[finding.startLine - 1]
  const endOfLast = (lines[finding.endLine] ?? text.length + 1) - 1
  if (start === undefined) return []
  // Columns may be one off on lines that aren't a fragment's first (gitleaks counts the newline before them).
  let from = Math.min(start + Math.max(0, finding.startColumn - 2), text.length)
  const lastLine = lines[finding.endLine - 1] ?? start
  let to = Math.min(lastLine + finding.endColumn, endOfLast)
  if (to <= from) [from, to] = [start, endOfLast]
  const isWord = (at: number): boolean => /[\w+/=%-]/.test(text[at] ?? '')
  while (from > start && isWord(from - 1)) from--
  while (to < endOfLast && isWord(to)) to++
  return [[from, to]]
}
