// A real PostgreSQL of a test's own: tools/real-postgres.mjs on a free loopback port, its data in a
// temporary folder. It can be stopped and started again on the same port; it never outlives the test.
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

const starter = fileURLToPath(new URL('../../tools/real-postgres.mjs', import.meta.url))

export interface RealPostgres {
  readonly port: number
  /** The superuser's. */
  readonly username: string
  readonly password: string
  /** Runs statements as the superuser, in "postgres" or another database. */
  query<R extends pg.QueryResultRow>(
    text: string,
    values?: unknown[],
    database?: string,
  ): Promise<R[]>
  /** Whether this login works; what the server said otherwise. */
  login(username: string, password: string, database?: string): Promise<true | string>
  /** A connection of a test's own as anybody; end it. */
  connect(username: string, password: string, database?: string): Promise<pg.Client>
  stop(): Promise<void>
  /** Again on the same port and data. */
  start(): Promise<void>
  /** Ends it and removes its data. */
  remove(): Promise<void>
}

/** Settings such as "fsync=on"; by default it syncs nothing to disk. */
export async function startPostgres(
  settings: readonly string[] = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'],
): Promise<RealPostgres> {
  const postgres = new Postgres(settings)
  try {
    await postgres.start()
  } catch (error) {
    await postgres.remove()
    throw error
  }
  return postgres
}

class Postgres implements RealPostgres {
  readonly username = 'postgres'
  readonly password = 'postgres'
  readonly #settings: readonly string[]
  readonly #folder = mkdtempSync(join(tmpdir(), 'strongroom-postgres-test-'))
  #child: ChildProcess | null = null
  port = 0

  constructor(settings: readonly string[]) {
    this.#settings = settings
    // Where tests run as root, PostgreSQL runs as somebody else and has to get here.
    chmodSync(this.#folder, 0o755)
  }

  async start(): Promise<void> {
    const args = [starter, this.#folder, ...(this.port ? ['--port', String(this.port)] : [])]
    for (const setting of this.#settings) args.push('-c', setting)
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child = child
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString()
    })
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()))
      child.once('error', reject)
      child.once('close', (code) => reject(new Error(`PostgreSQL ended (${code}): ${errors}`)))
    })
    this.port = (JSON.parse(line) as { port: number }).port
  }

  async connect(username: string, password: string, database = 'postgres'): Promise<pg.Client> {
    const client = new pg.Client({
      ...{ host: '127.0.0.1', port: this.port, user: username, password, database },
      connectionTimeoutMillis: 10_000,
    })
    // A connection that the server ends is no failure of the test.
    client.on('error', () => {})
    await client.connect()
    return client
  }

  async query<R extends pg.QueryResultRow>(
    text: string,
    values?: unknown[],
    database?: string,
  ): Promise<R[]> {
    const client = await this.connect(this.username, this.password, database)
    try {
      return (await client.query<R>(text, values)).rows
    } finally {
      await client.end()
    }
  }

  async login(username: string, password: string, database?: string): Promise<true | string> {
    try {
      await (await this.connect(username, password, database)).end()
      return true
    } catch (error) {
      return (error as Error).message
    }
  }

  async stop(): Promise<void> {
    const child = this.#child
    this.#child = null
    if (!child || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGTERM')
    await ended
  }

  async remove(): Promise<void> {
    await this.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
