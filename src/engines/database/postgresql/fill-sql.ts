// Puts values into PostgreSQL statements so that none of them can end the place it stands in: within quotes
// its quotes are doubled, elsewhere only harmless characters may stand. Vault puts them in as they are.
// The lexical rules: PostgreSQL's manual, "Lexical Structure" (strings, identifiers, dollar quoting, comments).
import { DatabaseError } from '../database-error.ts'

/** No character that means anything to SQL, in or out of quotes. */
const HARMLESS = /^(?!.*--)[A-Za-z0-9_.@ :+-]*$/
/** What may stand outside of quotes, in comments and in dollar quotes (which may hold SQL again). */
const BARE = /^(?!.*--)[\p{L}\p{N}_.@:+=/$-]*$/u

type Place = 'bare' | 'identifier' | 'string' | 'escaped'

/**
 * Replaces `{{key}}` by the value, for each own key. `standardStrings`: whether a backslash is only that in
 * '…' (the server's standard_conforming_strings). Throws DatabaseError where a value can't stand in its place.
 */
export function fillSql(
  text: string,
  values: Readonly<Record<string, string>>,
  standardStrings = true,
): string {
  if (!text.includes('{{')) return text
  let filled = ''
  let from = 0
  const place = placeFinder(text, standardStrings)
  for (const match of text.matchAll(/\{\{([a-z_]+)\}\}/g)) {
    const key = match[1]!
    if (!Object.hasOwn(values, key)) continue
    const value = values[key]!
    filled += text.slice(from, match.index)
    filled += HARMLESS.test(value) ? value : quoted(key, value, place(match.index))
    from = match.index + match[0].length
  }
  return filled + text.slice(from)
}

function quoted(key: string, value: string, place: Place): string {
  if (value.includes('\0')) throw unfit(key)
  if (place === 'string') return value.replaceAll("'", "''")
  if (place === 'escaped') return value.replaceAll('\\', '\\\\').replaceAll("'", "''")
  if (hasControl(value)) throw unfit(key)
  if (place === 'identifier') return value.replaceAll('"', '""')
  if (!BARE.test(value)) throw unfit(key)
  return value
}

const unfit = (key: string): DatabaseError =>
  new DatabaseError(
    'settings',
    `the value of {{${key}}} holds characters that its place in the statement can't take; ` +
      'put it in quotes, or change what it is made from',
  )

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20) return true
  return false
}

/** A function that tells in what kind of place a position lies; positions must be asked in rising order. */
function placeFinder(text: string, standardStrings: boolean): (position: number) => Place {
  let at = 0
  let until = 0
  let inside: Place = 'bare'
  return (position) => {
    while (until <= position && at < text.length) {
      const token = tokenAt(text, at, standardStrings)
      inside = token.place
      at = token.end
      until = token.end
    }
    return until > position ? inside : 'bare'
  }
}

interface Token {
  readonly end: number
  readonly place: Place
}

function tokenAt(text: string, at: number, standardStrings: boolean): Token {
  const char = text[at]!
  if (char === '"') return { end: endOfQuoted(text, at + 1, '"', false), place: 'identifier' }
  if (char === "'") {
    const escapes =
      !standardStrings || /(^|[^\p{L}\p{N}_$])[eE]$/u.test(text.slice(Math.max(0, at - 2), at))
    const end = endOfQuoted(text, at + 1, "'", escapes)
    return { end, place: escapes ? 'escaped' : 'string' }
  }
  if (text.startsWith('--', at))
    return { end: endOrAll(text.indexOf('\n', at), text), place: 'bare' }
  if (text.startsWith('/*', at)) return { end: endOfComment(text, at), place: 'bare' }
  if (char === '$') {
    const tag = /^\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/u.exec(text.slice(at, at + 64))?.[0]
    if (tag && !/[\p{L}\p{N}_$]$/u.test(text.slice(Math.max(0, at - 1), at))) {
      const close = text.indexOf(tag, at + tag.length)
      return { end: close < 0 ? text.length : close + tag.length, place: 'bare' }
    }
  }
  return { end: at + 1, place: 'bare' }
}

const endOrAll = (end: number, text: string): number => (end < 0 ? text.length : end + 1)

function endOfQuoted(text: string, from: number, quote: string, escapes: boolean): number {
  for (let i = from; i < text.length; i++) {
    if (escapes && text[i] === '\\') i++
    else if (text[i] === quote) {
      if (text[i + 1] !== quote) return i + 1
      i++
    }
  }
  return text.length
}

function endOfComment(text: string, from: number): number {
  let depth = 0
  for (let i = from; i < text.length; i++) {
    if (text.startsWith('/*', i)) depth++
    else if (text.startsWith('*/', i)) depth--
    else continue
    i++
    if (depth === 0) return i + 1
  }
  return text.length
}
