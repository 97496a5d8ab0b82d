// Development servers (`server -dev`): initialised and unsealed by themselves, kv v2 at secret/ with a first
// secret. With a data folder the store is durable, and its unseal key and root token lie beside it in a
// file that only its owner reads, so that data survives a restart. Never for production: whoever reads the
// folder has everything.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from './base/random.ts'
import type { CoreRequest } from './core/core-request.ts'
import type { Host } from './core/host.ts'
import { handleRequest } from './core/request.ts'
import { mintRootToken } from './core/seal/bootstrap.ts'
import { AEAD_KEY_BYTES } from './crypto/aead.ts'
import { parseServerConfig, type ServerConfig } from './server-config.ts'

export interface DevOptions {
  /** A folder for durable data; '' keeps all in memory. */
  readonly dataDir: string
  /** host:port; '' for 127.0.0.1:8200. */
  readonly listenAddress: string
  /** The root token's text; '' for a random one. */
  readonly rootTokenId: string
  /** Given the root token once the server is ready, to keep it where the CLI looks. */
  readonly storeToken?: (token: string) => void
}

export interface DevReady {
  readonly rootToken: string
  readonly unsealKey: string
  /** The store was made just now. */
  readonly isNew: boolean
}

/** What lies in the data folder. */
interface DevSecrets {
  readonly unseal_key: string
  readonly root_token: string
}

/** The configuration with a development listener in front and its storage. */
export function devConfig(
  base: ServerConfig,
  { dataDir, listenAddress }: DevOptions,
): ServerConfig {
  const dev = parseServerConfig(
    JSON.stringify({
      storage: dataDir ? { lmdb: { path: join(dataDir, 'data') } } : { memory: {} },
      listener: {
        tcp: { address: listenAddress || '127.0.0.1:8200', tls_disable: true },
      },
    }),
    'development server',
  )
  return {
    ...base,
    storage: dev.storage,
    listeners: [...dev.listeners, ...base.listeners],
    workers: 1,
    rawStorageEndpoint: true,
    introspectionEndpoint: true,
  }
}

/** Brings a sealed host to where one can work with it. Throws an Error in words. */
export async function prepareDev(host: Host, options: DevOptions): Promise<DevReady> {
  const { isNew, secrets } = readSecrets(options, host.random)
  const status = await host.seal.status()
  const unsealKey = Buffer.from(secrets.unseal_key, 'base64')
  if (!status.initialized) {
    await host.seal.initialize(
      { shares: 1, threshold: 1 },
      { unsealKey, rootToken: secrets.root_token },
    )
  } else if (isNew) {
    throw new Error(
      `${options.dataDir} holds a store, but its keys (${KEYS_FILE}) are missing: unseal it with ` +
        'server -config, or choose another folder',
    )
  }
  await host.seal.unseal(unsealKey)
  if (!status.initialized) await writeFirstSecret(host, secrets.root_token)
  const rootToken = await keepRootToken(host, secrets, options)
  options.storeToken?.(rootToken)
  return { rootToken, unsealKey: secrets.unseal_key, isNew: !status.initialized }
}

const KEYS_FILE = 'dev-keys.json'

/** The secrets of the data folder; new ones are on disk before the store that needs them. */
function readSecrets(
  { dataDir, rootTokenId }: DevOptions,
  random: Random,
): { readonly isNew: boolean; readonly secrets: DevSecrets } {
  const path = join(dataDir, KEYS_FILE)
  if (dataDir && existsSync(path)) {
    return { isNew: false, secrets: JSON.parse(readFileSync(path, 'utf8')) as DevSecrets }
  }
  const secrets: DevSecrets = {
    unseal_key: random.bytes(AEAD_KEY_BYTES).toString('base64'),
    root_token: rootTokenId || `hvs.${random.bytes(72).toString('base64url')}`,
  }
  if (dataDir) writeSecrets(dataDir, secrets)
  return { isNew: true, secrets }
}

function writeSecrets(dataDir: string, secrets: DevSecrets): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const path = join(dataDir, KEYS_FILE)
  writeFileSync(`${path}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

/** A root token that lives: the one asked for, the one of the last start, or a new one if that was revoked. */
async function keepRootToken(
  host: Host,
  secrets: DevSecrets,
  options: DevOptions,
): Promise<string> {
  const core = host.core!
  const wanted = options.rootTokenId || secrets.root_token
  if ((await core.tokens.find(wanted))?.isRoot) return wanted
  const token = await mintRootToken(core, options.rootTokenId ? { id: options.rootTokenId } : {})
  if (options.dataDir && !options.rootTokenId) {
    writeSecrets(options.dataDir, { ...secrets, root_token: token })
  }
  return token
}

async function writeFirstSecret(host: Host, token: string): Promise<void> {
  await must(host, token, 'sys/mounts/secret', {
    type: 'kv',
    description: 'key/value secret storage',
    options: { version: '2' },
  })
  await must(host, token, 'secret/data/hello', { data: { greeting: 'hello', from: 'Strongroom' } })
}

async function must(host: Host, token: string, path: string, body: object): Promise<void> {
  const { status, text } = await call(host, token, 'POST', path, body)
  if (status >= 400) throw new Error(`the development server could not write ${path}: ${text}`)
}

async function call(
  host: Host,
  token: string,
  method: string,
  path: string,
  body: object = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const request: CoreRequest = {
    method,
    path,
    query: {},
    wantsHelp: false,
    namespace: '',
    token,
    wrapTtlSeconds: 0,
    body: method === 'GET' ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body)),
    contentType: 'application/json',
    remoteAddress: '127.0.0.1',
    remotePort: 0,
    header: () => undefined,
    allHeaders: () => ({}),
    peerCertificates: () => [],
    signal: new AbortController().signal,
    fault: null,
    opaque: null,
  }
  const reply = await handleRequest(host, request)
  return { status: reply.status, text: typeof reply.body === 'string' ? reply.body.trim() : '' }
}

/** What is printed when a development server is ready. `command` is what the user types. */
export function devBanner(of: DevReady, address: string, command: string): string {
  const kept = of.isNew
    ? 'A first secret was stored at secret/hello.'
    : 'The data of the last start is there.'
  return `WARNING! This is a development server: it unseals itself, and whoever can read its memory or its data
folder has everything. Never use it for production.

Address:    ${address}
Root token: ${of.rootToken}
Unseal key: ${of.unsealKey}

${kept} In another terminal, type:

    export VAULT_ADDR='${address}' VAULT_TOKEN='${of.rootToken}'
    ${command} kv get secret/hello
    ${command} kv put secret/app/db username=myapp password=s3cret
    ${command} kv get -field=password secret/app/db
    ${command} token create -ttl=1h -policy=default

`
}
