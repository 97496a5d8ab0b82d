// Lines and columns of a match as gitleaks counts them. Its columns on every line but the first count the newline before
// the line as one, and a match on a last line without a newline is said to be on the line of all that precedes it.

export interface Location {
  readonly startLine: number
  readonly endLine: number
  readonly startColumn: number
  readonly endColumn: number
  /** The bytes of the line or lines. */
  readonly lineStart: number
  readonly lineEnd: number
}

/** The bytes at which lines end. */
export function newlinesOf(text: string): Uint32Array {
  let found = new Uint32Array(256)
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    if (count === found.length) {
      const grown = new Uint32Array(count * 2)
      grown.set(found)
      found = grown
    }
    found[count++] = at
  }
  return found.subarray(0, count)
}

/** The first newline at or behind a byte, as its number; their count where there is none. */
function lineAt(newlines: Uint32Array, byte: number): number {
  let low = 0
  let high = newlines.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (newlines[middle]! < byte) low = middle + 1
    else high = middle
  }
  return low
}

/** Where a match from byte `start` to before byte `end` lies. */
export function locateMatch(
  newlines: Uint32Array,
  text: string,
  start: number,
  end: number,
): Location {
  // A text without a newline counts as if one stood behind it.
  const lines = newlines.length > 0 ? newlines : Uint32Array.of(text.length)
  const before = (line: number): number => (line === 0 ? 0 : lines[line - 1]!)
  // The line whose newline lies behind the begin: the newline itself belongs to the line after it.
  const startLine = lineAt(lines, start + 1)
  if (startLine === lines.length) return locateLast(lines, text, start, end)
  const endLine = lineAt(lines, end)
  const isEnded = endLine < lines.length && before(endLine) < end
  // An empty match on a newline ends on the line before it begins: only its column tells.
  const lastLine = isEnded ? Math.max(startLine, endLine) : startLine
  return {
    startLine,
    endLine: lastLine,
    startColumn: start - before(startLine) + 1,
    endColumn: isEnded ? end - before(endLine) : 0,
    lineStart: before(startLine),
    lineEnd: Math.max(end, lines[lastLine]!),
  }
}

/** The last line has no newline at its end. */
function locateLast(lines: Uint32Array, text: string, start: number, end: number): Location {
  const previous = lines.at(-1)!
  let lineEnd = end
  while (lineEnd < text.length && text[lineEnd] !== '\n' && text[lineEnd] !== '\r') lineEnd++
  return {
    startLine: lines.length,
    endLine: lines.length,
    startColumn: start - previous + 1,
    endColumn: end - previous,
    lineStart: 0,
    lineEnd,
  }
}
