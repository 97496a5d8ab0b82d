// What `operator validate-config` and `operator diagnose` look at: the things that a server does first, tried
// without serving anybody.
import { lookup } from 'node:dns/promises'
import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { systemClock } from './base/clock.ts'
import { systemRandom } from './base/random.ts'
import { readSealRecord } from './core/seal/seal-record.ts'
import { readTlsFiles } from './http/tls-files.ts'
import { loadServerConfig, type ServerConfig } from './server-config.ts'
import type { ListenerConfig } from './server-config-listener.ts'
import { tlsFilesOf } from './server-process.ts'
import { openLmdb } from './storage/lmdb/open-lmdb.ts'

export interface Finding {
  /** What was checked: "Configuration", "Storage", "Listener 127.0.0.1:8200". */
  readonly name: string
  readonly status: 'ok' | 'warning' | 'error' | 'skipped'
  readonly message: string
  /** What to do about it; '' for nothing. */
  readonly advice: string
}

const ok = (name: string, message: string): Finding => ({ name, status: 'ok', message, advice: '' })
const wrong = (name: string, error: unknown, advice: string): Finding => ({
  name,
  status: 'error',
  message: error instanceof Error ? error.message : String(error),
  advice,
})

/** Less free space than this is worth a warning: a full disk refuses every write. */
const LITTLE_SPACE_BYTES = 1024 ** 3

function configuration(paths: readonly string[]): [ServerConfig | null, Finding[]] {
  const name = 'Configuration'
  let config: ServerConfig
  try {
    config = loadServerConfig(paths)
  } catch (error) {
    return [null, [wrong(name, error, '')]]
  }
  const findings = config.warnings.map(
    (message): Finding => ({ name, status: 'warning', message, advice: '' }),
  )
  if (!config.storage) {
    findings.push(wrong(name, 'no storage is named', 'Add storage "lmdb" { path = "FOLDER" }.'))
  }
  if (config.listeners.length === 0) {
    findings.push(
      wrong(name, 'no listener is named', 'Add listener "tcp" { address = "127.0.0.1:8200" }.'),
    )
  }
  return [config, findings.length > 0 ? findings : [ok(name, 'is well formed')]]
}

/** Reads the configuration and nothing else. */
export async function validateConfig(paths: readonly string[]): Promise<readonly Finding[]> {
  return configuration(paths)[1]
}

/** Also tries storage, listeners, certificates and audit files. */
export async function diagnose(paths: readonly string[]): Promise<readonly Finding[]> {
  const [config, findings] = configuration(paths)
  if (!config) return findings
  findings.push(...(await storageFindings(config)))
  for (const listener of config.listeners) findings.push(...(await listenerFindings(listener)))
  for (const { path, type, options } of config.audit) {
    if (type === 'file') findings.push(fileFinding(`Audit ${path}`, options.file_path ?? ''))
  }
  if (config.pidFile) findings.push(fileFinding('PID file', config.pidFile))
  return findings
}

async function storageFindings({ storage }: ServerConfig): Promise<Finding[]> {
  const name = 'Storage'
  if (!storage) return []
  if (storage.type === 'memory') {
    return [
      { name, status: 'warning', message: 'is in memory', advice: 'Nothing survives a restart.' },
    ]
  }
  const path = storage.options.path ?? ''
  if (!existsSync(path)) return [fileFinding(name, path)]
  try {
    const backend = openLmdb({ path, clock: systemClock, random: systemRandom })
    const record = await readSealRecord(backend)
    await backend.close()
    const state = record
      ? `is initialised: ${record.record.threshold} of ${record.record.shares} shares unseal it`
      : 'is empty: run "operator init" once the server runs'
    return [ok(name, state), spaceFinding(path)]
  } catch (error) {
    return [wrong(name, error, `See that ${path} belongs to the user of the server and is whole.`)]
  }
}

function spaceFinding(path: string): Finding {
  const { bavail, bsize } = statfsSync(path)
  const free = bavail * bsize
  const message = `${Math.floor(free / 1024 ** 2)} MiB are free`
  return free >= LITTLE_SPACE_BYTES
    ? ok('Disk', message)
    : { name: 'Disk', status: 'warning', message, advice: 'A full disk refuses every write.' }
}

async function listenerFindings(listener: ListenerConfig): Promise<Finding[]> {
  const name = `Listener ${listener.address}`
  const findings: Finding[] = []
  const tls = tlsFilesOf(listener)
  if (tls) {
    try {
      await readTlsFiles(tls)
      findings.push(ok(`${name} certificate`, 'fits its key'))
    } catch (error) {
      findings.push(wrong(`${name} certificate`, error, 'Check tls_cert_file and tls_key_file.'))
    }
  }
  if (listener.type === 'unix') return [...findings, fileFinding(name, listener.address)]
  try {
    const colon = listener.address.lastIndexOf(':')
    const host = listener.address.slice(0, colon).replace(/^\[|\]$/g, '')
    await lookup(host || '0.0.0.0')
    await bind(host, Number(listener.address.slice(colon + 1)))
    findings.push(ok(name, 'is free'))
  } catch (error) {
    findings.push(wrong(name, error, 'If the server runs already, this is as it should be.'))
  }
  return findings
}

function bind(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(port, host, () => probe.close(() => resolve()))
  })
}

/** Whether a file could be made or written there. */
function fileFinding(name: string, path: string): Finding {
  try {
    let folder = existsSync(path) ? path : dirname(path)
    while (!existsSync(folder)) folder = dirname(folder)
    accessSync(folder, constants.W_OK)
    return ok(name, `${path} can be written`)
  } catch (error) {
    return wrong(name, error, `Make ${path} writable for the user of the server.`)
  }
}
