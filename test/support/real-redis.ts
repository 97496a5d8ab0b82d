// A real Redis of a test's own (Debian's redis-server): a free loopback port, its files in a temporary
// folder. It can be stopped and started again on the same port, and it never outlives the test.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort, waitForPort } from './free-port.ts'
import { requireProgram } from './live-program.ts'
import { spawnTied, type TiedChild } from './tied-child.ts'

const ADVICE = 'run "apt-get install redis-server" (Debian, Ubuntu)'

export interface RealRedis {
  readonly port: number
  /** Where its configuration and ACL file lie. */
  readonly folder: string
  /** The default user's password is this too. */
  readonly username: string
  readonly password: string
  /** A connection of a test's own as anybody; disconnect it. */
  connect(username: string, password: string): Promise<Redis>
  /** Whether this login works; what the server said otherwise. */
  login(username: string, password: string): Promise<true | string>
  /** One command as the administrator. */
  run(...command: readonly [string, ...string[]]): Promise<unknown>
  stop(): Promise<void>
  start(): Promise<void>
  /** Ends it and removes its files. */
  remove(): Promise<void>
}

/** `settings` are lines of its configuration; with `aclFile` its users live in a file of their own. */
export async function startRedis(
  of: { settings?: readonly string[]; aclFile?: boolean } = {},
): Promise<RealRedis> {
  await requireProgram('redis-server', ['--version'], ADVICE)
  const redis = new RedisServer(of.aclFile ?? false)
  try {
    await redis.prepare(of.settings ?? [])
    await redis.start()
  } catch (error) {
    await redis.remove()
    throw error
  }
  return redis
}

class RedisServer implements RealRedis {
  readonly username = 'vault-admin'
  readonly password = 'p@ss:wo/rd"\'#%'
  readonly folder = mkdtempSync(join(tmpdir(), 'strongroom-redis-'))
  readonly #hasAclFile: boolean
  #child: TiedChild | null = null
  #isTls = false
  port = 0

  constructor(hasAclFile: boolean) {
    this.#hasAclFile = hasAclFile
  }

  async prepare(settings: readonly string[]): Promise<void> {
    this.port = await freePort()
    this.#isTls = settings.some((line) => line.startsWith('tls-'))
    const lines = [
      this.#isTls ? `port 0\ntls-port ${this.port}` : `port ${this.port}`,
      'bind 127.0.0.1',
      'save ""',
      'appendonly no',
      'daemonize no',
      `dir ${this.folder}`,
      ...settings,
    ]
    const hash = sha256(this.password)
    const users = [
      `user default on #${hash} ~* &* +@all`,
      `user ${this.username} on #${hash} ~* &* +@all`,
    ]
    if (this.#hasAclFile) {
      writeFileSync(join(this.folder, 'users.acl'), `${users.join('\n')}\n`)
      lines.push(`aclfile ${join(this.folder, 'users.acl')}`)
    } else lines.push(...users)
    writeFileSync(join(this.folder, 'redis.conf'), `${lines.join('\n')}\n`)
  }

  async start(): Promise<void> {
    this.#child = spawnTied('redis-server', [join(this.folder, 'redis.conf')])
    await waitForPort(this.port, this.#child)
  }

  async connect(username: string, password: string): Promise<Redis> {
    const client = new Redis({
      host: '127.0.0.1',
      port: this.port,
      lazyConnect: true,
      retryStrategy: null,
      maxRetriesPerRequest: 0,
      enableReadyCheck: false,
      protocol: 2,
      disableClientInfo: true,
      ...(this.#isTls && { tls: { rejectUnauthorized: false } }),
    })
    // A connection that the server ends is no failure of the test.
    client.on('error', () => {})
    try {
      await client.connect()
      await client.call('AUTH', username, password)
    } catch (error) {
      client.disconnect()
      throw error
    }
    return client
  }

  async login(username: string, password: string): Promise<true | string> {
    try {
      ;(await this.connect(username, password)).disconnect()
      return true
    } catch (error) {
      return (error as Error).message
    }
  }

  async run(...[name, ...args]: readonly [string, ...string[]]): Promise<unknown> {
    const client = await this.connect(this.username, this.password)
    try {
      return await client.call(name, ...args)
    } finally {
      client.disconnect()
    }
  }

  async stop(): Promise<void> {
    await this.#child?.end()
    this.#child = null
  }

  async remove(): Promise<void> {
    await this.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
