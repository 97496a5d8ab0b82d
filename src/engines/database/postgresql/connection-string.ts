// A PostgreSQL connection string as Go's pgx reads it, which is what it means to Vault: a URL or libpq's
// keyword/value form, several hosts, fallbacks of sslmode. `pg` has a parser of its own that differs in
// each of these points, so it only ever gets what is parsed here. Sources: libpq's "Connection Strings" and
// "Database Connection Control Functions"; pgx's documentation of pgconn.ParseConfig.
import { isIP } from 'node:net'
import { GoUrlFault, parseGoUrl } from './go-url.ts'

/** Why a connection string makes no sense; without any part of it. */
export class ConnectionStringFault extends Error {}

export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'
export type SessionAttributes =
  | 'any'
  | 'read-write'
  | 'read-only'
  | 'primary'
  | 'standby'
  | 'prefer-standby'

/** One try: this host, with or without TLS. */
export interface Attempt {
  readonly host: string
  readonly port: number
  readonly tls: boolean
}

export interface ConnectionTarget {
  readonly user: string
  readonly password: string
  /** '' where none is named: the server then takes the user's name. */
  readonly database: string
  /** In the order in which they are tried. */
  readonly attempts: readonly Attempt[]
  /** How TLS is checked wherever it is used; never 'disable' in effect. */
  readonly sslMode: SslMode
  readonly sslNegotiation: 'postgres' | 'direct'
  /** Paths, or texts of PEM. */
  readonly sslRootCert: string
  readonly sslCert: string
  readonly sslKey: string
  readonly sslPassword: string
  /** Milliseconds for one host; 0: no limit of its own. */
  readonly connectTimeoutMs: number
  readonly sessionAttributes: SessionAttributes
  readonly channelBinding: 'disable' | 'prefer' | 'require'
  /** Settings of the session that the server is told at its start. */
  readonly runtimeParams: Readonly<Record<string, string>>
}

/** What holds where the string says nothing: the machine's user, and libpq's environment variables. */
export interface ConnectionDefaults {
  readonly user: string
  readonly host: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The settings of a named service; throws ConnectionStringFault. */
  service(name: string, file: string | undefined): ReadonlyMap<string, string>
}

const ENVIRONMENT: Readonly<Record<string, string>> = {
  PGHOST: 'host',
  PGPORT: 'port',
  PGDATABASE: 'database',
  PGUSER: 'user',
  PGPASSWORD: 'password',
  PGAPPNAME: 'application_name',
  PGCONNECT_TIMEOUT: 'connect_timeout',
  PGSSLMODE: 'sslmode',
  PGSSLKEY: 'sslkey',
  PGSSLCERT: 'sslcert',
  PGSSLSNI: 'sslsni',
  PGSSLROOTCERT: 'sslrootcert',
  PGSSLPASSWORD: 'sslpassword',
  PGSSLNEGOTIATION: 'sslnegotiation',
  PGTARGETSESSIONATTRS: 'target_session_attrs',
  PGSERVICE: 'service',
  PGSERVICEFILE: 'servicefile',
  PGTZ: 'timezone',
  PGOPTIONS: 'options',
  PGCHANNELBINDING: 'channel_binding',
}

/** Not told to the server: what the client itself does with the connection. */
const OF_THE_CLIENT = new Set([
  ...['host', 'port', 'database', 'user', 'password', 'passfile', 'connect_timeout', 'sslmode'],
  ...['sslkey', 'sslcert', 'sslrootcert', 'sslnegotiation', 'sslpassword', 'sslsni', 'sslinline'],
  ...['krbspn', 'krbsrvname', 'target_session_attrs', 'service', 'servicefile'],
  ...['min_protocol_version', 'max_protocol_version', 'channel_binding', 'require_auth'],
])

/** Whether it is the URL form. */
export const isUrl = (text: string): boolean =>
  text.startsWith('postgres://') || text.startsWith('postgresql://')

/** Throws ConnectionStringFault. */
export function parseConnectionString(
  text: string,
  defaults: ConnectionDefaults,
): ConnectionTarget {
  const sent = isUrl(text) ? settingsOfUrl(text) : settingsOfPairs(text)
  const base = new Map<string, string>([
    ['host', defaults.host],
    ['port', '5432'],
    ['user', defaults.user],
    ['target_session_attrs', 'any'],
  ])
  for (const [variable, name] of Object.entries(ENVIRONMENT)) {
    const value = defaults.environment[variable]
    if (value) base.set(name, value)
  }
  let settings = new Map([...base, ...sent])
  const service = settings.get('service')
  if (service !== undefined) {
    settings = new Map([
      ...base,
      ...defaults.service(service, settings.get('servicefile')),
      ...sent,
    ])
  }
  return targetOf(settings)
}

function targetOf(settings: ReadonlyMap<string, string>): ConnectionTarget {
  const get = (name: string): string => settings.get(name) ?? ''
  for (const name of ['require_auth', 'krbspn', 'krbsrvname']) {
    if (get(name) !== '') throw new ConnectionStringFault(`${name} is not supported`)
  }
  // What is only for TLS counts, and is checked, where a host is reached over the network.
  const isRemote = get('host')
    .split(',')
    .some((host) => !host.startsWith('/'))
  const sslMode = isRemote ? sslModeOf(get) : 'disable'
  const runtimeParams: Record<string, string> = {}
  for (const [name, value] of settings) {
    if (!OF_THE_CLIENT.has(name)) runtimeParams[name] = value
  }
  return {
    user: get('user'),
    password: get('password'),
    database: get('database'),
    attempts: attemptsOf(get('host'), get('port'), sslMode),
    sslMode,
    sslNegotiation: get('sslnegotiation') === 'direct' ? 'direct' : 'postgres',
    sslRootCert: get('sslrootcert'),
    sslCert: get('sslcert'),
    sslKey: get('sslkey'),
    sslPassword: get('sslpassword'),
    connectTimeoutMs: connectTimeoutOf(settings.get('connect_timeout')),
    sessionAttributes: oneOf(
      get('target_session_attrs'),
      SESSION,
      'unknown target_session_attrs value',
    ),
    channelBinding: oneOf(
      get('channel_binding') || 'prefer',
      BINDING,
      'unknown channel_binding value',
    ),
    runtimeParams,
  }
}

const SESSION = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const
const BINDING = ['disable', 'prefer', 'require'] as const
const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const

function oneOf<T extends string>(value: string, known: readonly T[], fault: string): T {
  const found = known.find((one) => one === value)
  if (found === undefined) throw new ConnectionStringFault(fault)
  return found
}

function sslModeOf(get: (name: string) => string): SslMode {
  if ((get('sslcert') === '') !== (get('sslkey') === '')) {
    throw new ConnectionStringFault('both "sslcert" and "sslkey" are required')
  }
  const asked = get('sslmode') || 'prefer'
  const root = get('sslrootcert')
  // libpq: the system's roots always come with the whole check, and with a root "require" checks too.
  if (root === 'system') return 'verify-full'
  const mode = oneOf(asked, MODES, 'sslmode is invalid')
  if (get('sslnegotiation') === 'direct' && mode === 'prefer') return 'require'
  return mode === 'require' && root !== '' ? 'verify-ca' : mode
}

function attemptsOf(hosts: string, ports: string, mode: SslMode): Attempt[] {
  const portList = ports.split(',')
  return hosts.split(',').flatMap((host, i) => {
    const port = portOf(portList[i] ?? portList[0]!)
    const isSocket = host.startsWith('/')
    if (isSocket || mode === 'disable') return [{ host, port, tls: false }]
    if (mode === 'allow') return [false, true].map((tls) => ({ host, port, tls }))
    if (mode === 'prefer') return [true, false].map((tls) => ({ host, port, tls }))
    return [{ host, port, tls: true }]
  })
}

function portOf(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65535) throw new ConnectionStringFault('invalid port')
  return port
}

function connectTimeoutOf(text: string | undefined): number {
  if (text === undefined) return 0
  if (!/^[+]?\d{1,15}$/.test(text)) throw new ConnectionStringFault('invalid connect_timeout')
  return Number(text) * 1000
}

const canonical = (name: string): string => (name === 'dbname' ? 'database' : name)

function settingsOfUrl(text: string): Map<string, string> {
  try {
    return readUrl(text)
  } catch (fault) {
    if (!(fault instanceof GoUrlFault)) throw fault
    throw new ConnectionStringFault(`failed to parse as URL (${fault.message})`)
  }
}

function readUrl(text: string): Map<string, string> {
  const url = parseGoUrl(text)
  const settings = new Map<string, string>()
  if (url.username) settings.set('user', url.username)
  if (url.password !== null) settings.set('password', url.password)
  const hosts: string[] = []
  const ports: string[] = []
  for (const one of url.host.split(',')) {
    if (one === '') continue
    const bare = one.replace(/^[[\]]+|[[\]]+$/g, '')
    if (isIP(bare) > 0 || !one.includes(':')) {
      hosts.push(bare)
      continue
    }
    const [host, port] = splitHostPort(one)
    if (host !== '') hosts.push(host)
    if (port !== '') ports.push(port)
  }
  if (hosts.length > 0) settings.set('host', hosts.join(','))
  if (ports.length > 0) settings.set('port', ports.join(','))
  const database = url.path.replace(/^\/+/, '')
  if (database !== '') settings.set('database', database)
  for (const [name, value] of url.query) settings.set(canonical(name), value)
  return settings
}

function splitHostPort(text: string): [string, string] {
  const bracketed = /^\[([^[\]]*)\]:([^:[\]]*)$/.exec(text)
  const plain = bracketed ?? /^([^:[\]]*):([^:[\]]*)$/.exec(text)
  if (!plain) throw new GoUrlFault('failed to split host and port')
  return [plain[1]!, plain[2]!]
}

const SPACE = /^[ \t\n\r\v\f]+/

/** keyword=value pairs; values with spaces stand in single quotes, with backslashes before ' and \. */
function settingsOfPairs(text: string): Map<string, string> {
  const settings = new Map<string, string>()
  let rest = text.replace(SPACE, '')
  while (rest !== '') {
    const equals = rest.indexOf('=')
    const name = canonical(
      rest.slice(0, Math.max(equals, 0)).replace(/^[ \t\n\r\v\f]+|[ \t\n\r\v\f]+$/g, ''),
    )
    if (equals < 0 || name === '') throw pairFault('invalid keyword/value')
    rest = rest.slice(equals + 1).replace(SPACE, '')
    const isQuoted = rest.startsWith("'")
    if (isQuoted) rest = rest.slice(1)
    const end = endOfValue(rest, isQuoted)
    const value = rest.slice(0, end).replaceAll('\\\\', '\\').replaceAll("\\'", "'")
    rest = rest.slice(end + (isQuoted ? 1 : 0)).replace(SPACE, '')
    if (name !== 'user' || value !== '') settings.set(name, value)
  }
  return settings
}

function endOfValue(text: string, isQuoted: boolean): number {
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!
    if (isQuoted ? char === "'" : SPACE.test(char)) return i
    if (char !== '\\') continue
    i++
    if (i === text.length && !isQuoted) throw pairFault('invalid backslash')
  }
  if (isQuoted) throw pairFault('unterminated quoted string in connection info string')
  return text.length
}

const pairFault = (why: string): ConnectionStringFault =>
  new ConnectionStringFault(`failed to parse as keyword/value (${why})`)
