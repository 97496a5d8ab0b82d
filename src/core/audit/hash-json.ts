// Writes values as JSON text with each string replaced by its HMAC, for audit lines. Names of members,
// numbers, booleans and null stay; so do strings that are exactly an RFC 3339 time, as in OpenBao.
// Invariant: no string of the input appears in the output unless its member's name is listed as plain, and then
// not if it holds a private key in PEM (a certificate with its key in one text).
import { getOwn, RawJson, RawNumber } from '../../base/json.ts'
import type { SaltedHmac } from './salted-hmac.ts'

const NOTHING_PLAIN: readonly string[] = []

/**
 * `value` as JSON text. `plainKeys` (a mount's audit_non_hmac_request_keys) are names whose own string
 * values, also in arrays, stay readable; objects below them are judged by their own names.
 */
export function hashJsonValue(
  value: unknown,
  hmac: SaltedHmac,
  plainKeys: readonly string[] = NOTHING_PLAIN,
  plain = false,
): string {
  switch (typeof value) {
    case 'string':
      return (plain && !holdsPrivateKey(value)) || isTimestamp(value)
        ? JSON.stringify(value)
        : `"${hmac(value)}"`
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null'
    case 'boolean':
      return value ? 'true' : 'false'
    case 'bigint':
      return String(value)
    case 'object':
      break
    default:
      return 'null'
  }
  if (value === null) return 'null'
  if (Array.isArray(value)) return hashArray(value, hmac, plainKeys, plain)
  if (value instanceof RawNumber) return value.text
  if (value instanceof RawJson) return hashJsonText(value.text, hmac, plainKeys, plain)
  if (value instanceof Uint8Array) {
    return hashJsonValue(Buffer.from(value).toString(), hmac, plainKeys, plain)
  }
  const custom = (value as { toJSON?: unknown }).toJSON
  if (typeof custom === 'function' && !Object.hasOwn(value, 'toJSON')) {
    return hashJsonValue(custom.call(value), hmac, plainKeys, plain)
  }
  return hashObject(value as Record<string, unknown>, hmac, plainKeys)
}

function hashArray(
  items: readonly unknown[],
  hmac: SaltedHmac,
  plainKeys: readonly string[],
  plain: boolean,
): string {
  let out = '['
  for (let at = 0; at < items.length; at++) {
    const text = hashJsonValue(items[at], hmac, plainKeys, plain)
    out += at === 0 ? text : `,${text}`
  }
  return `${out}]`
}

/** Members that are no secrets by their declaration, and the HMAC for what is in them. */
export interface OpenMembers {
  readonly fields: Readonly<Record<string, { readonly secret: boolean }>>
  readonly hmac: SaltedHmac
}

export function hashObject(
  object: Readonly<Record<string, unknown>>,
  hmac: SaltedHmac,
  plainKeys: readonly string[] = NOTHING_PLAIN,
  open?: OpenMembers,
): string {
  let out = '{'
  for (const name of Object.keys(object)) {
    const member = object[name]
    if (member === undefined) continue
    const plain = plainKeys.length > 0 && plainKeys.includes(name)
    const isOpen = open !== undefined && getOwn(open.fields, name)?.secret === false
    const text = `${quote(name)}:${hashJsonValue(member, isOpen ? open.hmac : hmac, plainKeys, plain)}`
    out += out.length === 1 ? text : `,${text}`
  }
  return `${out}}`
}

const PLAIN_NAME = /^[\w./-]*$/

/** A string as JSON; names are mostly simple words that need no escaping. */
function quote(name: string): string {
  return PLAIN_NAME.test(name) ? `"${name}"` : JSON.stringify(name)
}

/**
 * The same for text that already is JSON (valid, as the stores keep it): one pass that replaces string
 * values and leaves every other byte, so that numbers stay exactly as they were written.
 */
export function hashJsonText(
  text: string,
  hmac: SaltedHmac,
  plainKeys: readonly string[] = NOTHING_PLAIN,
  plain = false,
): string {
  let out = ''
  let copied = 0
  // Whether strings are plain here, and in the objects around: only kept where any name is listed.
  let readable = plain
  const around: boolean[] = []
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === OPEN_OBJECT) {
      around.push(readable)
      readable = false
    } else if (code === CLOSE_OBJECT) readable = around.pop() ?? plain
    if (code !== QUOTE) continue
    const end = endOfString(text, at)
    let next = end + 1
    while (text.charCodeAt(next) <= 0x20) next++
    if (text.charCodeAt(next) === COLON) {
      if (plainKeys.length > 0) readable = plainKeys.includes(contents(text, at, end))
    } else if (!readable || holdsPrivateKey(text.slice(at, end))) {
      const value = contents(text, at, end)
      if (readable || !isTimestamp(value)) {
        out += `${text.slice(copied, at)}"${hmac(value)}"`
        copied = end + 1
      }
    }
    at = end
  }
  return copied === 0 ? text : out + text.slice(copied)
}

const holdsPrivateKey = (text: string): boolean => text.includes('PRIVATE KEY-----')

const QUOTE = 0x22
const COLON = 0x3a
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const BACKSLASH = 0x5c

/** Index of the quote that closes the string opened at `at`. Throws where there is none. */
function endOfString(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1
    while (text.charCodeAt(before) === BACKSLASH) before--
    if ((end - before) % 2 === 1) return end
  }
  // Fails the audit line, and with it the request, rather than writing a secret that it can't delimit.
  throw new Error('the value to be audited is not JSON')
}

/** The value of the string literal between the quotes at `start` and `end`. */
function contents(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end)
  return inner.includes('\\') ? (JSON.parse(text.slice(start, end + 1)) as string) : inner
}

const TIMESTAMP =
  /^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** True for a whole, valid RFC 3339 time with zone: these stay readable in audit lines. */
function isTimestamp(value: string): boolean {
  // Cheap refusals first: this is asked of every string.
  if (value.length < 20 || value.length > 64 || value.charCodeAt(10) !== 0x54) return false
  if (!TIMESTAMP.test(value)) return false
  const month = twoDigits(value, 5)
  const day = twoDigits(value, 8)
  if (month < 1 || month > 12 || day < 1) return false
  return day <= 28 || day <= daysOf(Number(value.slice(0, 4)), month)
}

const twoDigits = (text: string, at: number): number =>
  (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
