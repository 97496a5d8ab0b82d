// What Go's package unicode says of single runes: classes and simple case mappings (one rune to one rune,
// where JavaScript's own would turn one into several). The classes come from the engine's Unicode tables.

const test =
  (pattern: RegExp) =>
  (rune: number): boolean =>
    pattern.test(String.fromCodePoint(rune))

const isLetterBeyond = test(/\p{L}/u)
const isDigitBeyond = test(/\p{Nd}/u)
const isPrintBeyond = test(/[\p{L}\p{M}\p{N}\p{P}\p{S}]/u)
const isUpperBeyond = test(/\p{Lu}/u)
const isLowerBeyond = test(/\p{Ll}/u)

export const isLetter = (rune: number): boolean =>
  rune < 0x80 ? (rune | 0x20) >= 97 && (rune | 0x20) <= 122 : isLetterBeyond(rune)
export const isDigit = (rune: number): boolean =>
  rune < 0x80 ? rune >= 48 && rune <= 57 : isDigitBeyond(rune)
export const isNumber = test(/\p{N}/u)
export const isPunct = test(/\p{P}/u)
export const isTitle = test(/\p{Lt}/u)
export const isUpper = (rune: number): boolean =>
  rune < 0x80 ? rune >= 65 && rune <= 90 : isUpperBeyond(rune)
export const isLower = (rune: number): boolean =>
  rune < 0x80 ? rune >= 97 && rune <= 122 : isLowerBeyond(rune)
/** Can be seen when printed; of spaces only U+0020. */
export const isPrint = (rune: number): boolean =>
  rune < 0x80 ? rune >= 32 && rune < 127 : isPrintBeyond(rune)

const SPACES = new Set([0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000])
export const isSpace = (rune: number): boolean =>
  rune === 32 || (rune >= 9 && rune <= 13) || SPACES.has(rune) || (rune >= 0x2000 && rune <= 0x200a)

function single(from: number, text: string): number {
  const to = text.codePointAt(0)!
  return text.length === (to > 0xffff ? 2 : 1) ? to : from
}

export function upperRune(rune: number): number {
  if (rune < 0x80) return rune >= 97 && rune <= 122 ? rune - 32 : rune
  return single(rune, String.fromCodePoint(rune).toUpperCase())
}

export function lowerRune(rune: number): number {
  if (rune < 0x80) return rune >= 65 && rune <= 90 ? rune + 32 : rune
  if (rune === 0x130) return 0x69
  return single(rune, String.fromCodePoint(rune).toLowerCase())
}

/** The digraphs of Croatian have a title case of their own; all else is upper case. */
export function titleRune(rune: number): number {
  if (rune >= 0x1c4 && rune <= 0x1cc) return rune < 0x1c7 ? 0x1c5 : rune < 0x1ca ? 0x1c8 : 0x1cb
  if (rune >= 0x1f1 && rune <= 0x1f3) return 0x1f2
  return upperRune(rune)
}
