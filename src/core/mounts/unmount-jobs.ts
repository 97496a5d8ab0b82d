// The work behind a disabled mount and a deleted namespace: tokens and leases first, then data, then the
// record, in small commits that any process may take over at any point; the job's item says how far it came.
import { MAX_BATCH_KEYS } from '../../base/limits.ts'
import type { JobResult } from '../../sdk/job.ts'
import type { Log } from '../../sdk/log.ts'
import type { JobRecord } from '../jobs/job-service.ts'
import {
  liveWatchKey,
  mountDataPrefix,
  mountPrefix,
  namespaceEpochKey,
  namespaceKey,
} from '../keys.ts'
import { LEASE_BATCH } from '../leases/lease-queue.ts'
import type { LeaseService } from '../leases/lease-service.ts'
import type { RotationMounts } from '../rotations/rotation-mounts.ts'
import type { CoreStorage } from '../store.ts'
import { MARKED_STEP } from '../tokens/token-revoke.ts'
import type { TokenService } from '../tokens/token-service.ts'
import type { MountRecord } from './mount-record.ts'
import {
  type DyingMount,
  dyingMountKey,
  type MountService,
  movedMountKey,
} from './mount-service.ts'

export const UNMOUNT_JOB = 'unmount'
export const NAMESPACE_SWEEP_JOB = 'namespace-sweep'

/** What the ids of the jobs behind disabled mounts begin with; the mount's id follows. */
export const UNMOUNT_JOB_IDS = 'unmount.'

interface Parts {
  readonly storage: CoreStorage
  readonly leases: Pick<LeaseService, 'idsBelow' | 'queueRevocations' | 'findAll'>
  readonly tokens: Pick<TokenService, 'leaseNames' | 'revokeMarked'>
  readonly rotationMounts: RotationMounts
  readonly mounts: MountService
  readonly log: Log
  now(): number
}

/** How far it came: a crash repeats at most one run. */
export interface Unmounting extends DyingMount {
  /** tokens: those that logged in there. leases: queueing them. wait: until the last one is gone. */
  readonly phase?: 'tokens' | 'leases' | 'wait' | 'data'
  /** The last name of the phase that is done. */
  readonly after?: string
  readonly tokens?: number
  readonly leases?: number
}

const AGAIN_MS = 1000
/** Names of one page, and pages of one run. */
const PAGE = 5 * LEASE_BATCH
const RUN = 200

/**
 * Revokes what logged in through the mount, queues its leases, waits for the last of them, deletes its data
 * and its record. Nothing is added to it meanwhile, since its mark is gone; another mount may stand at its
 * path.
 */
export async function runUnmount(
  parts: Parts,
  job: JobRecord,
  signal: AbortSignal,
): Promise<JobResult<unknown>> {
  let item = job.item as Unmounting
  const first = item.record.class === 'auth' ? 'tokens' : 'leases'
  for (let pages = 0; pages < RUN && !signal.aborted; pages++) {
    const step = await STEPS[item.phase ?? first](parts, item, signal)
    if (step === 'done') {
      const { path } = item.record
      const { tokens = 0, leases = 0 } = item
      parts.log.info('disabled mount is gone with all it had', { path, tokens, leases })
      return 'done'
    }
    const isWaiting = step.phase === 'wait' && step.after === item.after && item.phase === 'wait'
    item = step
    if (isWaiting) return { againAtMs: parts.now() + AGAIN_MS, item }
  }
  const { record, phase, tokens = 0, leases = 0 } = item
  parts.log.info('disabled mount is worked off', { path: record.path, phase, tokens, leases })
  return { againAtMs: parts.now(), item }
}

/** One page of a phase; what is left to do, or 'done'. */
type Step = (parts: Parts, item: Unmounting, signal: AbortSignal) => Promise<Unmounting | 'done'>

const STEPS: Readonly<Record<NonNullable<Unmounting['phase']>, Step>> = {
  async tokens({ tokens }, item) {
    const { record, namespaceId, after, tokens: count = 0 } = item
    const page = after === undefined ? { limit: MARKED_STEP } : { limit: MARKED_STEP, after }
    const names = await tokens.leaseNames(namespaceId, record.path, page)
    if (names.length > 0) await tokens.revokeMarked(namespaceId, names, record.id)
    const { after: _, ...rest } = item
    if (names.length < MARKED_STEP)
      return { ...rest, phase: 'leases', tokens: count + names.length }
    return { ...rest, phase: 'tokens', after: names.at(-1)!, tokens: count + names.length }
  },
  async leases({ leases }, item) {
    const { record, namespaceId, leases: count = 0 } = item
    const { queued, last } = await queuePage(leases, record, namespaceId, item.after)
    const { after: _, ...rest } = item
    if (last === null) return { ...rest, phase: 'wait', leases: count + queued }
    return { ...rest, phase: 'leases', after: last, leases: count + queued }
  },
  async wait({ leases }, item) {
    const { record, namespaceId, after, ...rest } = item
    const page = after === undefined ? { limit: PAGE } : { limit: PAGE, after }
    const ids = await leases.idsBelow(namespaceId, record.path, page)
    const own = new Set(
      (await leases.findAll(ids))
        .filter(({ mountId, state }) => mountId === record.id && state !== 'irrevocable')
        .map(({ id }) => id),
    )
    const left = ids.findIndex((id) => own.has(id))
    if (left < 0 && ids.length < PAGE) return { ...rest, record, namespaceId, phase: 'data' }
    // All before the first one that is left needs no second look.
    const last = left < 0 ? ids.at(-1) : (ids[left - 1] ?? after)
    return { ...item, phase: 'wait', ...(last === undefined ? undefined : { after: last }) }
  },
  async data({ storage, rotationMounts }, item, signal) {
    // What goes with its mount is told to nobody key by key.
    await storage.delete(liveWatchKey(item.record.id))
    if (!(await rotationMounts.drop(item.namespaceId, item.record.id, signal))) return item
    if (!(await deleteBelow(storage, mountDataPrefix(item.record.id), signal))) return item
    await storage.transaction(async (tx) => {
      tx.delete(dyingMountKey(item.record.id))
      tx.delete(movedMountKey(item.record.id))
    })
    return 'done'
  },
}

/** `last`: where the next page begins; null: this was the last one. */
async function queuePage(
  leases: Parts['leases'],
  record: MountRecord,
  namespaceId: string,
  after: string | undefined,
): Promise<{ queued: number; last: string | null }> {
  const page = after === undefined ? { limit: PAGE } : { limit: PAGE, after }
  const ids = await leases.idsBelow(namespaceId, record.path, page)
  let queued = 0
  for (let at = 0; at < ids.length; at += LEASE_BATCH) {
    queued += await leases.queueRevocations(ids.slice(at, at + LEASE_BATCH), record.id)
  }
  return { queued, last: ids.length < PAGE ? null : ids.at(-1)! }
}

/** Deletes every key below a prefix; false where it was interrupted. */
async function deleteBelow(
  storage: CoreStorage,
  prefix: string,
  signal: AbortSignal,
): Promise<boolean> {
  while (!signal.aborted) {
    const keys = await storage.range(prefix, { limit: MAX_BATCH_KEYS })
    if (keys.length === 0) return true
    await storage.transaction(async (tx) => {
      for (const key of keys) tx.delete(key)
    })
  }
  return false
}

/** Whether a mount of the namespace is still being taken down, however many there are of others. */
async function hasDyingMount(storage: CoreStorage, namespaceId: string): Promise<boolean> {
  let after: string | undefined
  for (;;) {
    const page = after === undefined ? {} : { after }
    const keys = await storage.range(dyingMountKey(''), { limit: MAX_BATCH_KEYS, ...page })
    if (keys.length === 0) return false
    for (const entry of (await storage.read(keys)).values()) {
      if (entry.json<DyingMount>().namespaceId === namespaceId) return true
    }
    after = keys.at(-1)
  }
}

/** Takes down what is left of a namespace, its record last. */
export async function runNamespaceSweep(
  parts: Parts,
  job: JobRecord,
  signal: AbortSignal,
): Promise<JobResult<unknown>> {
  const { namespaceId } = job
  const prefix = mountPrefix(namespaceId)
  const left = await parts.storage.range(prefix, { limit: 20 })
  for (const key of left) {
    const record = (await parts.storage.get(key))?.json<MountRecord>()
    if (record) {
      await parts.storage.transaction(async (tx) => parts.mounts.retire(tx, namespaceId, record))
    }
  }
  if (left.length > 0 || (await hasDyingMount(parts.storage, namespaceId))) {
    return { againAtMs: parts.now() + AGAIN_MS }
  }
  if (!(await deleteBelow(parts.storage, `ns/${namespaceId}/`, signal))) {
    return { againAtMs: parts.now() }
  }
  await parts.storage.transaction(async (tx) => {
    tx.delete(namespaceKey(namespaceId))
    tx.delete(namespaceEpochKey(namespaceId))
  })
  return 'done'
}
