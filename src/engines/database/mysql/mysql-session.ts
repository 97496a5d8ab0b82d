// One connection to a MySQL or MariaDB server through mysql2, which is loaded at the first. The socket is
// ours: each server of the list is tried in turn, and it is destroyed when a deadline passes, whatever the
// driver waits for. Statements go as text, or prepared where they can be, as Vault sends them.
// Source: mysql2's documentation; Go's MySQL driver for what a DSN sets up.
import { connect as connectSocket, type Socket } from 'node:net'
import type { Connection, ConnectionOptions } from 'mysql2'
import type { Clock } from '../../../base/clock.ts'
import { bounded } from '../deadline.ts'
import { ed25519Auth } from './ed25519-auth.ts'
import { type QuoteRules, quoteRules } from './fill-statement.ts'
import { errorNumber, mysqlError } from './mysql-error.ts'
import type { MysqlServer, MysqlSettings } from './mysql-settings.ts'

type Driver = typeof import('mysql2')
export type Row = Readonly<Record<string, unknown>>

export interface Login {
  readonly user: string
  readonly password: string
  /** Absent: the DSN's; '' for a login that needs none. */
  readonly database?: string
}

/** "This command is not supported in the prepared statement protocol yet". */
const NOT_PREPARABLE = 1295

export class MysqlSession {
  readonly #connection: Connection
  readonly #socket: Socket
  readonly #settings: MysqlSettings
  readonly #clock: Clock
  #isBroken = false
  /** A statement was given up that the server may still be at. */
  isAbandoned = false
  #signal: AbortSignal = new AbortController().signal
  rules: QuoteRules = { noBackslashEscapes: false, ansiQuotes: false }
  isMariadb = false

  constructor(connection: Connection, socket: Socket, settings: MysqlSettings, clock: Clock) {
    this.#connection = connection
    this.#socket = socket
    this.#settings = settings
    this.#clock = clock
    // A connection that the server ends while nobody uses it is no failure; it is just not used again.
    connection.on('error', () => this.end())
    connection.on('end', () => this.end())
  }

  /** The server's number for this connection, as KILL takes it. */
  get id(): number {
    return this.#connection.threadId
  }

  get isUsable(): boolean {
    return !this.#isBroken
  }

  /** For statements from now on: whose request they serve. */
  servedFor(signal: AbortSignal): this {
    this.#signal = signal
    return this
  }

  end(): void {
    if (this.#isBroken) return
    this.#isBroken = true
    this.#connection.destroy()
    this.#socket.destroy()
  }

  /** Runs a statement as text. `secrets` are kept out of errors. */
  query(sql: string, secrets: readonly string[] = []): Promise<readonly Row[]> {
    return this.#run<unknown>(secrets, (done) => {
      this.#connection.query(sql, (error, rows) => done(error, rows))
    }).then((rows) => (Array.isArray(rows) ? (rows as Row[]) : []))
  }

  /** Prepared, with values for its question marks: the driver's own quoting trusts in sql_mode. */
  select(sql: string, values: readonly string[]): Promise<readonly Row[]> {
    return this.#run<unknown>([], (done) => {
      this.#connection.execute(sql, [...values], (error, rows) => done(error, rows))
    }).then((rows) => rows as Row[])
  }

  /** Prepares and runs it, or runs it as text where the server can't prepare it. */
  async execute(sql: string, secrets: readonly string[]): Promise<void> {
    type Prepared = { execute(values: unknown[], done: (error: Error | null) => void): unknown }
    let prepared: Prepared
    try {
      prepared = await this.#run<Prepared>(
        secrets,
        (done) => {
          this.#connection.prepare(sql, (error, statement) => done(error, statement as Prepared))
        },
        false,
      )
    } catch (error) {
      if (errorNumber(error) !== NOT_PREPARABLE) throw mysqlError(error, this.#secrets(secrets))
      await this.query(sql, secrets)
      return
    }
    try {
      await this.#run<unknown>(secrets, (done) => prepared.execute([], (error) => done(error)))
    } finally {
      // The driver would keep it, with the password in its text.
      if (this.isUsable) this.#connection.unprepare(sql)
    }
  }

  #secrets(more: readonly string[]): readonly string[] {
    return [...this.#settings.secrets, ...more]
  }

  async #run<T>(
    secrets: readonly string[],
    start: (done: (error: unknown, result?: T) => void) => void,
    translate = true,
  ): Promise<T> {
    const work = new Promise<T>((resolve, reject) => {
      start((error, result) => (error ? reject(error) : resolve(result as T)))
    })
    const { callMs } = this.#settings
    const deadline = { clock: this.#clock, ms: callMs, signal: this.#signal, what: 'statement' }
    try {
      return await bounded(deadline, work, () => {
        this.isAbandoned = true
        this.end()
      })
    } catch (error) {
      if ((error as { fatal?: boolean }).fatal) this.end()
      throw translate ? mysqlError(error, this.#secrets(secrets)) : error
    }
  }

  /** What the DSN asks to be set, and what quotes mean here. */
  async prepareSession(): Promise<void> {
    const { params } = this.#settings.dsn
    const names = Object.keys(params)
    if (names.length > 0)
      await this.query(`SET ${names.map((name) => `${name} = ${params[name]}`).join(', ')}`)
    const [row] = await this.query('SELECT @@sql_mode AS mode, @@version AS version')
    this.rules = quoteRules(String(row?.mode ?? ''))
    this.isMariadb = /mariadb/i.test(String(row?.version))
  }
}

/** Connects to the first server that answers and logs in; throws DatabaseError. */
export async function openSession(
  settings: MysqlSettings,
  clock: Clock,
  signal: AbortSignal,
  login: Login = settings,
): Promise<MysqlSession> {
  const driver = await import('mysql2')
  const secrets = [...settings.secrets, login.password]
  let failure: unknown
  for (const server of settings.servers) {
    try {
      const session = await openAt(server, driver.default ?? driver, settings, clock, signal, login)
      await session.servedFor(signal).prepareSession()
      return session
    } catch (error) {
      failure = error
      if (mysqlError(error, secrets).kind !== 'unreachable' || signal.aborted) break
    }
  }
  throw mysqlError(failure, secrets)
}

async function openAt(
  server: MysqlServer,
  driver: Driver,
  settings: MysqlSettings,
  clock: Clock,
  signal: AbortSignal,
  login: Login,
): Promise<MysqlSession> {
  try {
    return await attempt(server, driver, settings, clock, signal, login, true)
  } catch (error) {
    const code = (error as { code?: string }).code
    if (!settings.tls?.isOptional || code !== 'HANDSHAKE_NO_SSL_SUPPORT') throw error
    return await attempt(server, driver, settings, clock, signal, login, false)
  }
}

async function attempt(
  server: MysqlServer,
  driver: Driver,
  settings: MysqlSettings,
  clock: Clock,
  signal: AbortSignal,
  login: Login,
  withTls: boolean,
): Promise<MysqlSession> {
  const socket = 'path' in server ? connectSocket(server.path) : connectSocket(server)
  socket.setNoDelay(true)
  socket.setKeepAlive(true)
  let connection: Connection | undefined
  const opened = new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    connection = driver.createConnection(
      optionsFor(server, driver, settings, login, socket, withTls),
    )
    connection.once('connect', () => resolve())
    connection.once('error', reject)
  })
  const name = 'path' in server ? server.path : `${server.host}:${server.port}`
  const what = `connecting to ${name}`
  try {
    await bounded({ clock, ms: settings.connectMs, signal, what }, opened, () => socket.destroy())
  } catch (error) {
    connection?.on('error', () => {})
    socket.on('error', () => {})
    socket.destroy()
    throw error
  }
  return new MysqlSession(connection!, socket, settings, clock)
}

function optionsFor(
  server: MysqlServer,
  driver: Driver,
  settings: MysqlSettings,
  login: Login,
  socket: Socket,
  withTls: boolean,
): ConnectionOptions {
  const { dsn, tls } = settings
  const host = 'path' in server ? 'localhost' : server.host
  const name = tls?.serverName ?? host
  const charset = charsetOf(driver, settings)
  // For an address, Node compares the certificate with the name that the socket was opened with.
  Object.assign(socket, { _host: name })
  return {
    stream: socket,
    host: name,
    ...('path' in server && { socketPath: server.path }),
    user: login.user,
    password: login.password,
    database: login.database ?? dsn.database,
    // Ours is the deadline that counts; the driver's may not fire later.
    connectTimeout: settings.connectMs,
    multipleStatements: dsn.multiStatements,
    enableCleartextPlugin: dsn.allowCleartextPasswords,
    compress: dsn.compress,
    connectAttributes: attributes(dsn.connectionAttributes),
    authPlugins: { client_ed25519: ed25519Auth(login.password) },
    flags: [dsn.clientFoundRows ? 'FOUND_ROWS' : '-FOUND_ROWS', '-LOCAL_FILES'],
    ...(charset && { charset }),
    ...(withTls &&
      tls && {
        ssl: {
          ...(tls.ca && { ca: tls.ca }),
          ...(tls.cert && tls.key && { cert: tls.cert, key: tls.key }),
          rejectUnauthorized: !tls.skipVerify,
          verifyIdentity: !tls.skipVerify,
        },
      }),
  }
}

/** The collation, or the first of the charsets that the driver can write. */
function charsetOf(driver: Driver, { dsn }: MysqlSettings): string | undefined {
  const known = driver.Charsets as unknown as Readonly<Record<string, number>>
  return [dsn.collation, ...dsn.charsets].find(
    (name) => name !== '' && Object.hasOwn(known, name.toUpperCase()),
  )
}

/** "name:value,name:value". */
function attributes(text: string): Record<string, string> {
  const pairs: Record<string, string> = { _client_name: 'strongroom' }
  for (const part of text.split(',')) {
    const colon = part.indexOf(':')
    if (colon > 0) pairs[part.slice(0, colon)] = part.slice(colon + 1)
  }
  return pairs
}
