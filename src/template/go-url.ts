// URLs as Go's net/url splits, decodes and writes them; byte strings throughout. Throws FunctionError in its words.
import { isIPv6 } from 'node:net'
import { quote } from './quoting.ts'
import { FunctionError } from './template-error.ts'

export interface GoUrl {
  scheme: string
  opaque: string
  /** As it was written, decoded and encoded again when written; null: none. */
  user: { name: string; password: string | null } | null
  host: string
  path: string
  /** The path as it was written where that says more than the decoded one. */
  rawPath: string
  query: string
  isQueryForced: boolean
  fragment: string
}

type Mode = 'path' | 'user' | 'host' | 'fragment'

const PLAIN: Readonly<Record<Mode, RegExp>> = {
  path: /[A-Za-z0-9\-_.~$&+,/:;=@]/,
  user: /[A-Za-z0-9\-_.~$&+,;=]/,
  host: /[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/,
  fragment: /[A-Za-z0-9\-_.~$&+,/:;=?@!()*]/,
}

function encoded(text: string, mode: Mode): string {
  const { source } = PLAIN[mode]
  return text.replace(new RegExp(`[^${source.slice(1)}`, 'g'), (char) => {
    return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  })
}

const escapeError = (part: string): FunctionError =>
  new FunctionError(`invalid URL escape ${quote(part)}`)

function decoded(text: string, mode: Mode): string {
  if (mode !== 'host' && !text.includes('%')) return text
  return text.replace(
    /%(.{0,2})|([^%])/gs,
    (all, hex: string | undefined, char: string | undefined) => {
      if (char !== undefined) {
        if (mode === 'host' && char < '\x80' && !PLAIN.host.test(char)) {
          throw new FunctionError(`invalid character ${quote(char)} in host name`)
        }
        return char
      }
      if (!/^[0-9a-fA-F]{2}$/.test(hex ?? '')) throw escapeError(all)
      const byte = Number.parseInt(hex!, 16)
      if (mode === 'host' && byte < 0x80 && hex !== '25') throw escapeError(all)
      return String.fromCharCode(byte)
    },
  )
}

function hostOf(host: string): string {
  const open = host.lastIndexOf('[')
  if (open > 0) throw new FunctionError('invalid IP-literal')
  if (open === 0) {
    const close = host.lastIndexOf(']')
    if (close < 0) throw new FunctionError("missing ']' in host")
    checkPort(host.slice(close + 1))
    const zone = host.indexOf('%25')
    const inner = host.slice(1, close)
    const address = zone < 0 ? decoded(inner, 'host') : decoded(host.slice(1, zone), 'host')
    if (!isIPv6(address)) {
      throw new FunctionError(
        /^[0-9.]+$/.test(address)
          ? 'invalid IP-literal'
          : `invalid host: ParseAddr(${quote(address)}): unable to parse IP`,
      )
    }
    const rest = zone < 0 ? '' : decoded(inner.slice(zone - 1), 'path')
    return `[${address}${rest}]${host.slice(close + 1)}`
  }
  if (host.includes(':')) checkPort(host.slice(host.lastIndexOf(':')))
  return decoded(host, 'host')
}

function checkPort(port: string): void {
  if (port !== '' && !/^:[0-9]*$/.test(port)) {
    throw new FunctionError(`invalid port ${quote(port)} after host`)
  }
}

function userOf(text: string): GoUrl['user'] {
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(text)) {
    throw new FunctionError('net/url: invalid userinfo')
  }
  const colon = text.indexOf(':')
  if (colon < 0) return { name: decoded(text, 'user'), password: null }
  return {
    name: decoded(text.slice(0, colon), 'user'),
    password: decoded(text.slice(colon + 1), 'user'),
  }
}

function parsed(text: string): GoUrl {
  const url: GoUrl = {
    scheme: '',
    opaque: '',
    user: null,
    host: '',
    path: '',
    rawPath: '',
    query: '',
    isQueryForced: false,
    fragment: '',
  }
  if ([...text].some((char) => char < ' ' || char === '\x7f')) {
    throw new FunctionError('net/url: invalid control character in URL')
  }
  if (text === '*') return { ...url, path: '*' }
  if (text.startsWith(':')) throw new FunctionError('missing protocol scheme')
  const scheme = /^([A-Za-z][A-Za-z0-9+\-.]*):/.exec(text)
  url.scheme = scheme?.[1]?.toLowerCase() ?? ''
  let rest = scheme ? text.slice(scheme[0].length) : text
  const question = rest.indexOf('?')
  if (question >= 0) {
    url.isQueryForced = question === rest.length - 1
    url.query = rest.slice(question + 1)
    rest = rest.slice(0, question)
  }
  if (!rest.startsWith('/')) {
    if (url.scheme !== '') return { ...url, opaque: rest }
    if (rest.split('/')[0]!.includes(':')) {
      throw new FunctionError('first path segment in URL cannot contain colon')
    }
  }
  if (rest.startsWith('//') && (url.scheme !== '' || !rest.startsWith('///'))) {
    const slash = rest.indexOf('/', 2)
    const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash)
    rest = slash < 0 ? '' : rest.slice(slash)
    const at = authority.lastIndexOf('@')
    url.host = hostOf(authority.slice(at + 1))
    if (at >= 0) url.user = userOf(authority.slice(0, at))
  }
  url.path = decoded(rest, 'path')
  url.rawPath = encoded(url.path, 'path') === rest ? '' : rest
  return url
}

/** Puts the text in front of what is wrong with it. */
function named<T>(text: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error
    throw new FunctionError(`parse ${quote(text)}: ${error.message}`)
  }
}

/** url.Parse. */
export function parseUrl(text: string): GoUrl {
  const hash = text.indexOf('#')
  const before = hash < 0 ? text : text.slice(0, hash)
  const url = named(before, () => parsed(before))
  if (hash >= 0) url.fragment = named(text, () => decoded(text.slice(hash + 1), 'fragment'))
  return url
}

/** The host without its port and brackets. */
export function hostName(host: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(host)
  if (bracketed) return bracketed[1]!
  return /:[0-9]*$/.test(host) ? host.slice(0, host.lastIndexOf(':')) : host
}

export function userText(user: GoUrl['user']): string {
  if (!user) return ''
  const password = user.password === null ? '' : `:${encoded(user.password, 'user')}`
  return encoded(user.name, 'user') + password
}

/** URL.String. */
export function urlText(url: GoUrl): string {
  let out = url.scheme === '' ? '' : `${url.scheme}:`
  if (url.opaque !== '') out += url.opaque
  else {
    if (url.scheme !== '' || url.host !== '' || url.user) {
      if (url.host !== '' || url.path !== '' || url.user) out += '//'
      if (url.user) out += `${userText(url.user)}@`
      out += encoded(url.host, 'host')
    }
    const path = url.path === '*' ? '*' : encoded(url.path, 'path')
    if (path !== '' && path[0] !== '/' && url.host !== '') out += '/'
    if (out === '' && path.split('/')[0]!.includes(':')) out += './'
    out += path
  }
  if (url.isQueryForced || url.query !== '') out += `?${url.query}`
  return url.fragment === '' ? out : `${out}#${encoded(url.fragment, 'fragment')}`
}
