// A real MariaDB of a test's own (Debian's mariadb-server): a free loopback port and a socket, its data in a
// temporary folder. It can be stopped and started again on the same port, and it never outlives the test.
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mysql from 'mysql2/promise'
import { freePort, waitForPort } from './free-port.ts'
import { requireProgram, runProgram } from './live-program.ts'
import { spawnTied, type TiedChild } from './tied-child.ts'

const ADVICE = 'run "apt-get install mariadb-server" (Debian, Ubuntu)'
const NOBODY = 65534
/** Small and fast; io_uring, which it would use, makes some kernels hang. */
const LIGHT = [
  '--innodb-use-native-aio=0',
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-doublewrite=0',
  '--innodb-log-file-size=4M',
  '--innodb-buffer-pool-size=16M',
]
const isRoot = process.getuid?.() === 0

export interface RealMariadb {
  readonly port: number
  readonly socketPath: string
  /** May do everything, over TCP too. */
  readonly username: string
  readonly password: string
  query(text: string): Promise<Record<string, unknown>[]>
  /** Whether this login works; what the server said otherwise. */
  login(username: string, password: string): Promise<true | string>
  /** A connection of a test's own as anybody; end it. */
  connect(username: string, password: string): Promise<mysql.Connection>
  stop(): Promise<void>
  start(): Promise<void>
  /** Ends it and removes its data. */
  remove(): Promise<void>
}

/** `settings` are the server's own options, such as "ssl-cert=/path". */
export async function startMariadb(settings: readonly string[] = []): Promise<RealMariadb> {
  await requireProgram('mariadbd', ['--version'], ADVICE)
  const mariadb = new Mariadb(settings)
  try {
    await mariadb.initialize()
    await mariadb.start()
    await mariadb.makeAdmin()
  } catch (error) {
    await mariadb.remove()
    throw error
  }
  return mariadb
}

class Mariadb implements RealMariadb {
  readonly username = 'vault-admin'
  readonly password = 'it"s \\a:s@cr/et\''
  readonly #settings: readonly string[]
  readonly #folder = mkdtempSync(join(tmpdir(), 'strongroom-mariadb-'))
  readonly socketPath = join(this.#folder, 'mariadb.sock')
  #child: TiedChild | null = null
  port = 0

  constructor(settings: readonly string[]) {
    this.#settings = settings
    // mariadbd refuses to run as root: then it runs as nobody, and tests still have to reach its socket.
    if (isRoot) chownSync(this.#folder, NOBODY, NOBODY)
    chmodSync(this.#folder, 0o755)
  }

  /** A server that starts removes the temporary tables of others in a folder that they share. */
  get #ownParts(): string[] {
    const own = [`--datadir=${join(this.#folder, 'data')}`, `--tmpdir=${this.#folder}`]
    return isRoot ? [...own, '--user=nobody'] : own
  }

  async initialize(): Promise<void> {
    const args = [
      '--no-defaults',
      ...this.#ownParts,
      '--skip-test-db',
      '--auth-root-authentication-method=normal',
      ...LIGHT,
    ]
    const { code, output } = await runProgram('mariadb-install-db', args, { timeoutMs: 60_000 })
    if (code !== 0) throw new Error(`MariaDB's data could not be made: ${output}`)
  }

  async start(): Promise<void> {
    this.port ||= await freePort()
    const args = [
      '--no-defaults',
      ...this.#ownParts,
      `--port=${this.port}`,
      '--bind-address=127.0.0.1',
      `--socket=${this.socketPath}`,
      `--pid-file=${join(this.#folder, 'pid')}`,
      '--skip-name-resolve',
      '--skip-log-bin',
      '--performance-schema=OFF',
      ...LIGHT,
      '--plugin-load-add=auth_ed25519',
      ...this.#settings.map((setting) => `--${setting}`),
    ]
    this.#child = spawnTied('mariadbd', args)
    await waitForPort(this.port, this.#child)
  }

  async makeAdmin(): Promise<void> {
    const root = await mysql.createConnection({ socketPath: this.socketPath, user: 'root' })
    await root.query('CREATE USER ?@? IDENTIFIED BY ?', [this.username, '%', this.password])
    await root.query('GRANT ALL PRIVILEGES ON *.* TO ?@? WITH GRANT OPTION', [this.username, '%'])
    await root.query('CREATE DATABASE app')
    await root.query('CREATE TABLE app.things (id INT PRIMARY KEY)')
    await root.end()
  }

  async connect(username: string, password: string): Promise<mysql.Connection> {
    const connection = await mysql.createConnection({
      host: '127.0.0.1',
      port: this.port,
      user: username,
      password,
      connectTimeout: 10_000,
    })
    // A connection that the server ends is no failure of the test.
    connection.on('error', () => {})
    return connection
  }

  async query(text: string): Promise<Record<string, unknown>[]> {
    const connection = await this.connect(this.username, this.password)
    try {
      const [rows] = await connection.query(text)
      return rows as Record<string, unknown>[]
    } finally {
      await connection.end()
    }
  }

  async login(username: string, password: string): Promise<true | string> {
    try {
      await (await this.connect(username, password)).end()
      return true
    } catch (error) {
      return (error as Error).message
    }
  }

  async stop(): Promise<void> {
    await this.#child?.end()
    this.#child = null
  }

  async remove(): Promise<void> {
    await this.stop()
    if (existsSync(this.#folder)) rmSync(this.#folder, { recursive: true, force: true })
  }
}
