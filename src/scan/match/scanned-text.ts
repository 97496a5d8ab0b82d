// A fragment in one of its decoding passes, with what is made of it once and only if something asks: its text, whether
// it is ASCII, and where the lines of the original end.

import type { Fragment } from '../fragment.ts'
import { type Alphabet, alphabetOf } from './byte-classes.ts'
import type { Segment } from './decode-pass.ts'
import { newlinesOf } from './locate-match.ts'

export class FragmentText {
  readonly fragment: Fragment
  readonly raw: string
  private lines: Uint32Array | null = null
  private lastLine: { start: number; end: number; text: string } | null = null

  constructor(fragment: Fragment, raw: string) {
    this.fragment = fragment
    this.raw = raw
  }

  /** A line or lines, made once for all findings on them: a file may be one line. */
  line(start: number, end: number): string {
    if (this.lastLine?.start !== start || this.lastLine.end !== end) {
      // A text of its own, not a view that keeps the whole fragment alive.
      const text = Buffer.from(this.raw.slice(start, end), 'latin1').toString('latin1')
      this.lastLine = { start, end, text }
    }
    return this.lastLine.text
  }

  newlines(): Uint32Array {
    this.lines ??= newlinesOf(this.raw)
    return this.lines
  }
}

export interface ScannedPass {
  readonly of: FragmentText
  /** The text of this pass: the original one, or decoded. */
  readonly text: string
  readonly alphabet: Alphabet
  readonly segments: readonly Segment[]
}

export function isAsciiBytes(bytes: Uint8Array): boolean {
  let i = 0
  const aligned = (4 - (bytes.byteOffset & 3)) & 3
  for (; i < Math.min(aligned, bytes.length); i++) if (bytes[i]! > 127) return false
  const words = Math.max(0, (bytes.length - i) >> 2)
  if (words > 0) {
    const view = new Int32Array(bytes.buffer, bytes.byteOffset + i, words)
    for (let j = 0; j < words; j++) if ((view[j]! & 0x80808080) !== 0) return false
    i += words * 4
  }
  for (; i < bytes.length; i++) if (bytes[i]! > 127) return false
  return true
}

export function scannedPass(
  of: FragmentText,
  text: string,
  bytes: Uint8Array,
  segments: readonly Segment[],
): ScannedPass {
  return { of, text, alphabet: alphabetOf(text, isAsciiBytes(bytes)), segments }
}
