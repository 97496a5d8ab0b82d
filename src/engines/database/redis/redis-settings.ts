// The settings of a Redis or Valkey connection: either host, port, username and password, or a URL
// (redis://, rediss://, valkey://, valkeys://) that holds them all.
// Source: Vault's API page "Redis database plugin", OpenBao's "Valkey database plugin".
import { ApiError } from '../../../base/errors.ts'
import { boolean, integer, string } from '../../../schema/field.ts'
import { type Parsed, parseFields } from '../../../schema/parse-fields.ts'
import type { ConnectionDetails } from '../database-plugin.ts'
import { settingsFault, sqlConfigFields } from '../sql-settings.ts'

export const redisFields = {
  connection_url: sqlConfigFields.connection_url,
  host: string('Host of the server.'),
  port: integer('Port of the server.'),
  username: sqlConfigFields.username,
  password: sqlConfigFields.password,
  tls: boolean('Speak TLS with the server; needs ca_cert.'),
  insecure_tls: boolean('Take any server certificate.'),
  username_template: sqlConfigFields.username_template,
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

/** Throws DatabaseError 'settings' in Vault's words. */
export function redisSettings(details: ConnectionDetails): RedisSettings {
  const values = parsed(details)
  const server = values.connection_url ? fromUrl(values.connection_url, values) : fromParts(values)
  const ca = values.ca_cert ?? ''
  if (server.isTls && ca === '') throw settingsFault('ca_cert cannot be empty')
  if (server.isTls && !ca.includes('-----BEGIN CERTIFICATE-----'))
    throw settingsFault('failed to parse root certificate')
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

/** The values by their fields; text where numbers were sent as text, as the CLI does. */
function parsed(details: ConnectionDetails): Values {
  const values: Record<string, unknown> = {}
  try {
    parseFields(redisFields, details, true, values)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    throw settingsFault(error.message)
  }
  return values as Values
}

function fromParts(values: Values): Server {
  const { host = '', port = 0, username = '', password = '' } = values
  if (host === '') throw settingsFault('host cannot be empty')
  if (port === 0) throw settingsFault('port cannot be empty')
  if (port < 1 || port > 65535) throw settingsFault('port is out of range')
  if (username === '') throw settingsFault('username cannot be empty')
  if (password === '') throw settingsFault('password cannot be empty')
  return { host, port, username, password, isTls: values.tls ?? false }
}

function fromUrl(text: string, values: Values): Server {
  const { host, port, username, password, tls } = values
  if (host || port || username || password || tls)
    throw settingsFault('cannot specify both connection_url and individual connection parameters')
  // The schemes are no special ones to URL, so that host and port stay as they are written.
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || !/^(redis|valkey)s?:$/.test(url.protocol) || url.hostname === '')
    throw settingsFault(
      'error parsing connection_url: it must begin with redis(s):// or valkey(s)://',
    )
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    username: decoded(url.username),
    password: decoded(url.password),
    isTls: url.protocol === 'rediss:' || url.protocol === 'valkeys:',
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw settingsFault('error parsing connection_url: invalid URL escape in its user or password')
  }
}

function persistenceOf(text: string): RedisSettings['persistence'] {
  const mode = text.toUpperCase()
  if (mode === '' || mode === 'NONE') return 'NONE'
  if (mode === 'ACLFILE' || mode === 'REWRITE') return mode
  throw settingsFault('persistence_mode must be one of NONE, ACLFILE, REWRITE')
}
