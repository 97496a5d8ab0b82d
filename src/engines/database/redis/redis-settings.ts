// The settings of a Redis or Valkey connection: either host, port, username and password, or a URL
// (redis://, rediss://, valkey://, valkeys://) that holds them all.
// Source: Vault's API page "Redis database plugin", OpenBao's "Valkey database plugin".
import { ApiError } from '../../../base/errors.ts'
import { boolean, integer, string } from '../../../schema/field.ts'
import { type Parsed, parseFields } from '../../../schema/parse-fields.ts'
import { DatabaseError } from '../database-error.ts'
import type { ConnectionDetails } from '../database-plugin.ts'

export const redisFields = {
  connection_url: string('Where the server is; {{username}} and {{password}} are put in.'),
  host: string('Host of the server.'),
  port: integer('Port of the server.'),
  username: string('Name that takes the place of {{username}}.'),
  password: string('Password that takes the place of {{password}}.', { secret: true }),
  tls: boolean('Speak TLS with the server; needs ca_cert.'),
  insecure_tls: boolean('Take any server certificate.'),
  ca_cert: string('Certificates (PEM) that may have signed the server certificate.'),
  persistence_mode: string(
    'What keeps users over a restart of the server: NONE, ACLFILE (ACL SAVE) or REWRITE (CONFIG REWRITE).',
  ),
}

export interface RedisSettings {
  readonly host: string
  readonly port: number
  /** '': the server's default user. */
  readonly username: string
  /** '': no login at all. */
  readonly password: string
  readonly tls: { readonly ca: string; readonly rejectUnauthorized: boolean } | null
  readonly persistence: 'NONE' | 'ACLFILE' | 'REWRITE'
}

const DEFAULT_PORT = 6379
const settings = (message: string): DatabaseError => new DatabaseError('settings', message)

/** Throws DatabaseError 'settings' in Vault's words. */
export function redisSettings(details: ConnectionDetails): RedisSettings {
  const values = parsed(details)
  const server = values.connection_url ? fromUrl(values.connection_url, values) : fromParts(values)
  const ca = values.ca_cert ?? ''
  if (server.isTls && ca === '') throw settings('ca_cert cannot be empty')
  if (server.isTls && !ca.includes('-----BEGIN CERTIFICATE-----'))
    throw settings('failed to parse root certificate')
  return {
    host: server.host,
    port: server.port,
    username: server.username,
    password: server.password,
    tls: server.isTls ? { ca, rejectUnauthorized: !(values.insecure_tls ?? false) } : null,
    persistence: persistenceOf(values.persistence_mode ?? ''),
  }
}

type Values = Parsed<typeof redisFields>
interface Server {
  readonly host: string
  readonly port: number
  readonly username: string
  readonly password: string
  readonly isTls: boolean
}

function parsed(details: ConnectionDetails): Values {
  const values: Record<string, unknown> = {}
  try {
    parseFields(redisFields, details, true, values)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    throw settings(error.message)
  }
  return values as Values
}

function fromParts(values: Values): Server {
  const { host = '', port = 0, username = '', password = '' } = values
  if (host === '') throw settings('host cannot be empty')
  if (port === 0) throw settings('port cannot be empty')
  if (port < 1 || port > 65535) throw settings('port is out of range')
  if (username === '') throw settings('username cannot be empty')
  if (password === '') throw settings('password cannot be empty')
  return { host, port, username, password, isTls: values.tls ?? false }
}

function fromUrl(text: string, values: Values): Server {
  const { host, port, username, password, tls } = values
  if (host || port || username || password || tls)
    throw settings('cannot specify both connection_url and individual connection parameters')
  // The schemes are no special ones to URL, so that host and port stay as they are written.
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || !/^(redis|valkey)s?:$/.test(url.protocol) || url.hostname === '')
    throw settings('error parsing connection_url: it must begin with redis(s):// or valkey(s)://')
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    username: decoded(url.username),
    password: decoded(url.password),
    isTls: url.protocol.endsWith('s:'),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw settings('error parsing connection_url: invalid URL escape in its user or password')
  }
}

function persistenceOf(text: string): RedisSettings['persistence'] {
  const mode = text.toUpperCase()
  if (mode === '' || mode === 'NONE') return 'NONE'
  if (mode === 'ACLFILE' || mode === 'REWRITE') return mode
  throw settings('persistence_mode must be one of NONE, ACLFILE, REWRITE')
}
