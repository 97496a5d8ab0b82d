// Sets of runes as JavaScript expressions over byte strings (one character a byte). What lies beyond ASCII becomes its
// UTF-8 sequences; a byte that begins no sequence counts as U+FFFD, as Go reads it. Ranges are split as RE2 does it.
import { intersects, type RuneSet } from '../../template/regexp-classes.ts'

/** What a text may hold: the narrower it is, the shorter and faster the expression. */
export type Alphabet =
  /** Bytes below 128 only. */
  | 'ascii'
  /** Any bytes, but neither Kelvin's sign nor the long s, which fold to ASCII letters. */
  | 'plain'
  | 'any'

const REPLACEMENT = 0xfffd
const KELVIN = 0x212a
const LONG_S = 0x17f

/** Where no byte of it is one: the text may be searched with the alphabet that it gets here. */
export function alphabetOf(text: string, isAscii: boolean): Alphabet {
  if (isAscii) return 'ascii'
  return text.includes('\xe2\x84\xaa') || text.includes('\xc5\xbf') ? 'any' : 'plain'
}

const MULTI =
  '[\\xc2-\\xdf][\\x80-\\xbf]|\\xe0[\\xa0-\\xbf][\\x80-\\xbf]|[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}|' +
  '\\xed[\\x80-\\x9f][\\x80-\\xbf]|\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}|[\\xf1-\\xf3][\\x80-\\xbf]{3}|' +
  '\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2}'
/** A byte that is no part of a well-formed sequence which begins with it. */
const STRAY = `(?!${MULTI})[\\x80-\\xff]`
const ANY_BEYOND = `${MULTI}|${STRAY}`

/** Holds where no well-formed sequence spans the position: a match can't begin inside a rune. */
export const AT_RUNE =
  '(?<![\\xc2-\\xdf](?=[\\x80-\\xbf]))(?<!\\xe0(?=[\\xa0-\\xbf][\\x80-\\xbf]))(?<!\\xe0[\\xa0-\\xbf](?=[\\x80-\\xbf]))' +
  '(?<![\\xe1-\\xec\\xee\\xef](?=[\\x80-\\xbf]{2}))(?<![\\xe1-\\xec\\xee\\xef][\\x80-\\xbf](?=[\\x80-\\xbf]))' +
  '(?<!\\xed(?=[\\x80-\\x9f][\\x80-\\xbf]))(?<!\\xed[\\x80-\\x9f](?=[\\x80-\\xbf]))' +
  '(?<!\\xf0(?=[\\x90-\\xbf][\\x80-\\xbf]{2}))(?<!\\xf0[\\x90-\\xbf](?=[\\x80-\\xbf]{2}))(?<!\\xf0[\\x90-\\xbf][\\x80-\\xbf](?=[\\x80-\\xbf]))' +
  '(?<![\\xf1-\\xf3](?=[\\x80-\\xbf]{3}))(?<![\\xf1-\\xf3][\\x80-\\xbf](?=[\\x80-\\xbf]{2}))(?<![\\xf1-\\xf3][\\x80-\\xbf]{2}(?=[\\x80-\\xbf]))' +
  '(?<!\\xf4(?=[\\x80-\\x8f][\\x80-\\xbf]{2}))(?<!\\xf4[\\x80-\\x8f](?=[\\x80-\\xbf]{2}))(?<!\\xf4[\\x80-\\x8f][\\x80-\\xbf](?=[\\x80-\\xbf]))'

/** The part of a set beyond ASCII that a text of the alphabet can hold. */
export function beyondAscii(set: RuneSet, alphabet: Alphabet): RuneSet {
  if (alphabet === 'ascii') return []
  const out: number[] = []
  const hidden = alphabet === 'plain' ? [LONG_S, KELVIN] : []
  for (let i = 0; i < set.length; i += 2) {
    let from = Math.max(set[i]!, 128)
    const to = set[i + 1]!
    for (const rune of hidden) {
      if (rune < from || rune > to) continue
      if (rune > from) out.push(from, rune - 1)
      from = rune + 1
    }
    if (from <= to) out.push(from, to)
  }
  return out
}

function asciiPart(set: RuneSet): RuneSet {
  const out: number[] = []
  for (let i = 0; i < set.length && set[i]! < 128; i += 2) {
    out.push(set[i]!, Math.min(set[i + 1]!, 127))
  }
  return out
}

const hex = (byte: number): string => `\\x${byte.toString(16).padStart(2, '0')}`
const isPlainByte = (byte: number): boolean =>
  (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122)
const byteText = (byte: number): string =>
  isPlainByte(byte) ? String.fromCharCode(byte) : hex(byte)

function bracket(set: RuneSet): string {
  if (set.length === 2 && set[0] === set[1]) return byteText(set[0]!)
  let out = '['
  for (let i = 0; i < set.length; i += 2) {
    const [from, to] = [set[i]!, set[i + 1]!]
    out += from === to ? byteText(from) : `${byteText(from)}-${byteText(to)}`
  }
  return `${out}]`
}

/** One rune of the set as an expression that can be repeated as it stands. */
export function classSource(set: RuneSet, alphabet: Alphabet): string {
  const ascii = asciiPart(set)
  const beyond = beyondAscii(set, alphabet)
  if (beyond.length === 0) return bracket(ascii)
  const parts = ascii.length > 0 ? [bracket(ascii)] : []
  if (isEverything(beyond, alphabet)) parts.push(ANY_BEYOND)
  else parts.push(...sequences(beyond))
  return `(?:${parts.join('|')})`
}

function isEverything(beyond: RuneSet, alphabet: Alphabet): boolean {
  const size = alphabet === 'plain' ? 6 : 2
  return beyond.length === size && beyond[0] === 128 && beyond.at(-1) === 0x10ffff
}

/** The UTF-8 sequences of ranges beyond ASCII, each as a row of byte classes. */
function sequences(set: RuneSet): string[] {
  const out: string[] = []
  for (let i = 0; i < set.length; i += 2) splitBySize(set[i]!, set[i + 1]!, out)
  if (intersects(set, [REPLACEMENT, REPLACEMENT])) out.push(STRAY)
  return out
}

const SIZES = [
  [0x80, 0x7ff],
  [0x800, 0xd7ff],
  [0xe000, 0xffff],
  [0x10000, 0x10ffff],
] as const

function splitBySize(from: number, to: number, out: string[]): void {
  for (const [low, high] of SIZES) {
    const [begin, end] = [Math.max(from, low), Math.min(to, high)]
    if (begin <= end) splitByTail(begin, end, out)
  }
}

/** Cuts a range until all but its leading bytes run over everything, so that each byte has a range of its own. */
function splitByTail(from: number, to: number, out: string[]): void {
  for (let bits = 6; bits <= 18; bits += 6) {
    const mask = (1 << bits) - 1
    if ((from & ~mask) === (to & ~mask)) continue
    if ((from & mask) !== 0) {
      splitByTail(from, from | mask, out)
      splitByTail((from | mask) + 1, to, out)
      return
    }
    if ((to & mask) !== mask) {
      splitByTail(from, (to & ~mask) - 1, out)
      splitByTail(to & ~mask, to, out)
      return
    }
  }
  const [low, high] = [utf8(from), utf8(to)]
  out.push(low.map((byte, i) => bracket([byte, high[i]!])).join(''))
}

const utf8 = (rune: number): number[] => [...Buffer.from(String.fromCodePoint(rune), 'utf8')]
