// What the audit part keeps in storage: the table of devices, the recorded request headers, the signing
// key, and for each writer how far its chain is known to have been written. Enabling and disabling touch
// the core epoch in the same commit, so that other processes use a new device at their next request.
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { badRequest } from '../../base/errors.ts'
import { CORE_EPOCH_KEY } from '../keys.ts'
import type { CoreStorage, CoreTx } from '../store.ts'
import type { ChainHead, ChainSigner } from './chain.ts'

const TABLE_KEY = 'core/audit/table'
const HEADERS_KEY = 'core/audit/request-headers'
const SIGNING_KEY = 'core/audit/signing-key'
const HEAD_PREFIX = 'core/audit/head/'

/** One enabled device. */
export interface AuditMountRecord {
  /** Ends in a slash: 'file/'. */
  readonly path: string
  readonly type: string
  readonly description: string
  readonly options: Readonly<Record<string, string>>
  readonly local: boolean
  readonly uuid: string
  readonly accessor: string
  /** Key of its HMACs: a UUID. Never leaves the server. */
  readonly salt: string
  /** True where a request made it, false where the configuration did. */
  readonly fromRequest: boolean
}

/** How far a writer's chain is known to be in its device's target. */
export interface WriterHead extends ChainHead {
  /** The device's path. */
  readonly device: string
  readonly startedMs: number
  readonly updatedMs: number
  /** True when the writer wrote its end record: nothing comes after `n`. */
  readonly ended: boolean
}

export type HeaderSettings = Readonly<Record<string, { readonly hmac: boolean }>>

export async function readTable(storage: CoreStorage): Promise<readonly AuditMountRecord[]> {
  const entry = await storage.get(TABLE_KEY)
  return entry?.json<readonly AuditMountRecord[]>() ?? []
}

/** Changes the table: the body gets the present records and gives the new ones. */
export async function changeTable(
  storage: CoreStorage,
  change: (records: readonly AuditMountRecord[]) => readonly AuditMountRecord[],
): Promise<void> {
  await storage.transaction(async (tx: CoreTx) => {
    const entry = await tx.get(TABLE_KEY)
    tx.put(TABLE_KEY, { json: change(entry?.json<readonly AuditMountRecord[]>() ?? []) })
    tx.touch(CORE_EPOCH_KEY)
  })
}

/** Throws as Vault does where the path is taken: also above or below an enabled one. */
export function assertPathFree(records: readonly AuditMountRecord[], path: string): void {
  for (const other of records) {
    if (other.path.startsWith(path) || path.startsWith(other.path)) {
      throw badRequest('path already in use')
    }
  }
}

export async function readHeaderSettings(storage: CoreStorage): Promise<HeaderSettings> {
  return (await storage.get(HEADERS_KEY))?.json<HeaderSettings>() ?? {}
}

/** Sets (or with null removes) how one request header is recorded. Names are lower case. */
export async function changeHeaderSetting(
  storage: CoreStorage,
  name: string,
  setting: { readonly hmac: boolean } | null,
): Promise<void> {
  await storage.transaction(async (tx) => {
    const entry = await tx.get(HEADERS_KEY)
    const settings = new Map(Object.entries(entry?.json<HeaderSettings>() ?? {}))
    if (setting === null) settings.delete(name)
    else settings.set(name, setting)
    tx.put(HEADERS_KEY, { json: Object.fromEntries(settings) })
    tx.touch(CORE_EPOCH_KEY)
  })
}

/** The server's signing key; the first process that needs it makes it. */
export async function loadSigner(storage: CoreStorage): Promise<ChainSigner> {
  const der = await storage.transaction(async (tx) => {
    const entry = await tx.get(SIGNING_KEY)
    if (entry) return entry.bytes()
    const { privateKey } = generateKeyPairSync('ed25519')
    const made = privateKey.export({ type: 'pkcs8', format: 'der' })
    tx.put(SIGNING_KEY, made)
    return made
  })
  const privateKey = createPrivateKey({ key: der, type: 'pkcs8', format: 'der' })
  der.fill(0)
  const publicKey = createPublicKey(privateKey).export({ format: 'jwk' }).x!
  return { privateKey, publicKey }
}

export async function saveHead(storage: CoreStorage, head: WriterHead): Promise<void> {
  await storage.put(HEAD_PREFIX + head.writer, { json: head })
}

/** The heads of all writers of this store, a page at a time. */
export async function* readHeads(storage: CoreStorage): AsyncGenerator<WriterHead> {
  for (let after: string | undefined; ; ) {
    const limit = 100
    const keys = await storage.range(
      HEAD_PREFIX,
      after === undefined ? { limit } : { after, limit },
    )
    const entries = await storage.read(keys)
    for (const key of keys) {
      const entry = entries.get(key)
      if (entry) yield entry.json<WriterHead>()
    }
    if (keys.length < limit) return
    after = keys.at(-1)
  }
}

export interface HeadsToForget {
  readonly beforeMs: number
  /** Only those of the device at this path. */
  readonly device: string | undefined
  /** Writers that are known to write on. */
  readonly except: ReadonlySet<string>
}

/** Forgets the heads of writers that wrote nothing since then, once their files are gone for good. */
export async function forgetHeads(storage: CoreStorage, of: HeadsToForget): Promise<string[]> {
  const forgotten: string[] = []
  for await (const head of readHeads(storage)) {
    if (head.updatedMs >= of.beforeMs || of.except.has(head.writer)) continue
    if (of.device !== undefined && head.device !== of.device) continue
    await storage.delete(HEAD_PREFIX + head.writer)
    forgotten.push(head.writer)
  }
  return forgotten
}
