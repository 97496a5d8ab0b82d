// The work behind a disabled mount and a deleted namespace: leases first, then data, then the record, in
// small commits that any process may take over at any point.
import { MAX_BATCH_KEYS } from '../../base/limits.ts'
import type { JobResult } from '../../sdk/job.ts'
import type { JobRecord } from '../jobs/job-service.ts'
import { mountDataPrefix, mountPrefix, namespaceEpochKey, namespaceKey } from '../keys.ts'
import type { LeaseService } from '../leases/lease-service.ts'
import type { RotationMounts } from '../rotations/rotation-mounts.ts'
import type { CoreStorage } from '../store.ts'
import type { MountRecord } from './mount-record.ts'
import { type DyingMount, dyingMountKey, type MountService } from './mount-service.ts'

export const UNMOUNT_JOB = 'unmount'
export const NAMESPACE_SWEEP_JOB = 'namespace-sweep'

interface Parts {
  readonly storage: CoreStorage
  readonly leases: LeaseService
  readonly rotationMounts: RotationMounts
  readonly mounts: MountService
  now(): number
}

const AGAIN_MS = 1000

/** Revokes the mount's leases, waits for the last of them, deletes its data and its record. */
export async function runUnmount(
  parts: Parts,
  job: JobRecord,
  signal: AbortSignal,
): Promise<JobResult<unknown>> {
  const { record, namespaceId } = job.item as DyingMount
  if ((await revokeLeases(parts, record, namespaceId, signal)) > 0) {
    return { againAtMs: parts.now() + AGAIN_MS }
  }
  if (!(await parts.rotationMounts.drop(namespaceId, record.id, signal))) {
    return { againAtMs: parts.now() }
  }
  if (!(await deleteBelow(parts.storage, mountDataPrefix(record.id), signal))) {
    return { againAtMs: parts.now() }
  }
  await parts.storage.delete(dyingMountKey(record.id))
  return 'done'
}

/** Queues the end of the mount's leases; answers how many are still there, irrevocable ones not counted. */
export async function revokeLeases(
  parts: Pick<Parts, 'leases'>,
  record: MountRecord,
  namespaceId: string,
  signal: AbortSignal,
): Promise<number> {
  let left = 0
  let after: string | undefined
  while (!signal.aborted) {
    const page = after === undefined ? { limit: 500 } : { limit: 500, after }
    const ids = await parts.leases.idsBelow(namespaceId, record.path, page)
    for (const id of ids) {
      const lease = await parts.leases.find(id)
      if (lease?.mountId !== record.id || lease.state === 'irrevocable') continue
      left++
      if (lease.state !== 'revoking') await parts.leases.revoke(id, false)
    }
    if (ids.length < 500) break
    after = ids.at(-1)
  }
  return left
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
  const dying = await parts.storage.range('core/mount-dying/', { limit: 1000 })
  const entries = await parts.storage.read(dying.slice(0, 100))
  const own = [...entries.values()].some(
    (entry) => entry.json<DyingMount>().namespaceId === namespaceId,
  )
  if (left.length > 0 || own) return { againAtMs: parts.now() + AGAIN_MS }
  if (!(await deleteBelow(parts.storage, `ns/${namespaceId}/`, signal))) {
    return { againAtMs: parts.now() }
  }
  await parts.storage.transaction(async (tx) => {
    tx.delete(namespaceKey(namespaceId))
    tx.delete(namespaceEpochKey(namespaceId))
  })
  return 'done'
}
