// Secrets in what goes over a network: passwords in URLs, Authorization headers, connection strings, private keys of JWKs.
import { type Candidate, candidate, type Reader } from './reader.ts'
import { isNoSecret, isPassword, isRandomKey, isWeakPassword } from './value-judgement.ts'

const always = (): boolean => true

const USERINFO =
  /\b[a-z][a-z0-9+.-]{1,20}:\/\/([^\s:/?#"'`<>@\\[\]{}]{0,80}):([^\s/?#"'`<>@\\]{3,120})@(?=[\w[$%{-])/gi

/** The same from "://" on: such a literal is found much faster than what may stand before it. */
const USERINFO_AFTER_SCHEME =
  /:\/\/[^\s:/?#"'`<>@\\[\]{}]{0,80}:[^\s/?#"'`<>@\\]{3,120}@(?=[\w[$%{-])/

export const urlReader: Reader = {
  id: 'urls',
  gates: ['url-credentials'],
  wants: always,
  read({ text }) {
    const found: Candidate[] = []
    if (!USERINFO_AFTER_SCHEME.test(text)) return found
    for (const match of text.matchAll(USERINFO)) {
      const password = match[2]!
      if (!isPassword(password, true) || isWeakPassword(password)) continue
      const start = match.index + match[0].length - 1 - password.length
      found.push(candidate('url-credentials', 'medium', match.index, start, password.length))
    }
    return found
  },
}

const PARAMETER =
  /[?&#](?:(?:access|oauth|auth|private|refresh|api|id|session)[_-]?)?(?:token|key|secret|sig|signature|password|passwd|pwd|apikey|oauth_verifier|client_secret)(?:_secret)?=([\w.~%+/-]{6,400})/gi

export const parameterReader: Reader = {
  id: 'url-parameters',
  gates: ['url-credentials'],
  wants: always,
  read({ text }) {
    const found: Candidate[] = []
    for (const match of text.matchAll(PARAMETER)) {
      const value = match[1]!
      if (!isRandomKey(value, false)) continue
      const start = match.index + match[0].length - value.length
      found.push(candidate('url-credentials', 'medium', match.index, start, value.length))
    }
    return found
  },
}

const SQL =
  /\b(?:identified[ \t]+(?:with[ \t]+\S+[ \t]+)?by|(?:with|login|user|role|set)\b[^\n;]{0,80}?\bpassword(?:[ \t]*=)?)[ \t]+(?:["'`]([^"'`\n]{4,100})["'`]|([\w!#$%-]{6,60})(?=[ \t;]))/gi

export const sqlReader: Reader = {
  id: 'sql',
  gates: ['sql-password'],
  wants: always,
  read({ text }) {
    const found: Candidate[] = []
    for (const match of text.matchAll(SQL)) {
      const value = match[1] ?? match[2]!
      if (!isPassword(value, match[1] !== undefined) || isWeakPassword(value)) continue
      if (match[2] !== undefined && !/\d|[a-z][A-Z]/.test(value)) continue
      const start = match.index + match[0].lastIndexOf(value)
      found.push(candidate('sql-password', 'medium', match.index, start, value.length))
    }
    return found
  },
}

const HEADER =
  /\b(?:authorization|proxy-authorization|x-[\w-]{0,30}(?:token|key)|private-token|api-key|apikey)["'`]?\s{0,3}[:=,]\s{0,4}\\?["'`]?(?:(?:bearer|basic|token|apikey|digest|splunk|genie-?key|bot)[ \t:]{1,3})?([\w.~+/=:-]{8,2000})/gi
const SCHEME = /\b(bearer|basic)[ \t]+([\w.~+/-]{8,2000}={0,3})/gi

export const headerReader: Reader = {
  id: 'headers',
  gates: ['authorization-header'],
  wants: always,
  read({ text }) {
    const found: Candidate[] = []
    const taken = new Set<number>()
    for (const match of [...text.matchAll(SCHEME), ...text.matchAll(HEADER)]) {
      const value = match.at(-1)!
      const start = match.index + match[0].length - value.length
      if (taken.has(start)) continue
      const isBasic = match[1]?.toLowerCase() === 'basic' && match.length === 3
      if (isBasic ? !isUserAndPassword(value) : !isRandomKey(value, false)) continue
      taken.add(start)
      found.push(candidate('authorization-header', 'medium', match.index, start, value.length))
    }
    return found
  },
}

/** Basic credentials are `user:password` in base64, and both are text. */
function isUserAndPassword(value: string): boolean {
  const text = Buffer.from(value, 'base64').toString('latin1')
  return /^[\x20-\x7e]*:[\x20-\x7e]+$/.test(text)
}

const CONNECTION =
  /\b(?:password|pwd|accountkey|sharedaccesskey|sharedsecret)\s{0,2}=\s{0,2}(["']?)([^;"'\s&]{3,200})\1(?=[;"'\s&]|$)/gi
const CONNECTION_CONTEXT =
  /\b(?:data source|server|host(?:name)?|addr(?:ess)?|user id|uid|username|user|initial catalog|database|dbname|defaultendpointsprotocol|endpoint)\s{0,2}=/i

export const connectionStringReader: Reader = {
  id: 'connection-strings',
  gates: ['connection-string-password'],
  wants: always,
  read({ text }) {
    const found: Candidate[] = []
    for (const match of text.matchAll(CONNECTION)) {
      const from = text.lastIndexOf('\n', match.index) + 1
      const before = text.slice(Math.max(from, match.index - 300), match.index)
      const end = match.index + match[0].length
      const after = text.slice(end, end + 120).split('\n', 1)[0]!
      const value = match[2]!
      if (!/[;&\s]\s*$/.test(before) || !isPassword(value, false)) continue
      if (/[),]$/.test(value) || isWeakPassword(value)) continue
      if (!CONNECTION_CONTEXT.test(before) && !CONNECTION_CONTEXT.test(after)) continue
      const start = end - (match[1] === '' ? 0 : 1) - value.length
      found.push(
        candidate('connection-string-password', 'medium', match.index, start, value.length),
      )
    }
    return found
  },
}

const JWK_KTY = /["']?\bkty["']?\s*[:=]\s*["'](?:RSA|EC|OKP|oct)["']/g
const JWK_MEMBER = /["']?\b(d|p|q|dp|dq|qi|k)["']?\s*[:=]\s*["']([\w-]{20,2000})["']/g

export const jwkReader: Reader = {
  id: 'jwk',
  gates: ['jwk-private'],
  wants: always,
  read({ text }) {
    const found: Candidate[] = []
    let readTo = 0
    for (const kty of text.matchAll(JWK_KTY)) {
      // The members of the object around it: to the braces next to it.
      const from = Math.max(readTo, text.lastIndexOf('{', kty.index), kty.index - 6000)
      const close = text.indexOf('}', kty.index)
      const to = Math.min(close < 0 ? text.length : close, kty.index + 6000)
      readTo = to
      for (const match of text.slice(from, to).matchAll(JWK_MEMBER)) {
        const value = match[2]!
        if (isNoSecret(value)) continue
        const end = from + match.index + match[0].length - 1
        const start = end - value.length
        found.push(candidate('jwk-private', 'medium', from + match.index, start, value.length))
      }
    }
    return found
  },
}

const COMMAND =
  /(?:^|[\s"'`(])(?:(?:mysql|mysqldump|mysqladmin|mariadb)[^\n|;]{0,120}?\s-p|sshpass\s+-p\s*|(?:redis-cli)[^\n|;]{0,80}?\s-a\s+|(?:curl|wget|http)\b[^\n|;]{0,200}?\s(?:-u|--user)[ =]["']?[\w.@-]{1,60}:|docker\s+login[^\n|;]{0,120}?\s(?:-p|--password)[ =]|(?:sqlcmd|isql|bcp)\b[^\n|;]{0,120}?\s-P\s*|ldap\w+\b[^\n|;]{0,200}?\s-w\s+|net\s+use[^\n|;]{0,120}?\s\/user:\S{1,60}\s+|ConvertTo-SecureString\s+(?:-String\s+)?|--(?:[\w-]{0,30})(?:password|passwd|token|secret|api-key)[ =])["']?([^\s"'`|;&<>]{3,120})/gim

const COMMAND_THERE = new RegExp(COMMAND.source, 'imy')
const OPENING = /[\s"'`(]/

/** Every match of the commands' expression; only where a placed word begins, if that is known. */
function* commandsIn(text: string, places: ArrayLike<number> | null): Iterable<RegExpExecArray> {
  if (places === null) return yield* text.matchAll(COMMAND)
  let next = 0
  for (let i = 0; i < places.length; i++) {
    // What opens a word belongs to the match.
    const at = Math.max(0, places[i]! - 1)
    if (at < next || (places[i]! > 0 && !OPENING.test(text[at]!))) continue
    COMMAND_THERE.lastIndex = at
    const found = COMMAND_THERE.exec(text)
    if (found === null) continue
    next = found.index + found[0].length
    yield found
  }
}

export const commandReader: Reader = {
  id: 'commands',
  gates: ['command-line-password'],
  wants: always,
  read({ text, placesOf }) {
    const found: Candidate[] = []
    for (const match of commandsIn(text, placesOf?.('commands') ?? null)) {
      const value = match[1]!
      if (!isPassword(value, false) || value.startsWith('-')) continue
      const start = match.index + match[0].length - value.length
      found.push(candidate('command-line-password', 'medium', match.index, start, value.length))
    }
    return found
  },
}
