// The index of live secrets of a namespace as requests use it: turned on and off, fetched by scanners as a filter
// (digests keyed for each of them, and opaque ids), and asked what an id stands for.
import type { Clock } from '../../base/clock.ts'
import { badRequest, notFound } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import type { JobService } from '../jobs/job-service.ts'
import { livePrefix, liveWatchKey, mountPrefix } from '../keys.ts'
import { allPages } from '../pages.ts'
import type { CoreStorage } from '../store.ts'
import { filterDigest } from './live-digest.ts'
import { LIVE_JOB, type LiveJobItem } from './live-job.ts'
import {
  configKey,
  digestPrefix,
  type Identity,
  identityKey,
  identityPrefix,
  idKey,
  type LiveConfig,
  logKey,
  logPrefix,
  type PlacedValue,
  type PlaceRecord,
  type PlaceRef,
  placeKey,
  stateKey,
  unpackRef,
} from './live-records.ts'

/** A filter's rows are this long: one byte of state, 8 of id, 8 of the scanner's digest. */
const ROW_BYTES = 17
const READ_ROWS = 500
/** Places of one value that an answer shows. */
const MOST_COPIES = 100

export interface FilterPage {
  readonly config: LiveConfig
  readonly key: string
  /** The cursor that was given meant another index: what the scanner has is void. */
  readonly isReset: boolean
  readonly rows: Buffer
  readonly cursor: string
  readonly isLast: boolean
}

export interface FoundValue {
  readonly ref: PlaceRef
  readonly value: PlacedValue
}

export class LiveIndex {
  readonly #storage: CoreStorage
  readonly #clock: Clock
  readonly #random: Random
  readonly #jobs: JobService

  constructor(of: { storage: CoreStorage; clock: Clock; random: Random; jobs: JobService }) {
    this.#storage = of.storage
    this.#clock = of.clock
    this.#random = of.random
    this.#jobs = of.jobs
  }

  async config(namespaceId: string): Promise<LiveConfig | null> {
    return (await this.#storage.get(configKey(namespaceId)))?.json<LiveConfig>() ?? null
  }

  /** Turns it on; with another floor it is made anew, since values that count now were passed over. */
  async enable(
    namespaceId: string,
    floor: Pick<LiveConfig, 'minLength' | 'minEntropyBits'>,
  ): Promise<void> {
    const before = await this.config(namespaceId)
    if (before?.minLength === floor.minLength && before.minEntropyBits === floor.minEntropyBits)
      return
    if (before) await this.disable(namespaceId)
    const config: LiveConfig = {
      ...floor,
      generation: this.#random.bytes(8).toString('hex'),
      salt: this.#random.bytes(32).toString('base64'),
      createdAtMs: this.#clock.now(),
    }
    const item: LiveJobItem = { generation: config.generation, mounts: {} }
    await this.#storage.transaction(async (tx) => {
      tx.expect(configKey(namespaceId), null)
      tx.put(configKey(namespaceId), { json: config })
      this.#jobs.schedule(tx, { kind: LIVE_JOB, namespaceId, item })
    })
  }

  /** Turns it off and forgets it; scanners keep their names. */
  async disable(namespaceId: string): Promise<void> {
    await this.#storage.delete(configKey(namespaceId))
    // From here on commits mark nothing; those before left their marks for the deletion below.
    const mounts = await allPages((page) => this.#storage.range(mountPrefix(namespaceId), page))
    for (const mount of mounts)
      await this.#storage.delete(liveWatchKey(mount.slice(mount.lastIndexOf('/') + 1)))
    for (const folder of ['dirty/', 'place/', 'lease/', 'id/', 'digest/', 'log/']) {
      const prefix = livePrefix(namespaceId) + folder
      for (;;) {
        const keys = await this.#storage.range(prefix, { limit: 100 })
        if (keys.length === 0) break
        await this.#storage.transaction(async (tx) => {
          for (const key of keys) tx.delete(key)
        })
      }
    }
    await this.#storage.delete(stateKey(namespaceId))
  }

  async identity(namespaceId: string, name: string): Promise<Identity | null> {
    return (await this.#storage.get(identityKey(namespaceId, name)))?.json<Identity>() ?? null
  }

  identities(namespaceId: string, page: { after?: string; limit: number }) {
    return this.#storage.list(identityPrefix(namespaceId), page)
  }

  async addIdentity(namespaceId: string, name: string, createdBy: string): Promise<void> {
    const identity: Identity = {
      key: this.#random.bytes(32).toString('base64'),
      createdAtMs: this.#clock.now(),
      createdBy,
      exportedAtMs: 0,
    }
    await this.#storage.transaction(async (tx) => {
      if ((await tx.get(identityKey(namespaceId, name))) !== null)
        throw badRequest(`there is a scanner named "${name}" already`)
      tx.put(identityKey(namespaceId, name), { json: identity })
    })
  }

  async removeIdentity(namespaceId: string, name: string): Promise<void> {
    await this.#storage.delete(identityKey(namespaceId, name))
  }

  /** What changed since the cursor ('' for all), oldest first. */
  async export(
    namespaceId: string,
    name: string,
    page: { readonly cursor: string; readonly limit: number },
  ): Promise<FilterPage> {
    const [config, identity] = await Promise.all([
      this.config(namespaceId),
      this.identity(namespaceId, name),
    ])
    if (!config) throw badRequest('the index of live secrets is not enabled in this namespace')
    if (!identity) throw notFound(`no scanner named "${name}"`)
    const [generation, sequence] = page.cursor.split('.')
    const isReset = page.cursor !== '' && generation !== config.generation
    const from = isReset || page.cursor === '' ? 0 : Number(sequence)
    if (!Number.isSafeInteger(from) || from < 0) throw badRequest('cursor is none of ours')
    const key = Buffer.from(identity.key, 'base64')
    const parts: Buffer[] = []
    let last = from
    let left = page.limit
    let isLast = false
    while (left > 0 && !isLast) {
      const limit = Math.min(READ_ROWS, left)
      const keys = await this.#storage.range(logPrefix(namespaceId), {
        limit,
        after: logKey(namespaceId, last),
      })
      const rows = keys.length === 0 ? new Map() : await this.#storage.read(keys)
      for (const at of keys) {
        const row = rows.get(at)?.bytes()
        if (row) parts.push(filterRow(key, row))
      }
      if (keys.length > 0) last = Number(keys.at(-1)!.slice(logPrefix(namespaceId).length))
      left -= keys.length
      isLast = keys.length < limit
    }
    if (isLast) await this.#noteExport(namespaceId, name)
    const cursor = `${config.generation}.${last}`
    return { config, key: identity.key, isReset, rows: Buffer.concat(parts), cursor, isLast }
  }

  async #noteExport(namespaceId: string, name: string): Promise<void> {
    const nowMs = this.#clock.now()
    await this.#storage.transaction(async (tx) => {
      const identity = (await tx.get(identityKey(namespaceId, name)))?.json<Identity>()
      if (!identity) return
      tx.put(identityKey(namespaceId, name), { json: { ...identity, exportedAtMs: nowMs } })
    })
  }

  /** What an id stands for; null where it stands for nothing (any more). */
  async find(namespaceId: string, id: string): Promise<FoundValue | null> {
    const found = (await this.#storage.get(idKey(namespaceId, id)))?.text()
    if (found === undefined) return null
    const ref = unpackRef(found)
    const record = await this.#storage.get(placeKey(namespaceId, ref.mountId, ref.place))
    const value = record?.json<PlaceRecord>().values.find((one) => one.id === id)
    return value ? { ref, value } : null
  }

  /** The other places of the same value. */
  async copies(namespaceId: string, { value }: FoundValue): Promise<readonly FoundValue[]> {
    const prefix = digestPrefix(namespaceId, value.digest)
    const marks = await this.#storage.range(prefix, { limit: MOST_COPIES })
    const copies: FoundValue[] = []
    for (const mark of marks) {
      const id = mark.slice(prefix.length)
      const found = id === value.id ? null : await this.find(namespaceId, id)
      if (found) copies.push(found)
    }
    return copies
  }

  /** How much is known, and whether all that was written is in it. */
  async status(namespaceId: string): Promise<{ sequence: number; waiting: number }> {
    const state = await this.#storage.get(stateKey(namespaceId))
    const dirty = await this.#storage.range(`${livePrefix(namespaceId)}dirty/`, { limit: 1000 })
    return { sequence: Number(state?.text() ?? 0), waiting: dirty.length }
  }
}

function filterRow(key: Buffer, row: Buffer): Buffer {
  const out = Buffer.allocUnsafe(ROW_BYTES)
  row.copy(out, 0, 0, 9)
  filterDigest(key, row.subarray(9)).copy(out, 9)
  return out
}
