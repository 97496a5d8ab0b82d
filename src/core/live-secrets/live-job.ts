// The job that keeps a namespace's index of live secrets, off every request's path: it follows new mounts, reads
// what they hold once, then only what commits marked as changed, and retires what went with its mount. It ends when
// the index is turned off; how far it came is its item, so any process goes on from there.
import { ApiError } from '../../base/errors.ts'
import type { JobResult } from '../../sdk/job.ts'
import type { LiveSecretSource } from '../../sdk/live-secrets.ts'
import type { Log } from '../../sdk/log.ts'
import type { JobRecord } from '../jobs/job-service.ts'
import { liveWatchKey, mountDataPrefix, mountPrefix } from '../keys.ts'
import type { OpenMount } from '../mounts/mount-contexts.ts'
import type { MountRecord } from '../mounts/mount-record.ts'
import type { FindEngine } from '../mounts/topology.ts'
import { allPages } from '../pages.ts'
import { leaseOfPlace, readLease } from './live-leases.ts'
import { type LiveParts, type Reading, settlePlaces, wantedOf } from './live-place.ts'
import {
  configKey,
  type LiveConfig,
  type PlaceRef,
  placePrefix,
  unpackRef,
} from './live-records.ts'
import { dirtyKey, dirtyPrefix, hasLiveKey, type LiveWatch } from './live-rule.ts'

export const LIVE_JOB = 'live-secrets'

/** How far a mount was read: the last place; null: all of it, and changes are followed. */
type Progress = string | null
export interface LiveJobItem {
  readonly generation: string
  /** The mounts that are followed, by id. */
  readonly mounts: Readonly<Record<string, Progress>>
  /** Mounts that are gone, with the last place that was retired. */
  readonly leaving?: Readonly<Record<string, string>>
  /** The last mark of the present walk over what changed; absent: it begins anew. */
  readonly dirtyAfter?: string
}

export interface LiveJobParts extends LiveParts {
  readonly log: Log
  readonly findEngine: FindEngine
  openMount(namespaceId: string, mountId: string): Promise<OpenMount | null>
}

/** A change is in the index after about this long. */
const IDLE_MS = 2000
/** Places of one page, and pages of one run. */
const PAGE = 100
const RUN = 20

export async function runLiveJob(
  parts: LiveJobParts,
  job: JobRecord,
  signal: AbortSignal,
): Promise<JobResult<unknown>> {
  const { namespaceId } = job
  let item = job.item as LiveJobItem
  const config = (await parts.storage.get(configKey(namespaceId)))?.json<LiveConfig>()
  if (config?.generation !== item.generation) return 'done'
  const pass = new Pass(parts, namespaceId, config, signal)
  item = await pass.followMounts(item)
  for (let pages = 0; pages < RUN && !signal.aborted; pages++) {
    const walked = await pass.dirtyPage(item)
    item = await pass.scanPage(walked)
    // A walk has an end, also over marks that could not be settled.
    const isIdle = item === walked && item.dirtyAfter === undefined
    if (isIdle) return { againAtMs: parts.clock.now() + IDLE_MS, item }
  }
  return { againAtMs: parts.clock.now(), item }
}

class Pass {
  readonly #parts: LiveJobParts
  readonly #namespaceId: string
  readonly #config: LiveConfig
  readonly #signal: AbortSignal
  readonly #mounts = new Map<string, Promise<OpenMount | null>>()

  constructor(parts: LiveJobParts, namespaceId: string, config: LiveConfig, signal: AbortSignal) {
    this.#parts = parts
    this.#namespaceId = namespaceId
    this.#config = config
    this.#signal = signal
  }

  /** Mounts that came are followed from now on; those that left are to be retired. */
  async followMounts(item: LiveJobItem): Promise<LiveJobItem> {
    const { storage, findEngine } = this.#parts
    const keys = await allPages((page) => storage.range(mountPrefix(this.#namespaceId), page))
    const present = new Set<string>()
    const mounts: Record<string, Progress> = { ...item.mounts }
    const leaving: Record<string, string> = { ...item.leaving }
    let isChanged = false
    for (const key of keys) {
      const id = key.slice(key.lastIndexOf('/') + 1)
      present.add(id)
      if (Object.hasOwn(mounts, id)) continue
      const record = (await storage.get(key))?.json<MountRecord>()
      const sources = record && findEngine(record.class, record.type)?.liveSecrets
      if (!sources) continue
      const watch: LiveWatch = {
        namespaceId: this.#namespaceId,
        folders: sources.map(({ folder }) => folder),
      }
      // Before it is read: what is written from now on marks itself. Not once the index was turned off, or the
      // mount taken down: nobody would take the watch away again.
      const isWatched = await storage.transaction(async (tx) => {
        const entries = await tx.read([configKey(this.#namespaceId), key])
        const config = entries.get(configKey(this.#namespaceId))?.json<LiveConfig>()
        if (config?.generation !== this.#config.generation || !entries.has(key)) return false
        tx.put(liveWatchKey(id), { json: watch })
        return true
      })
      if (!isWatched) continue
      mounts[id] = ''
      delete leaving[id]
      isChanged = true
    }
    for (const id of Object.keys(mounts)) {
      if (present.has(id)) continue
      delete mounts[id]
      leaving[id] = ''
      isChanged = true
    }
    return isChanged ? { ...item, mounts, leaving } : item
  }

  /** Reads a page of what was marked as changed. */
  async dirtyPage({ dirtyAfter, ...item }: LiveJobItem): Promise<LiveJobItem> {
    const prefix = dirtyPrefix(this.#namespaceId)
    const from = dirtyAfter === undefined ? {} : { after: dirtyAfter }
    const marks = await this.#parts.storage.range(prefix, { limit: PAGE, ...from })
    await this.#settle(marks.map((mark) => unpackRef(mark.slice(prefix.length))))
    return marks.length < PAGE ? item : { ...item, dirtyAfter: marks.at(-1)! }
  }

  /** Reads a page of a mount that was not read whole yet, or retires a page of one that is gone. */
  async scanPage(item: LiveJobItem): Promise<LiveJobItem> {
    const leaving = Object.entries(item.leaving ?? {})[0]
    if (leaving) return this.#retirePage(item, leaving)
    const reading = Object.entries(item.mounts).find(([, progress]) => progress !== null)
    if (!reading) return item
    const [id, after] = reading as [string, string]
    const mount = await this.#mount(id)
    const folders = (mount?.engine.liveSecrets ?? []).map(({ folder }) => folder).sort()
    for (const folder of folders) {
      if (after > folder && !after.startsWith(folder)) continue
      const prefix = mountDataPrefix(id)
      const from = after.startsWith(folder) ? { after: prefix + after } : {}
      const keys = await this.#parts.storage.range(prefix + folder, { limit: PAGE, ...from })
      if (keys.length === 0) continue
      const places = keys.map((key) => key.slice(prefix.length))
      await this.#settle(places.map((place) => ({ mountId: id, place })))
      return { ...item, mounts: { ...item.mounts, [id]: places.at(-1)! } }
    }
    return { ...item, mounts: { ...item.mounts, [id]: null } }
  }

  async #retirePage(
    item: LiveJobItem,
    [id, after]: readonly [string, string],
  ): Promise<LiveJobItem> {
    const prefix = placePrefix(this.#namespaceId, id)
    const from = after === '' ? {} : { after: prefix + after }
    const keys = await this.#parts.storage.range(prefix, { limit: PAGE, ...from })
    const places = keys.map((key) => key.slice(prefix.length))
    const readings = places.map(
      (place): Reading => ({ ref: { mountId: id, place }, wanted: [], dirtyVersion: null }),
    )
    await this.#settleAll(readings)
    const leaving = { ...item.leaving }
    if (keys.length < PAGE) delete leaving[id]
    else leaving[id] = places.at(-1)!
    return { ...item, leaving }
  }

  async #settle(refs: readonly PlaceRef[]): Promise<void> {
    const readings: Reading[] = []
    for (const ref of refs) {
      if (this.#signal.aborted) return
      if (!hasLiveKey(this.#namespaceId, ref.mountId, ref.place)) continue
      const reading = await this.#read(ref)
      if (reading) readings.push(reading)
    }
    await this.#settleAll(readings)
  }

  /** One place that storage refuses (its record grew too large) must not hold up the others. */
  async #settleAll(readings: readonly Reading[]): Promise<void> {
    const { log } = this.#parts
    const settle = (some: readonly Reading[]) =>
      settlePlaces(this.#parts, this.#namespaceId, this.#config, some)
    try {
      await settle(readings)
    } catch (error) {
      if (!isRefusal(error)) throw error
      for (const one of readings) {
        await settle([one]).catch(async (error) => {
          if (!isRefusal(error)) throw error
          log.warn('a secret is not in the index of live secrets', { err: error })
          // Trying again helps only when it changes.
          const { mountId, place } = one.ref
          if (one.dirtyVersion === null) return
          await this.#parts.storage.delete(dirtyKey(this.#namespaceId, mountId, place))
        })
      }
    }
  }

  /** null where it could not be read: it stays marked, or is marked now, for the next pass. */
  async #read(ref: PlaceRef): Promise<Reading | null> {
    const { storage, log } = this.#parts
    const key = dirtyKey(this.#namespaceId, ref.mountId, ref.place)
    // The mark first: what changes after this marks anew.
    const dirtyVersion = (await storage.get(key))?.version ?? null
    try {
      const leaseId = leaseOfPlace(ref)
      if (leaseId !== null) {
        const wanted = await readLease(storage, this.#namespaceId, leaseId)
        return { ref, wanted, dirtyVersion }
      }
      const mount = await this.#mount(ref.mountId)
      const source = mount && sourceOf(mount, ref)
      const values = source
        ? await source.read(mount.contextFor(this.#signal), ref.place.slice(source.folder.length))
        : []
      return { ref, wanted: wantedOf(this.#config, values), dirtyVersion }
    } catch (error) {
      log.warn('a secret could not be read for the index of live secrets', { err: error })
      if (dirtyVersion === null) await storage.transaction(async (tx) => tx.mark(key))
      return null
    }
  }

  #mount(id: string): Promise<OpenMount | null> {
    let mount = this.#mounts.get(id)
    if (!mount) {
      mount = this.#parts.openMount(this.#namespaceId, id)
      this.#mounts.set(id, mount)
    }
    return mount
  }
}

const isRefusal = (error: unknown): boolean => error instanceof ApiError && error.status < 500

export const sourceOf = (mount: OpenMount, { place }: PlaceRef): LiveSecretSource | undefined =>
  mount.engine.liveSecrets?.find(({ folder }) => place.startsWith(folder))
