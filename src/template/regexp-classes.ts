// The classes of characters that RE2's expressions can name: Perl's, POSIX's and Unicode's.

export type Match = (rune: number) => boolean

export const between =
  (from: number, to: number): Match =>
  (rune) =>
    rune >= from && rune <= to
export const not =
  (match: Match): Match =>
  (rune) =>
    !match(rune)
const isDigit = between(48, 57)
const isSpace: Match = (rune) => rune === 32 || (rune >= 9 && rune <= 13 && rune !== 11)
export const isWord: Match = (rune) =>
  isDigit(rune) || rune === 95 || between(65, 90)(rune) || between(97, 122)(rune)

export const PERL: Readonly<Record<string, Match>> = {
  d: isDigit,
  D: not(isDigit),
  s: isSpace,
  S: not(isSpace),
  w: isWord,
  W: not(isWord),
}
const ascii =
  (pattern: RegExp): Match =>
  (rune) =>
    rune < 128 && pattern.test(String.fromCharCode(rune))
export const POSIX: Readonly<Record<string, Match>> = {
  alnum: ascii(/[0-9A-Za-z]/),
  alpha: ascii(/[A-Za-z]/),
  ascii: between(0, 127),
  blank: ascii(/[\t ]/),
  cntrl: (rune) => rune < 32 || rune === 127,
  digit: isDigit,
  graph: between(33, 126),
  lower: between(97, 122),
  print: between(32, 126),
  punct: ascii(/[!-/:-@[-`{-~]/),
  space: ascii(/[\t\n\v\f\r ]/),
  upper: between(65, 90),
  word: isWord,
  xdigit: ascii(/[0-9A-Fa-f]/),
}
export const NAMED: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 }

/** Letters match either case; other scripts by their simple mappings. */
export function folded(match: Match): Match {
  return (rune) => {
    if (match(rune)) return true
    const text = String.fromCodePoint(rune)
    return [text.toLowerCase(), text.toUpperCase()].some((other) => {
      const code = other.codePointAt(0)!
      return other.length === (code > 0xffff ? 2 : 1) && match(code)
    })
  }
}

const classes = new Map<string, Match | null>()

/** A general category or script; null: there is no such. */
export function unicodeClass(name: string): Match | null {
  if (name === 'Any') return () => true
  let match = classes.get(name)
  if (match !== undefined) return match
  match = null
  for (const property of name.length <= 2 ? [`gc=${name}`] : [`sc=${name}`]) {
    try {
      const pattern = new RegExp(`\\p{${property}}`, 'u')
      match = (rune) => pattern.test(String.fromCodePoint(rune))
    } catch {
      // No such class: the caller says so.
    }
  }
  if (classes.size < 500) classes.set(name, match)
  return match
}
