// The settings of a MySQL connection: `connection_details` become one checked object. Name and password
// are put into the DSN's parts after it was parsed, so that no character of theirs can change its meaning.
// Source: Vault's API page "MySQL/MariaDB database plugin".
import { createSecureContext } from 'node:tls'
import { DATABASE_CONNECT_MS, DATABASE_STATEMENT_MS } from '../../../base/limits.ts'
import { boolean, string } from '../../../schema/field.ts'
import type { ConnectionDetails } from '../database-plugin.ts'
import { isTrue, readSqlSettings, settingsFault, sqlConfigFields, textOf } from '../sql-settings.ts'
import { type GoDsn, parseGoDsn, splitHostPort, withPort } from './go-dsn.ts'
import { DsnFault } from './go-dsn-values.ts'

export const mysqlFields = {
  ...sqlConfigFields,
  tls_ca: string('PEM of the certificates that the server is checked with.'),
  tls_certificate_key: string('PEM of our own certificate and its private key, in one text.', {
    secret: true,
  }),
  tls_server_name: string('Name that the server certificate must have, if not the host.'),
  tls_skip_verify: boolean('Take any server certificate.'),
}

export type MysqlServer =
  | { readonly host: string; readonly port: number }
  | { readonly path: string }

export interface MysqlTls {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  /** Absent: the host's own name. */
  readonly serverName: string | undefined
  readonly skipVerify: boolean
  /** Go on without TLS where the server has none. */
  readonly isOptional: boolean
}

export interface MysqlSettings {
  /** Tried in this order. */
  readonly servers: readonly MysqlServer[]
  readonly user: string
  readonly password: string
  readonly dsn: GoDsn
  readonly tls: MysqlTls | null
  readonly connectMs: number
  readonly callMs: number
  readonly maxOpen: number
  readonly maxIdle: number
  readonly lifetimeMs: number
  /** What must not show in an error. */
  readonly secrets: readonly string[]
}

/** Throws DatabaseError 'settings' in Vault's words. */
export function mysqlSettings(details: ConnectionDetails): MysqlSettings {
  const shared = readSqlSettings(details, { escapesPassword: false })
  const { text, hosts } = firstOfHosts(textOf(details.connection_url))
  const dsn = filled(text, shared.username, shared.password)
  return {
    servers: hosts.length > 0 ? hosts.map((host) => server('tcp', host)) : [serverOf(dsn)],
    user: dsn.user,
    password: dsn.password,
    dsn,
    tls: tlsOf(details, dsn),
    connectMs: dsn.timeoutMs > 0 ? dsn.timeoutMs : DATABASE_CONNECT_MS,
    callMs: dsn.readTimeoutMs > 0 ? dsn.readTimeoutMs : DATABASE_STATEMENT_MS,
    maxOpen: shared.maxOpen,
    maxIdle: shared.maxIdle,
    lifetimeMs: shared.lifetimeMs,
    secrets: [shared.password, dsn.password],
  }
}

const TCP = /tcp\(([^)]+)\)/

/** Several hosts in one tcp(…): the parser gets the first of them. */
function firstOfHosts(text: string): { text: string; hosts: readonly string[] } {
  const written = TCP.exec(text)?.[1]
  if (!written?.includes(',')) return { text, hosts: [] }
  const hosts = written
    .split(',')
    .map((host) => host.trim())
    .filter((host) => host !== '')
    .map(withPort)
  if (hosts.length === 0)
    throw settingsFault('error parsing multi-host DSN: no valid hosts found in connection URL')
  return { text: text.replace(TCP, () => `tcp(${hosts[0]})`), hosts }
}

/** Stand-ins without any character that means something to a DSN. */
const NAME_HERE = '\ue000name\ue000'
const PASSWORD_HERE = '\ue000password\ue000'

function filled(text: string, username: string, password: string): GoDsn {
  const template = text
    .replaceAll('{{username}}', NAME_HERE)
    .replaceAll('{{password}}', PASSWORD_HERE)
  const put = (part: string): string =>
    part.replace(/\ue000(name|password)\ue000/g, (_whole, what: string) =>
      what === 'name' ? username : password,
    )
  try {
    const dsn = parseGoDsn(template)
    for (const part of ['user', 'password', 'address', 'database'] as const)
      dsn[part] = put(dsn[part])
    return dsn
  } catch (error) {
    if (!(error instanceof DsnFault)) throw error
    const words = error.message.replaceAll('\ue000', '')
    throw settingsFault(`unable to parse connectionURL: ${words}`)
  }
}

const serverOf = (dsn: GoDsn): MysqlServer => server(dsn.network, dsn.address)

function server(network: string, address: string): MysqlServer {
  if (network === 'unix') return { path: address }
  if (!/^tcp[46]?$/.test(network)) throw settingsFault(`unknown network "${network}"`)
  const { host, port } = splitHostPort(address) ?? { host: '', port: '' }
  const number = /^\d+$/.test(port) ? Number(port) : 0
  if (number < 1 || number > 65535) throw settingsFault(`the address ${address} has no valid port`)
  return { host: host || 'localhost', port: number }
}

function tlsOf(details: ConnectionDetails, dsn: GoDsn): MysqlTls | null {
  const pem = textOf(details.tls_certificate_key) || undefined
  const ca = textOf(details.tls_ca) || undefined
  if (pem === undefined && ca === undefined) {
    if (dsn.tls === '' || dsn.tls === 'false') return null
    return {
      ...{ ca, cert: pem, key: pem, serverName: undefined },
      skipVerify: dsn.tls !== 'true',
      isOptional: dsn.allowFallbackToPlaintext,
    }
  }
  if (ca !== undefined && !ca.includes('-----BEGIN CERTIFICATE-----'))
    throw settingsFault('failed to append CA to client options')
  const tls: MysqlTls = {
    ...{ ca, cert: pem, key: pem },
    serverName: textOf(details.tls_server_name) || undefined,
    skipVerify: isTrue(details.tls_skip_verify),
    isOptional: dsn.allowFallbackToPlaintext,
  }
  try {
    createSecureContext({ ...(ca && { ca }), ...(pem && { cert: pem, key: pem }) })
  } catch {
    // OpenSSL's words may quote what it was given.
    throw settingsFault('unable to load tls_certificate_key_data: no certificate and key that fit')
  }
  return tls
}
