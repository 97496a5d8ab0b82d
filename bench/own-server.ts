// Our own server as a user runs it: a configuration file, LMDB in a folder, a file audit device, one
// unseal key. It can be stopped and started again on the same data with another number of workers.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { apiClient, textIn } from './api-client.ts'
import { pause } from './load.ts'

export interface OwnServer {
  readonly base: string
  readonly rootToken: string
  readonly pid: number
  /** When the last unseal key was sent (performance.now), and how long its answer took. */
  readonly unsealSentAt: number
  readonly unsealMs: number
  stop(): Promise<void>
}

export interface OwnData {
  readonly folder: string
  /** Set by the first start. */
  unsealKey: string
  rootToken: string
}

export function makeOwnData(): OwnData {
  const folder = mkdtempSync(join(tmpdir(), 'strongroom-bench-'))
  mkdirSync(join(folder, 'data'))
  return { folder, unsealKey: '', rootToken: '' }
}

export const removeOwnData = (data: OwnData): void =>
  rmSync(data.folder, { recursive: true, force: true })

export interface OwnOptions {
  /** The command, an absolute path. */
  readonly command: string
  readonly workers: number
  readonly hasAudit: boolean
}

/** Starts the server on the data, initialises it at the first start, and unseals it. */
export async function startOwnServer(data: OwnData, options: OwnOptions): Promise<OwnServer> {
  const port = await freePort()
  const config = join(data.folder, 'config.hcl')
  writeFileSync(config, configText(data.folder, port, options.workers))
  const child = spawn(options.command, ['server', `-config=${config}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const base = `http://127.0.0.1:${port}`
  try {
    await answering(base, child)
    const isNew = data.unsealKey === ''
    if (isNew) await initialise(base, data)
    const unsealSentAt = performance.now()
    await apiClient(base, '').call('PUT', 'sys/unseal', { key: data.unsealKey })
    const unsealMs = performance.now() - unsealSentAt
    await active(base)
    if (isNew && options.hasAudit) {
      await apiClient(base, data.rootToken).call('PUT', 'sys/audit/file', {
        type: 'file',
        options: { file_path: join(data.folder, 'audit.log') },
      })
    }
    if (child.pid === undefined) throw new Error('the server did not start')
    return {
      base,
      rootToken: data.rootToken,
      pid: child.pid,
      unsealSentAt,
      unsealMs,
      stop: () => stopped(child),
    }
  } catch (error) {
    await stopped(child)
    throw error
  }
}

function configText(folder: string, port: number, workers: number): string {
  return `storage "lmdb" {
  path = "${join(folder, 'data')}"
}
listener "tcp" {
  address     = "127.0.0.1:${port}"
  tls_disable = true
}
workers   = ${workers}
log_level = "warn"
`
}

async function initialise(base: string, data: OwnData): Promise<void> {
  const made = await apiClient(base, '').call('PUT', 'sys/init', {
    secret_shares: 1,
    secret_threshold: 1,
  })
  const keys = made.body.keys as readonly string[] | undefined
  data.unsealKey = keys?.[0] ?? ''
  data.rootToken = textIn(made.body, 'root_token')
}

const LONGEST_START_MS = 30_000

async function answering(base: string, child: ChildProcess): Promise<void> {
  for (let waited = 0; waited < LONGEST_START_MS; waited += 20) {
    if (child.exitCode !== null) throw new Error(`the server ended with code ${child.exitCode}`)
    try {
      await fetch(`${base}/v1/sys/seal-status`)
      return
    } catch {
      await pause(20)
    }
  }
  throw new Error('the server does not answer')
}

/** An unsealed server may still be taking up its work. */
async function active(base: string): Promise<void> {
  for (let waited = 0; waited < LONGEST_START_MS; waited += 2) {
    if ((await fetch(`${base}/v1/sys/health`)).status === 200) return
    await pause(2)
  }
  throw new Error('the server was unsealed and does not become active')
}

function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}
