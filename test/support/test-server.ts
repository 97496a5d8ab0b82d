// A real server process for black-box tests: `server-main.ts` bundled once per test file, on a free port,
// with storage and workers as wanted, initialised and unsealed unless said otherwise. It can be stopped,
// killed and started again on the same data. What the server prints is kept and shown when a start fails.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import { bundleForTest } from './run-bundled.ts'

export interface TestServerOptions {
  /** Default lmdb, in a temporary folder; memory only with one worker. */
  readonly storage?: 'lmdb' | 'memory'
  /** Processes that serve; default 1. */
  readonly workers?: number
  /** Further lines of the configuration file; `FOLDER` in them is this server's folder. */
  readonly config?: string
  /** Further lines of its listener block. */
  readonly listener?: string
  /** How the key is split; default one share of one. null: neither initialised nor unsealed. */
  readonly init?: { readonly shares: number; readonly threshold: number } | null
  /** A development server with its data in `folder`; only `rootTokenId` ('' for none) is asked for. */
  readonly dev?: { readonly rootTokenId: string }
}

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into by tests in many shapes
  readonly body: any
}

export interface TestCall {
  /** null sends none; the default is the root token. */
  readonly token?: string | null
  readonly headers?: Readonly<Record<string, string>>
  /** A connection of its own, so that it may be another worker that answers. */
  readonly fresh?: boolean
  readonly timeoutMs?: number
}

export interface TestServer {
  /** http://127.0.0.1:PORT; the same after a restart. */
  readonly address: string
  readonly rootToken: string
  /** Hex. */
  readonly unsealKeys: readonly string[]
  /** A folder of this server's own; data/ holds the store. */
  readonly folder: string
  /** Of the server, or of its supervisor. */
  readonly pid: number
  /** All that was printed on both outputs so far. */
  output(): string
  /** Of the living workers; empty with one process. */
  workerPids(): readonly number[]
  call(method: string, path: string, body?: unknown, of?: TestCall): Promise<Answered>
  init(of: { readonly shares: number; readonly threshold: number }): Promise<void>
  /** Gives as many shares as it takes. */
  unseal(): Promise<void>
  signal(signal: NodeJS.Signals): void
  /** Ends in order (SIGTERM); the exit code. */
  stop(): Promise<number | null>
  kill(): Promise<void>
  /** Starts it again on the same data: sealed. */
  start(): Promise<void>
  /** Ends it and removes its folder. */
  remove(): Promise<void>
}

let bundled: Promise<string> | undefined

/** Starts a server; `remove` it in the end. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  bundled ??= bundleForTest('server-main.ts')
  const server = new ServerProcess(await bundled, options)
  try {
    await server.start()
    const { init = options.dev ? null : { shares: 1, threshold: 1 } } = options
    if (init) {
      await server.init(init)
      await server.unseal()
    }
  } catch (error) {
    await server.remove()
    throw error
  }
  return server
}

/** Removes the bundle, after the last server of a test file. */
export async function removeTestBundle(): Promise<void> {
  if (bundled) rmSync(await bundled, { force: true })
  bundled = undefined
}

const LONGEST_START_MS = 40_000

class ServerProcess implements TestServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'strongroom-server-'))
  readonly #script: string
  readonly #options: TestServerOptions
  #child: ChildProcess | null = null
  #output = ''
  #threshold = 1
  address = ''
  rootToken = ''
  unsealKeys: readonly string[] = []

  constructor(script: string, options: TestServerOptions) {
    this.#script = script
    this.#options = options
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  output(): string {
    return this.#output
  }

  workerPids(): readonly number[] {
    return childrenOf(this.pid)
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [this.#script, ...this.#arguments()], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    this.#output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
    }
    const until = systemClock.monotonic() + LONGEST_START_MS
    while (!this.#output.includes('server started!')) {
      if (isOver(child)) throw new Error(`the server ended at its start:\n${this.#output}`)
      if (systemClock.monotonic() > until) throw new Error(`no start:\n${this.#output}`)
      await systemClock.sleep(20)
    }
    this.address = /Api Address: (\S+)/.exec(this.#output)?.[1] ?? ''
    if (this.#options.dev) this.rootToken = /Root token: (\S+)/.exec(this.#output)?.[1] ?? ''
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  #arguments(): string[] {
    const { dev } = this.#options
    if (dev) return [`-dev=${this.folder}`, `-root-token=${dev.rootTokenId}`]
    const config = join(this.folder, 'config.hcl')
    // A restart gets the port it had, so that clients find it again.
    writeFileSync(config, this.#configText(this.address.split(':').at(-1) ?? '0'))
    return [`-config=${config}`]
  }

  async init(of: { shares: number; threshold: number }): Promise<void> {
    const { body, status, text } = await this.call('PUT', 'sys/init', {
      secret_shares: of.shares,
      secret_threshold: of.threshold,
    })
    if (status !== 200) throw new Error(`init: ${text}`)
    this.unsealKeys = body.keys as string[]
    this.rootToken = body.root_token as string
    this.#threshold = of.threshold
  }

  async unseal(): Promise<void> {
    for (const key of this.unsealKeys.slice(0, this.#threshold)) {
      const { status, text } = await this.call('PUT', 'sys/unseal', { key })
      if (status !== 200) throw new Error(`unseal: ${text}`)
    }
  }

  async call(method: string, path: string, body?: unknown, of: TestCall = {}): Promise<Answered> {
    const token = of.token === undefined ? this.rootToken : of.token
    const reply = await fetch(`${this.address}/v1/${path}`, {
      method,
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(of.timeoutMs ?? 20_000),
      headers: {
        ...(method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {}),
        ...(token ? { 'x-vault-token': token } : {}),
        ...(of.fresh ? { connection: 'close' } : {}),
        ...of.headers,
      },
    })
    const text = await reply.text()
    const isJson = reply.headers.get('content-type')?.includes('json') && text !== ''
    const { status, headers } = reply
    return { status, headers, text, body: isJson ? JSON.parse(text) : null }
  }

  async stop(): Promise<number | null> {
    await this.#end('SIGTERM')
    return this.#child?.exitCode ?? null
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL')
  }

  async remove(): Promise<void> {
    await this.#end('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (!child || isOver(child)) return
    const workers = this.workerPids()
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve())
      child.kill(signal)
    })
    // Workers of a killed supervisor end by themselves; the store is theirs until then.
    const until = systemClock.monotonic() + 10_000
    while (workers.some(isAlive) && systemClock.monotonic() < until) await systemClock.sleep(10)
  }

  #configText(port: string): string {
    const { storage = 'lmdb', workers = 1, config = '', listener = '' } = this.#options
    const store =
      storage === 'memory'
        ? 'storage "memory" {}'
        : `storage "lmdb" { path = ${JSON.stringify(join(this.folder, 'data'))} }`
    return `${store}
listener "tcp" {
  address     = "127.0.0.1:${port || '0'}"
  tls_disable = true
  ${listener}
}
workers = ${workers}
${config.replaceAll('FOLDER', this.folder)}
`
  }
}

const isOver = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null

/** Living: there, and not merely waiting for its parent to hear of its end. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

function childrenOf(pid: number): number[] {
  const tasks = `/proc/${pid}/task`
  if (!existsSync(tasks)) return []
  return readdirSync(tasks).flatMap((task) => {
    const file = join(tasks, task, 'children')
    return existsSync(file) ? readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number) : []
  })
}
