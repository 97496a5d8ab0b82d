// A server under test, made ready: KV at secret/, a policy and a service token as an application has
// them, and the secrets stored. Works on every server that speaks Vault's API, versions 1 and 2 of KV.
import { type ApiClient, apiClient, objectIn, textIn } from './api-client.ts'
import type { Address } from './connection.ts'
import { loadAll } from './load.ts'
import { isPki, pkiRequest, preparePki } from './pki-requests.ts'
import { listenersOn } from './process-tree.ts'
import {
  type Api,
  type KvVersion,
  loadSource,
  type OperationName,
  requestBytes,
} from './requests.ts'
import { isTransit, prepareTransit } from './transit-requests.ts'

export interface Target {
  readonly name: string
  readonly address: Address
  readonly pids: readonly number[]
  readonly api: Api
  readonly client: ApiClient
}

/** What the application's token may do: one rule for each operation that is measured. */
const POLICY = `
path "secret/data/bench/*" { capabilities = ["create", "read", "update"] }
path "secret/bench/*"      { capabilities = ["create", "read", "update"] }
path "pki/*"               { capabilities = ["create", "update"] }
path "transit/*"           { capabilities = ["create", "update"] }
path "auth/token/create"   { capabilities = ["create", "update"] }
path "auth/token/lookup-self" { capabilities = ["read"] }
`

export interface Place {
  readonly name: string
  /** http://HOST:PORT */
  readonly base: string
  /** A token that may mount and write policies. */
  readonly token: string
  readonly hasDefaultPolicy: boolean
  readonly operations: readonly OperationName[]
  /** The server's root processes; found by the port when absent. */
  readonly pids?: readonly number[]
}

/** Mounts KV where it is missing and makes the token; stores nothing yet. */
export async function prepareTarget(place: Place, secrets: number): Promise<Target> {
  const client = apiClient(place.base, place.token)
  const url = new URL(place.base)
  const address: Address = { host: url.hostname, port: Number(url.port) }
  const kv = await mountKv(client)
  // A peer without policies answers 404 and lets every token in.
  await client.call('PUT', 'sys/policy/bench', { policy: POLICY }, [200, 204, 404])
  const created = await client.call('POST', 'auth/token/create', {
    policies: ['bench'],
    no_default_policy: !place.hasDefaultPolicy,
    ttl: '24h',
  })
  const token = textIn(objectIn(created.body, 'auth'), 'client_token')
  const ciphertext = place.operations.some(isTransit) ? await prepareTransit(client) : ''
  if (place.operations.some(isPki)) await preparePki(client)
  const pids = place.pids ?? listenersOn(address.port)
  if (pids.length === 0) throw new Error(`no process listens on port ${address.port}`)
  return {
    name: place.name,
    address,
    pids,
    api: { host: url.host, token, kv, secrets, ciphertext },
    client,
  }
}

/** Stores the secrets 0 to secrets - 1 over the API. */
export async function storeSecrets(
  target: Target,
  connections: number,
  onProgress: (done: number) => void,
): Promise<void> {
  let next = 0
  const take = (): number | null => (next < target.api.secrets ? next++ : null)
  await loadAll({
    address: target.address,
    connections,
    source: () => loadSource(target.api, take),
    onProgress,
  })
}

/** Makes this many service tokens, each with its lease, over the API. */
export async function storeTokens(
  target: Target,
  count: number,
  connections: number,
  onProgress: (done: number) => void,
): Promise<void> {
  let made = 0
  const body = JSON.stringify({ ttl: '24h' })
  const request = requestBytes(target.api, 'POST /v1/auth/token/create', body)
  await loadAll({
    address: target.address,
    connections,
    source: () => () => (made++ < count ? request : null),
    onProgress,
  })
}

/** Issues this many certificates, each stored. */
export async function storeCertificates(
  target: Target,
  count: number,
  connections: number,
  onProgress: (done: number) => void,
): Promise<void> {
  let made = 0
  const { path, body } = pkiRequest('pki-issue')
  const request = requestBytes(target.api, `POST /v1/pki/${path}`, body)
  await loadAll({
    address: target.address,
    connections,
    source: () => () => (made++ < count ? request : null),
    onProgress,
  })
}

async function mountKv(client: ApiClient): Promise<KvVersion> {
  const mounts = await client.call('GET', 'sys/mounts')
  const listed = Object.keys(objectIn(mounts.body, 'data')).length > 0
  const mount = objectIn(listed ? objectIn(mounts.body, 'data') : mounts.body, 'secret/')
  if (Object.keys(mount).length > 0) {
    return textIn(objectIn(mount, 'options'), 'version') === '2' ? 2 : 1
  }
  await client.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
  return 2
}
