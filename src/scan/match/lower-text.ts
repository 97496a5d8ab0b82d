// Lower case of byte strings as Go has it: rune by rune, with what is no UTF-8 turned to U+FFFD.
import { isAscii, mapRunes } from '../../template/byte-strings.ts'
import { lowerRune } from '../../template/runes.ts'

export const lowerText = (text: string): string =>
  isAscii(text) ? text.toLowerCase() : mapRunes(text, lowerRune)
