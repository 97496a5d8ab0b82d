// The classes of characters that RE2's expressions can name (Perl's, POSIX's and Unicode's), as sets of runes, and what
// can be done with such sets. A set is its ranges in ascending order that neither meet nor overlap: [from, to, from, to…].

export type RuneSet = readonly number[]

export const LAST_RUNE = 0x10ffff

export const between = (from: number, to: number): RuneSet => [from, to]

/** All runes that one of the sets holds. */
export function union(sets: readonly RuneSet[]): RuneSet {
  if (sets.length === 1) return sets[0]!
  const pairs: [number, number][] = []
  for (const set of sets) {
    for (let i = 0; i < set.length; i += 2) pairs.push([set[i]!, set[i + 1]!])
  }
  pairs.sort((a, b) => a[0] - b[0])
  const out: number[] = []
  for (const [from, to] of pairs) {
    const last = out.length - 1
    if (last > 0 && from <= out[last]! + 1) out[last] = Math.max(out[last]!, to)
    else out.push(from, to)
  }
  return out
}

/** All runes that the set does not hold. */
export function not(set: RuneSet): RuneSet {
  const out: number[] = []
  let next = 0
  for (let i = 0; i < set.length; i += 2) {
    if (set[i]! > next) out.push(next, set[i]! - 1)
    next = set[i + 1]! + 1
  }
  if (next <= LAST_RUNE) out.push(next, LAST_RUNE)
  return out
}

export function intersects(a: RuneSet, b: RuneSet): boolean {
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i + 1]! < b[j]!) i += 2
    else if (b[j + 1]! < a[i]!) j += 2
    else return true
  }
  return false
}

export function holdsRune(set: RuneSet, rune: number): boolean {
  let low = 0
  let high = set.length >> 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (set[middle * 2 + 1]! < rune) low = middle + 1
    else high = middle
  }
  return low * 2 < set.length && set[low * 2]! <= rune
}

const DIGIT = between(48, 57)
const SPACE: RuneSet = [9, 10, 12, 13, 32, 32]
const WORD: RuneSet = [48, 57, 65, 90, 95, 95, 97, 122]
export const isWord = (rune: number): boolean => holdsRune(WORD, rune)

/** Those in capitals are the complements: \W is what \w is not. */
export const PERL: Readonly<Record<string, RuneSet>> = { d: DIGIT, s: SPACE, w: WORD }

export const POSIX: Readonly<Record<string, RuneSet>> = {
  alnum: [48, 57, 65, 90, 97, 122],
  alpha: [65, 90, 97, 122],
  ascii: between(0, 127),
  blank: [9, 9, 32, 32],
  cntrl: [0, 31, 127, 127],
  digit: DIGIT,
  graph: between(33, 126),
  lower: between(97, 122),
  print: between(32, 126),
  punct: [33, 47, 58, 64, 91, 96, 123, 126],
  space: [9, 13, 32, 32],
  upper: between(65, 90),
  word: WORD,
  xdigit: [48, 57, 65, 70, 97, 102],
}
export const NAMED: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 }

/** Kelvin's sign and the long s: the only runes beyond ASCII that ASCII letters fold to. */
export const KELVIN = 0x212a
export const LONG_S = 0x17f

/** The set with the other cases of its letters, by the simple mappings that take one rune to one. */
export function folded(set: RuneSet): RuneSet {
  const more: RuneSet[] = [set]
  for (let i = 0; i < set.length; i += 2) {
    const [from, to] = [set[i]!, set[i + 1]!]
    for (const [low, high, shift] of [[65, 90, 32] as const, [97, 122, -32] as const]) {
      const [begin, end] = [Math.max(from, low), Math.min(to, high)]
      if (begin <= end) more.push(between(begin + shift, end + shift))
    }
  }
  if (holdsRune(set, 75) || holdsRune(set, 107)) more.push(between(KELVIN, KELVIN))
  if (holdsRune(set, 83) || holdsRune(set, 115)) more.push(between(LONG_S, LONG_S))
  if (set.length > 0 && set.at(-1)! > 127) {
    for (const orbit of caseOrbits()) {
      if (orbit.some((rune) => rune > 127 && holdsRune(set, rune))) {
        for (const rune of orbit) more.push(between(rune, rune))
      }
    }
  }
  return union(more)
}

let orbits: readonly (readonly number[])[] | null = null
/** The last rune that has another case. */
const LAST_CASED = 0x1e943
/** The dotted and dotless i fold to nothing. */
const UNFOLDED = new Set([0x130, 0x131])

/** Groups of runes that are each other's cases, where one is beyond ASCII; made once, when first needed. */
function caseOrbits(): readonly (readonly number[])[] {
  if (orbits) return orbits
  const groups = new Map<number, Set<number>>()
  for (let rune = 128; rune <= LAST_CASED; rune++) {
    if (UNFOLDED.has(rune) || (rune >= 0xd800 && rune <= 0xdfff)) continue
    const text = String.fromCodePoint(rune)
    for (const other of [text.toLowerCase(), text.toUpperCase()]) {
      const code = other.codePointAt(0)!
      if (code === rune || other.length !== (code > 0xffff ? 2 : 1)) continue
      const joined = groups.get(rune) ?? new Set([rune])
      for (const member of groups.get(code) ?? [code]) joined.add(member)
      for (const member of joined) groups.set(member, joined)
    }
  }
  // The ASCII letters' own other case: K with Kelvin's sign has k too.
  for (const orbit of new Set(groups.values())) {
    for (const rune of [...orbit]) if (rune < 128) orbit.add(rune ^ 32)
  }
  orbits = [...new Set(groups.values())].map((orbit) => [...orbit])
  return orbits
}

const classes = new Map<string, RuneSet | null>()

/** A general category or script; null: there is no such. */
export function unicodeClass(name: string): RuneSet | null {
  if (name === 'Any') return between(0, LAST_RUNE)
  let set = classes.get(name)
  if (set !== undefined) return set
  set = null
  try {
    const property = name.length <= 2 ? `gc=${name}` : `sc=${name}`
    set = runesOf(new RegExp(`\\p{${property}}`, 'u'))
  } catch {
    // No such class: the caller says so.
  }
  if (classes.size < 500) classes.set(name, set)
  return set
}

function runesOf(pattern: RegExp): RuneSet {
  const out: number[] = []
  for (let rune = 0; rune <= LAST_RUNE; rune++) {
    if (!pattern.test(String.fromCodePoint(rune))) continue
    const last = out.length - 1
    if (last > 0 && out[last] === rune - 1) out[last] = rune
    else out.push(rune, rune)
  }
  return out
}
