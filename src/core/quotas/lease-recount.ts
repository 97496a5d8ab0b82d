// The job behind a changed limit on leases: walks all leases and counts each under the rule that covers it
// now. It runs twice: what a request that began under the old rules stored behind its back, the second run
// finds.
import type { Clock } from '../../base/clock.ts'
import type { JobResult } from '../../sdk/job.ts'
import type { JobRecord } from '../jobs/job-service.ts'
import { leasePrefix, mountKey, namespaceKey, ROOT_NAMESPACE_ID } from '../keys.ts'
import { keyOfLease } from '../leases/lease-entries.ts'
import type { LeaseRecord } from '../leases/lease-record.ts'
import type { MountRecord } from '../mounts/mount-record.ts'
import type { NamespaceRecord } from '../mounts/topology.ts'
import { allPages } from '../pages.ts'
import type { CoreStorage } from '../store.ts'
import type { LeaseCounts } from './lease-counts.ts'
import type { LeaseCountRule, RuleTable } from './quota-rule.ts'
import type { QuotaStore } from './quota-store.ts'

export const RECOUNT_JOB = 'lease-recount'

export interface Recount {
  readonly pass: 1 | 2
  /** Those still to do, the present one first; null: all. */
  readonly namespaces: readonly string[] | null
  /** The last lease key done in the present one. */
  readonly after?: string
}

/** Longer than any request may take. */
const SECOND_PASS_MS = 120_000
/** Leases of one commit, and pages of one run. */
const PAGE = 20
const PAGES = 100

interface Parts {
  readonly storage: CoreStorage
  readonly clock: Clock
  readonly quotas: QuotaStore
  readonly counts: LeaseCounts
}

type Rules = RuleTable<LeaseCountRule> | null

export async function runRecount(
  parts: Parts,
  job: Pick<JobRecord, 'item'>,
  signal: AbortSignal,
): Promise<JobResult<Recount>> {
  const { storage, clock } = parts
  const item = job.item as Recount
  const rules = (await parts.quotas.fresh())?.leaseCounts ?? null
  const namespaces = [...(item.namespaces ?? (await allNamespaces(storage)))]
  let { after } = item
  for (let pages = 0; pages < PAGES && namespaces.length > 0 && !signal.aborted; pages++) {
    const prefix = leasePrefix(namespaces[0]!)
    const page = after === undefined ? { limit: PAGE } : { limit: PAGE, after }
    const keys = await storage.range(prefix, page)
    if (keys.length > 0) await recountPage(parts, rules, namespaces[0]!, keys)
    after = keys.at(-1)
    if (keys.length < PAGE) {
      namespaces.shift()
      after = undefined
    }
  }
  if (namespaces.length > 0) {
    const at = after === undefined ? undefined : { after }
    return { againAtMs: clock.now(), item: { pass: item.pass, namespaces, ...at } }
  }
  if (item.pass === 2) return 'done'
  return { againAtMs: clock.now() + SECOND_PASS_MS, item: { pass: 2, namespaces: null } }
}

async function allNamespaces(storage: CoreStorage): Promise<string[]> {
  const others = await allPages((page) => storage.list('core/namespace/', page))
  return [ROOT_NAMESPACE_ID, ...others]
}

async function recountPage(
  { storage, counts }: Parts,
  rules: Rules,
  namespaceId: string,
  keys: readonly string[],
): Promise<void> {
  await storage.transaction(async (tx) => {
    const records = [...(await tx.read(keys)).values()].map((entry) => entry.json<LeaseRecord>())
    const namespace = (await storage.get(namespaceKey(namespaceId)))?.json<NamespaceRecord>()
    for (const record of records) {
      const wanted = rules && (await ruleOf(storage, rules, record, namespace?.path ?? ''))
      const { counted: before, ...rest } = record
      if (before?.ruleId === wanted?.id) continue
      if (before) await counts.release(tx, before)
      const counted = wanted && (await counts.add(tx, wanted.id))
      tx.put(keyOfLease(record), { json: counted ? { ...rest, counted } : rest })
    }
  })
}

async function ruleOf(
  storage: CoreStorage,
  rules: RuleTable<LeaseCountRule>,
  record: LeaseRecord,
  namespacePath: string,
): Promise<LeaseCountRule | null> {
  const { id, mountId, namespaceId } = record
  const mount = (await storage.get(mountKey(namespaceId, mountId)))?.json<MountRecord>()
  const start = mount && id.startsWith(mount.path) ? mount.path.length : 0
  const mountPath = id.slice(start, Math.max(start, id.lastIndexOf('/')))
  return rules.ruleFor({ namespaceId, namespacePath, mountId, mountPath }, '')
}
