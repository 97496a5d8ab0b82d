// html, js and urlquery: byte strings made safe for HTML text and attributes, JavaScript strings and URL queries.
import { runeAt } from './byte-strings.ts'
import { isPrint } from './runes.ts'

const HTML: Readonly<Record<string, string>> = {
  '\0': '\xef\xbf\xbd',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
}
export const escapeHtml = (text: string): string =>
  text.replace(/[\0"'&<>]/g, (char) => HTML[char]!)

const JS: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
}
const hex = (value: number, digits: number): string =>
  value.toString(16).toUpperCase().padStart(digits, '0')

export function escapeJs(text: string): string {
  let out = ''
  for (let at = 0; at < text.length; ) {
    const { rune, size } = runeAt(text, at)
    const char = text.slice(at, at + size)
    if (rune < 0x80) out += JS[char] ?? (rune < 32 ? `\\u00${hex(rune, 2)}` : char)
    else out += isPrint(rune) ? char : `\\u${hex(rune, 4)}`
    at += size
  }
  return out
}

/** url.QueryEscape: all but letters, digits and "-_.~"; a space is "+". */
export const escapeQuery = (text: string): string =>
  text.replace(/[^A-Za-z0-9_.~-]/g, (char) =>
    char === ' ' ? '+' : `%${hex(char.charCodeAt(0), 2)}`,
  )
