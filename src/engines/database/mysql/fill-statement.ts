// Puts names and passwords into statements of MySQL. A statement is the operator's, the values are not
// (a display name is the caller's choice): each value is escaped for the kind of quotes it lands in, so it
// can never end them. Where it stands outside of quotes, it must be a plain word.
// Source: MySQL and MariaDB manuals, "String Literals", "Identifier Names", sql_mode.
import { DatabaseError } from '../database-error.ts'

/** The two parts of a server's sql_mode that change what quotes mean. */
export interface QuoteRules {
  /** NO_BACKSLASH_ESCAPES: a backslash is a character like others. */
  readonly noBackslashEscapes: boolean
  /** ANSI_QUOTES: "…" is a name and not a string. */
  readonly ansiQuotes: boolean
}

export const quoteRules = (sqlMode: string): QuoteRules => {
  const modes = sqlMode.toUpperCase().split(',')
  return {
    noBackslashEscapes: modes.includes('NO_BACKSLASH_ESCAPES'),
    ansiQuotes: modes.includes('ANSI_QUOTES') || modes.includes('ANSI'),
  }
}

/** Where the scan is: outside, within one of the quotes, or in a comment up to its end. */
type Place = '' | "'" | '"' | '`' | '\n' | '*/'

const PLACEHOLDER = /\{\{([a-z_]+)\}\}/y
/** What is a word, a number or a date and can open neither quotes nor a comment. */
const PLAIN = /^(?!.*(?:--|\/\*))[\w$.:+ -]*$/

/**
 * The statement with `{{key}}` replaced for each key of `values`; other braces stay.
 * Throws DatabaseError 'statement' for a value that stands outside of quotes and is no plain word.
 */
export function fillMysql(
  template: string,
  values: Readonly<Record<string, string>>,
  rules: QuoteRules,
): string {
  if (!template.includes('{{')) return template
  let filled = ''
  let place: Place = ''
  for (let at = 0; at < template.length; ) {
    PLACEHOLDER.lastIndex = at
    const key = PLACEHOLDER.exec(template)?.[1]
    if (key !== undefined && Object.hasOwn(values, key)) {
      filled += escaped(key, values[key]!, place, rules)
      at += key.length + 4
      continue
    }
    const step: readonly [number, Place] = stepFrom(template, at, place, rules)
    filled += template.slice(at, at + step[0])
    at += step[0]
    place = step[1]
  }
  return filled
}

/** How many characters the next piece has, and where the scan is behind it. */
function stepFrom(
  text: string,
  at: number,
  place: Place,
  rules: QuoteRules,
): readonly [number, Place] {
  const char = text[at]!
  if (place === '') return stepOutside(text, at)
  if (place === '*/') return text.startsWith('*/', at) ? [2, ''] : [1, place]
  if (place === '\n') return [1, char === '\n' ? '' : place]
  if (char === '\\' && hasBackslash(place, rules)) return [Math.min(2, text.length - at), place]
  // A doubled quote ends the string and opens it again: the same place.
  return [1, char === place ? '' : place]
}

function stepOutside(text: string, at: number): readonly [number, Place] {
  const char = text[at]!
  if (char === "'" || char === '"' || char === '`') return [1, char]
  if (char === '#') return [1, '\n']
  if (text.startsWith('/*', at)) return [2, '*/']
  // MySQL wants white space behind the two dashes.
  if (text.startsWith('--', at) && /^[\s\p{Cc}]?$/u.test(text.slice(at + 2, at + 3)))
    return [2, '\n']
  return [1, '']
}

const hasBackslash = (place: Place, rules: QuoteRules): boolean =>
  !rules.noBackslashEscapes && (place === "'" || (place === '"' && !rules.ansiQuotes))

function escaped(key: string, value: string, place: Place, rules: QuoteRules): string {
  if (place === "'" || place === '"' || place === '`') {
    const slashed = hasBackslash(place, rules) ? value.replaceAll('\\', '\\\\') : value
    return slashed.replaceAll(place, place + place)
  }
  if (PLAIN.test(value)) return value
  throw new DatabaseError(
    'statement',
    `{{${key}}} stands outside of quotes in a statement, and its value is no plain word: ` +
      `write '{{${key}}}'`,
  )
}
