// Private keys in PEM that come line by line: by the time their end proves them, their lines have long passed. So
// from a BEGIN line on, whatever looks like a key's body is masked at once, until the END line, a line that is no
// body, or the limit. Format: RFC 7468, RFC 1421 (headers of an encrypted key).
import { REDACT_KEY_LINES } from '../base/limits.ts'
import type { Range } from './redact-ranges.ts'

const BEGIN = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----/g
const END = /-----END [A-Z0-9 ]*PRIVATE KEY/
/** A run of a body's characters; log lines put words before them. Escaped newlines are part of it. */
const BODY = /(?:[A-Za-z0-9+/=]|\\n|\\r){16,}/g
/** The last line of a body may be short; it stands alone or at the end. */
const SHORT = /(?:^|[\s"'|>])((?:[A-Za-z0-9+/]{4})*[A-Za-z0-9+/]{2,4}={0,2}),?["']?\s*$/
const HEADER = /(?:Proc-Type|DEK-Info|Comment|Version|Hash):|^\s*$/

export class KeyLines {
  #left = 0
  /** Keys whose lines were masked. */
  keys = 0

  /** Ranges of one line (bytes as latin1, without its newline) that belong to a key. */
  ranges(line: string): Range[] {
    const out: Range[] = []
    let from = 0
    if (this.#left > 0) from = this.#body(line, 0, out)
    for (;;) {
      BEGIN.lastIndex = from
      const begin = this.#left > 0 ? null : BEGIN.exec(line)
      if (begin === null) return out
      this.#left = REDACT_KEY_LINES
      this.keys++
      from = begin.index + begin[0].length
      // What follows on the line itself: a key whose newlines are escaped, or nothing.
      if (line.length > from) from = this.#body(line, from, out, true)
    }
  }

  /** Masks a body from `from` on; answers where it ends. */
  #body(line: string, from: number, out: Range[], isFirst = false): number {
    const ends = END.exec(line.slice(from))
    const to = ends === null ? line.length : from + ends.index
    const text = line.slice(from, to)
    let runs = 0
    for (const found of text.matchAll(BODY)) {
      out.push([from + found.index, from + found.index + found[0].length])
      runs++
    }
    const short = runs === 0 ? SHORT.exec(text) : null
    if (short !== null) {
      const end = from + short.index + short[0].indexOf(short[1]!) + short[1]!.length
      out.push([end - short[1]!.length, end])
      runs++
    }
    if (ends !== null) {
      this.#left = 0
      return to + ends[0].length
    }
    this.#left = runs > 0 || isFirst || HEADER.test(text) ? this.#left - 1 : 0
    return line.length
  }
}
