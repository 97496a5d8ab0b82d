// One pass of decoding: a text with its encoded runs replaced by what they say, and segments that know where each came
// from, so that a match in decoded text can be told by its place in the original one.
import { decodeRun, isBase64Text } from './decode-run.ts'
import { BASE64, ENCODINGS, type EncodedRun } from './find-encodings.ts'

interface Range {
  readonly start: number
  readonly end: number
}

export interface Segment {
  /** All segments of the pass before. */
  readonly predecessors: readonly Segment[]
  /** In the original text. */
  readonly original: Range
  /** In the text of the pass before. */
  readonly encoded: Range
  /** In this pass's text. */
  readonly decoded: Range
  /** One bit for each index of ENCODINGS that took part. */
  readonly encodings: number
  /** How many passes it took. */
  readonly depth: number
}

const merged = (a: Range, b: Range): Range => ({
  start: Math.min(a.start, b.start),
  end: Math.max(a.end, b.end),
})

export function decodePass(
  text: string,
  bytes: Uint8Array,
  runs: readonly EncodedRun[],
  predecessors: readonly Segment[],
): { readonly text: string; readonly segments: readonly Segment[] } {
  const segments: Segment[] = []
  const parts: string[] = []
  let shift = 0
  let copied = 0
  for (const run of runs) {
    if (run.kind === BASE64 && !isBase64Text(bytes, run.start)) continue
    const value = decodeRun(run.kind, text.slice(run.start, run.end))
    if (value === '') continue
    const start = run.start + shift
    segments.push({
      predecessors,
      original: originalOf(predecessors, run),
      encoded: { start: run.start, end: run.end },
      decoded: { start, end: start + value.length },
      encodings: touchedSegments(predecessors, run).reduce(
        (bits, before) => bits | before.encodings,
        1 << run.kind,
      ),
      depth: 1 + (predecessors[0]?.depth ?? 0),
    })
    shift += value.length - (run.end - run.start)
    parts.push(text.slice(copied, run.start), value)
    copied = run.end
  }
  if (segments.length === 0) return { text, segments }
  parts.push(text.slice(copied))
  return { text: parts.join(''), segments }
}

/** A range of a pass's text as one of the original text. */
export function originalOf(segments: readonly Segment[], decoded: Range): Range {
  let range: Range = decoded
  for (let level = segments; level.length > 0; level = level[0]!.predecessors) {
    let encoded: Range | null = null
    for (const segment of touchedSegments(level, range)) {
      if (segment.decoded.start <= range.start && range.end <= segment.decoded.end) {
        return segment.original
      }
      const whole = merged(segment.decoded, range)
      const part = {
        start: segment.encoded.start + whole.start - segment.decoded.start,
        end: segment.encoded.end + whole.end - segment.decoded.end,
      }
      encoded = encoded ? merged(encoded, part) : part
    }
    if (!encoded) return range
    range = encoded
  }
  return range
}

/** The segments that a range of the decoded text touches, even if they only meet. Segments are in order. */
export function touchedSegments(segments: readonly Segment[], range: Range): readonly Segment[] {
  let low = 0
  let high = segments.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (segments[middle]!.decoded.end < range.start) low = middle + 1
    else high = middle
  }
  let end = low
  while (end < segments.length && segments[end]!.decoded.start <= range.end) end++
  return segments.slice(low, end)
}

/** `decoded:…` for each encoding in order, and how deep. */
export function segmentTags(segments: readonly Segment[]): string[] {
  const bits = segments.reduce((all, segment) => all | segment.encodings, 0)
  const names = ENCODINGS.filter((_, kind) => (bits & (1 << kind)) !== 0)
  return [...names.map((name) => `decoded:${name}`), `decode-depth:${segments[0]!.depth}`]
}

/** The decoded line or lines that the segments lie on, with the newline before them. */
export function decodedLine(segments: readonly Segment[], text: string): string {
  const whole = segments.map((segment) => segment.decoded).reduce(merged)
  const start = text.lastIndexOf('\n', whole.start)
  const end = text.indexOf('\n', whole.end)
  return text.slice(Math.max(0, start), end < 0 ? text.length : end)
}
