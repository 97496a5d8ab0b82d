// URLs as Go's net/url reads them, as far as connection strings need it: lists of hosts with ports, passwords
// with characters that WHATWG's parser would take elsewhere, and the same refusals. Go's documentation of
// net/url is the source, the real parser the oracle of the test.

import { isIP } from 'node:net'

export interface GoUrl {
  /** null: no "user" or "user:password" in front of the host. */
  readonly username: string | null
  readonly password: string | null
  /** As written, decoded: 'a:1,b:2', '[::1]:5432'. */
  readonly host: string
  /** Decoded, with its leading slash; '' where there is none. */
  readonly path: string
  /** The first value of each name, decoded. */
  readonly query: ReadonlyMap<string, string>
}

/** Why a text is no URL; no part of the text is in the message, for it may hold a password. */
export class GoUrlFault extends Error {}

/** Parses `scheme://…`; throws GoUrlFault. */
export function parseGoUrl(text: string): GoUrl {
  if (hasControl(text)) throw new GoUrlFault('net/url: invalid control character in URL')
  const [withoutFragment, fragment] = cut(text, '#')
  if (fragment !== null) unescaped(fragment, 'path')
  const [head, rawQuery] = cut(withoutFragment, '?')
  const rest = head.slice(head.indexOf('://') + 3)
  const slash = rest.indexOf('/')
  const authority = slash < 0 ? rest : rest.slice(0, slash)
  const path = slash < 0 ? '' : rest.slice(slash)
  const at = authority.lastIndexOf('@')
  const host = parseHost(authority.slice(at + 1))
  const user = at < 0 ? null : parseUser(authority.slice(0, at))
  return {
    username: user?.username ?? null,
    password: user?.password ?? null,
    host,
    path: unescaped(path, 'path'),
    query: parseQuery(rawQuery ?? ''),
  }
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code === 0x7f) return true
  }
  return false
}

function cut(text: string, mark: string): [string, string | null] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)]
}

function parseUser(text: string): { username: string; password: string | null } {
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(text)) {
    throw new GoUrlFault('net/url: invalid userinfo')
  }
  const [username, password] = cut(text, ':')
  return {
    username: unescaped(username, 'user'),
    password: password === null ? null : unescaped(password, 'user'),
  }
}

function parseHost(text: string): string {
  const open = text.lastIndexOf('[')
  if (open > 0) throw new GoUrlFault('invalid IP-literal')
  if (open < 0) {
    const colon = text.lastIndexOf(':')
    if (colon >= 0) assertPort(text.slice(colon))
    return unescaped(text, 'host')
  }
  const close = text.lastIndexOf(']')
  if (close < 0) throw new GoUrlFault("missing ']' in host")
  const port = text.slice(close + 1)
  assertPort(port)
  const inner = text.slice(1, close)
  const zone = inner.indexOf('%25')
  const name =
    zone < 0
      ? unescaped(inner, 'host')
      : unescaped(inner.slice(0, zone), 'host') + unescaped(inner.slice(zone), 'zone')
  if (isIP(name) !== 6) throw new GoUrlFault('invalid host')
  return `[${name}]${port}`
}

function assertPort(text: string): void {
  if (!/^(:\d*)?$/.test(text)) throw new GoUrlFault('invalid port after host')
}

type Part = 'path' | 'user' | 'host' | 'zone' | 'query'

function unescaped(text: string, part: Part): string {
  if (part === 'host' && /[^A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"%\u0080-\uffff]/.test(text)) {
    throw new GoUrlFault('invalid character in host name')
  }
  const spaced = part === 'query' ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  const bytes: Buffer[] = []
  let from = 0
  for (let at = spaced.indexOf('%'); at >= 0; at = spaced.indexOf('%', at + 3)) {
    const hex = spaced.slice(at + 1, at + 3)
    if (!/^[0-9a-fA-F]{2}$/.test(hex)) throw new GoUrlFault('invalid URL escape')
    const byte = Number.parseInt(hex, 16)
    // A host may only escape what is beyond ASCII, and a percent sign.
    if (part === 'host' && byte < 0x80 && byte !== 0x25) throw new GoUrlFault('invalid URL escape')
    bytes.push(Buffer.from(spaced.slice(from, at)), Buffer.of(byte))
    from = at + 3
  }
  bytes.push(Buffer.from(spaced.slice(from)))
  return Buffer.concat(bytes).toString()
}

/** Pairs that can't be read are left out, as Go's URL.Query does. */
function parseQuery(text: string): ReadonlyMap<string, string> {
  const query = new Map<string, string>()
  for (const pair of text.split('&')) {
    if (pair === '' || pair.includes(';')) continue
    const [rawName, rawValue] = cut(pair, '=')
    try {
      const name = unescaped(rawName, 'query')
      const value = unescaped(rawValue ?? '', 'query')
      if (!query.has(name)) query.set(name, value)
    } catch (fault) {
      if (!(fault instanceof GoUrlFault)) throw fault
    }
  }
  return query
}
