// Connection strings of MySQL as Vault reads them: the DSN of Go's driver,
//   [user[:password]@][network[(address)]]/database[?name=value&…]
// The last "/" before which everything stands, the last "@" and the first ":" decide, so a password may
// hold any of these. Nothing but the database and most values of parameters is percent-decoded.
// Source: go-sql-driver/mysql's README ("DSN") and its ParseDSN, which is the oracle of the test.
import { readDsnParams } from './go-dsn-params.ts'
import { DsnFault, percentDecoded } from './go-dsn-values.ts'

export interface GoDsn {
  user: string
  password: string
  /** 'tcp', 'unix' or what was written. */
  network: string
  /** host:port (an IPv6 host in brackets) or the path of a socket. */
  address: string
  database: string
  /** In the order in which they are tried; empty: the driver's. */
  charsets: readonly string[]
  collation: string
  /** System variables to set, as text of SQL. */
  params: Record<string, string>
  /** "name:value,…". */
  connectionAttributes: string
  /** '' and 'false': none; 'true', 'skip-verify', 'preferred'. */
  tls: string
  timeoutMs: number
  readTimeoutMs: number
  writeTimeoutMs: number
  maxAllowedPacket: number
  allowCleartextPasswords: boolean
  allowFallbackToPlaintext: boolean
  allowNativePasswords: boolean
  allowOldPasswords: boolean
  clientFoundRows: boolean
  compress: boolean
  interpolateParams: boolean
  multiStatements: boolean
  rejectReadOnly: boolean
}

const initial = (): GoDsn => ({
  user: '',
  password: '',
  network: '',
  address: '',
  database: '',
  charsets: [],
  collation: '',
  params: {},
  connectionAttributes: '',
  tls: '',
  timeoutMs: 0,
  readTimeoutMs: 0,
  writeTimeoutMs: 0,
  maxAllowedPacket: 64 * 1024 * 1024,
  allowCleartextPasswords: false,
  allowFallbackToPlaintext: false,
  allowNativePasswords: true,
  allowOldPasswords: false,
  clientFoundRows: false,
  compress: false,
  interpolateParams: false,
  multiStatements: false,
  rejectReadOnly: false,
})

/** Throws DsnFault. */
export function parseGoDsn(text: string): GoDsn {
  const dsn = initial()
  const slash = text.lastIndexOf('/')
  if (slash < 0 && text !== '')
    throw new DsnFault('invalid DSN: missing the slash separating the database name')
  if (slash > 0) readServer(dsn, text.slice(0, slash))
  if (slash >= 0) readDatabase(dsn, text.slice(slash + 1))
  complete(dsn)
  return dsn
}

function readServer(dsn: GoDsn, text: string): void {
  const at = text.lastIndexOf('@')
  if (at >= 0) {
    const login = text.slice(0, at)
    const colon = login.indexOf(':')
    dsn.user = colon < 0 ? login : login.slice(0, colon)
    if (colon >= 0) dsn.password = login.slice(colon + 1)
  }
  const server = text.slice(at + 1)
  const open = server.indexOf('(')
  dsn.network = open < 0 ? server : server.slice(0, open)
  if (open < 0) return
  if (!server.endsWith(')')) {
    throw new DsnFault(
      server.includes(')', open)
        ? 'invalid DSN: did you forget to escape a param value?'
        : 'invalid DSN: network address not terminated (missing closing brace)',
    )
  }
  dsn.address = server.slice(open + 1, -1)
}

function readDatabase(dsn: GoDsn, text: string): void {
  const question = text.indexOf('?')
  if (question >= 0) readDsnParams(dsn, text.slice(question + 1))
  const name = question < 0 ? text : text.slice(0, question)
  try {
    dsn.database = percentDecoded(name, false)
  } catch (error) {
    if (!(error instanceof DsnFault)) throw error
    throw new DsnFault(`invalid dbname ${JSON.stringify(name)}: ${error.message}`)
  }
}

const UNSAFE_COLLATION =
  /^(big5_chinese|cp932_japanese|gb2312_chinese|gb18030_chinese|gbk_chinese|sjis_japanese)_ci$|^(big5|cp932|gb2312|gb18030|gbk|sjis)_bin$|^gb18030_unicode_520_ci$/

function complete(dsn: GoDsn): void {
  if (dsn.interpolateParams && UNSAFE_COLLATION.test(dsn.collation))
    throw new DsnFault('invalid DSN: interpolateParams can not be used with unsafe collations')
  if (dsn.network === '') dsn.network = 'tcp'
  if (dsn.address === '') {
    if (dsn.network === 'tcp') dsn.address = '127.0.0.1:3306'
    else if (dsn.network === 'unix') dsn.address = '/tmp/mysql.sock'
    else throw new DsnFault(`default addr for network '${dsn.network}' unknown`)
  } else if (dsn.network === 'tcp') dsn.address = withPort(dsn.address)
  if (dsn.tls === 'preferred') dsn.allowFallbackToPlaintext = true
  if (!['', 'false', 'true', 'skip-verify', 'preferred'].includes(dsn.tls))
    throw new DsnFault(`invalid value / unknown config name: ${dsn.tls}`)
}

/** Go's net.SplitHostPort; null where it gives an error. */
export function splitHostPort(
  text: string,
): { readonly host: string; readonly port: string } | null {
  const colon = text.lastIndexOf(':')
  if (colon < 0) return null
  const port = text.slice(colon + 1)
  if (text.startsWith('[')) {
    const end = text.indexOf(']')
    const host = text.slice(1, end)
    if (end < 0 || end + 1 !== colon || host.includes('[') || /[[\]]/.test(port)) return null
    return { host, port }
  }
  const host = text.slice(0, colon)
  return host.includes(':') || /[[\]]/.test(text) ? null : { host, port }
}

/** `host:port`; 3306 where the text has no port (Go puts what has colons into brackets). */
export function withPort(text: string): string {
  if (splitHostPort(text)) return text
  return text.includes(':') ? `[${text}]:3306` : `${text}:3306`
}
