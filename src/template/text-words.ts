// Words of a text: case styles, initials, abbreviations and wrapping, with the results of the libraries that sprig
// builds on. Byte strings throughout; some work on bytes, as those do.
import { encodeRune, mapRunes, runeAt, runesOf } from './byte-strings.ts'
import {
  isDigit,
  isLetter,
  isLower,
  isNumber,
  isPunct,
  isSpace,
  isTitle,
  isUpper,
  lowerRune,
  titleRune,
  upperRune,
} from './runes.ts'

const isConnector = (rune: number): boolean => rune === 45 || rune === 95 || isSpace(rune)

/** strings.Title: the first letter of each word in title case; letters, digits and _ make words. */
export function titleCase(text: string): string {
  let before = 32
  return mapRunes(text, (rune) => {
    const isInside = before < 0x80 ? isWordByte(before) : isLetter(before) || isDigit(before)
    const starts = !isInside && (before < 0x80 || isSpace(before))
    before = rune
    return starts ? titleRune(rune) : rune
  })
}

const isWordByte = (rune: number): boolean => isLetter(rune) || isDigit(rune) || rune === 95

export function uncapitalized(text: string): string {
  let isNext = true
  return mapRunes(text, (rune) => {
    if (isSpace(rune)) {
      isNext = true
      return rune
    }
    const changed = isNext ? lowerRune(rune) : rune
    isNext = false
    return changed
  })
}

export function swappedCase(text: string): string {
  let isAfterSpace = true
  return mapRunes(text, (rune) => {
    if (isUpper(rune) || isTitle(rune)) {
      isAfterSpace = false
      return lowerRune(rune)
    }
    if (isLower(rune)) {
      const changed = isAfterSpace ? titleRune(rune) : upperRune(rune)
      isAfterSpace = false
      return changed
    }
    isAfterSpace = isSpace(rune)
    return rune
  })
}

/** The first byte of each word, each taken as a character of its own. */
export function initialsOf(text: string): string {
  let out = ''
  let isGap = true
  for (let at = 0; at < text.length; at++) {
    const byte = text.charCodeAt(at)
    if (isSpace(byte)) isGap = true
    else if (isGap) {
      out += encodeRune(byte)
      isGap = false
    }
  }
  return out
}

export function withoutSpace(text: string): string {
  let out = ''
  let isChanged = false
  for (let at = 0; at < text.length; at++) {
    const byte = text.charCodeAt(at)
    if (isSpace(byte)) isChanged = true
    else out += encodeRune(byte)
  }
  return isChanged ? out : text
}

/** "abc..." of at most this many bytes; with an offset also "...def...". */
export function abbreviated(text: string, offset: number, width: number): string {
  if (text === '' || width < 4) return ''
  if (text.length <= width) return text
  let from = Math.min(offset, text.length)
  if (text.length - from < width - 3) from = text.length - (width - 3)
  if (from <= 4) return `${text.slice(0, width - 3)}...`
  if (width < 7) return ''
  if (from + width - 3 < text.length) return `...${abbreviated(text.slice(from), 0, width - 3)}`
  return `...${text.slice(text.length - (width - 3))}`
}

/** Lines of at most this many bytes, broken at spaces; long words are broken too or stand out. */
export function wrapped(
  text: string,
  most: number,
  separator: string,
  isBreakingWords: boolean,
): string {
  const between = separator === '' ? '\n' : separator
  const width = Math.max(1, most)
  let out = ''
  let at = 0
  while (text.length - at > width) {
    if (text[at] === ' ') {
      at++
      continue
    }
    const space = text.slice(at, at + width + 1).lastIndexOf(' ')
    if (space >= 0) {
      out += text.slice(at, at + space) + between
      at += space + 1
    } else if (isBreakingWords) {
      out += text.slice(at, at + width) + between
      at += width
    } else {
      const end = text.indexOf(' ', at + width)
      if (end < 0) return out + text.slice(at)
      out += text.slice(at, end) + between
      at = end + 1
    }
  }
  return out + text.slice(at)
}

/** PascalCase: connectors go, what follows them is upper case; leading ones stay. */
export function pascalCase(text: string): string {
  const runes = runesOf(text)
  const start = runes.findIndex((rune) => !isConnector(rune))
  // The library that sprig uses writes the last connector twice; so does this.
  if (start < 0) return text === '' ? '' : text + encodeRune(runes.at(-1)!)
  let out = runes.slice(0, start).map(encodeRune).join('')
  let wasUpper = isUpper(runes[start]!)
  let current = upperRune(runes[start]!)
  for (const rune of runes.slice(start + 1)) {
    const previous = current
    current = rune
    if (isConnector(current) && isConnector(previous)) {
      out += encodeRune(previous)
      continue
    }
    if (isConnector(previous)) {
      wasUpper = isUpper(current)
      current = upperRune(current)
      continue
    }
    if (wasUpper) {
      if (isUpper(current)) current = lowerRune(current)
      else wasUpper = false
    }
    out += encodeRune(previous)
  }
  return out + encodeRune(current)
}

type WordKind = 'none' | 'number' | 'upper' | 'lower' | 'connector' | 'punct' | 'other'
interface Word {
  readonly kind: WordKind
  readonly text: string
}

const isAlphabet = (rune: number): boolean => isLetter(rune)

function kindOfRune(rune: number): WordKind {
  if (isConnector(rune)) return 'connector'
  if (isPunct(rune)) return 'punct'
  if (isUpper(rune)) return 'upper'
  if (isAlphabet(rune)) return 'lower'
  return isNumber(rune) ? 'number' : 'other'
}

/** The words of a text: runs of one kind; an upper case letter begins a word, several stay together. */
function wordsOf(text: string): Word[] {
  const words: Word[] = []
  for (let at = 0; at < text.length; ) {
    const start = at
    const first = runeAt(text, at)
    const kind = kindOfRune(first.rune)
    at += first.size
    const run = (isSame: (rune: number) => boolean): void => {
      while (at < text.length) {
        const { rune, size } = runeAt(text, at)
        if (!isSame(rune)) break
        at += size
      }
    }
    if (kind === 'upper') {
      const next = at < text.length ? runeAt(text, at).rune : 0
      if (isUpper(next)) {
        run(isUpper)
        // The last of several begins the next word if small letters follow it.
        if (at < text.length && isAlphabet(runeAt(text, at).rune)) at = previousStart(text, at)
      } else if (isAlphabet(next)) run((rune) => isAlphabet(rune) && !isUpper(rune))
    } else if (kind === 'lower') run((rune) => isAlphabet(rune) && !isUpper(rune))
    else if (kind === 'punct') run(isPunct)
    else run((rune) => kindOfRune(rune) === kind)
    words.push({ kind, text: text.slice(start, at) })
  }
  return words
}

function previousStart(text: string, at: number): number {
  let start = at - 1
  while ((text.charCodeAt(start) & 0xc0) === 0x80) start--
  return start
}

/** snake_case and kebab-case: words in small letters, joined; numbers stay with what they follow or begin. */
export function connectedCase(text: string, connector: string): string {
  const words = wordsOf(text)
  let at = 0
  const next = (): Word => words[at++] ?? { kind: 'none', text: '' }
  let out = ''
  const write = (word: Word): void => {
    if (word.kind === 'connector') out += connector.repeat(runesOf(word.text).length)
    else out += word.kind === 'upper' ? mapRunes(word.text, lowerRune) : word.text
  }
  const isJoint = (kind: WordKind): boolean => kind === 'connector' || kind === 'punct'
  let word = next()
  while (at < words.length) {
    if (word.kind !== 'connector') write(word)
    const before = word
    word = next()
    if (before.kind === 'number') {
      while (word.kind === 'lower' || word.kind === 'number') {
        write(word)
        word = next()
      }
      if (word.kind !== 'none' && !isJoint(word.kind)) out += connector
    } else if (before.kind === 'connector') {
      write(before)
    } else if (before.kind !== 'punct') {
      if (word.kind !== 'number') {
        if (!isJoint(word.kind)) out += connector
        continue
      }
      if (at >= words.length) continue
      const number = word
      word = next()
      if (word.kind !== 'lower') {
        write(number)
        if (!isJoint(word.kind)) out += connector
        continue
      }
      out += connector
      write(number)
      while (word.kind === 'lower' || word.kind === 'number') {
        write(word)
        word = next()
      }
      if (word.kind !== 'none' && !isJoint(word.kind)) out += connector
    }
  }
  write(word)
  return out
}
