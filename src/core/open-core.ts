// Makes the services of an unsealed server, in the order in which they need one another.

import type { Clock } from '../base/clock.ts'
import { badRequest } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import { VERSION } from '../base/version.ts'
import type { AuditPlugin } from '../sdk/audit.ts'
import type { MountServices, Namespace } from '../sdk/context.ts'
import type { Log } from '../sdk/log.ts'
import type { Engine } from '../sdk/plugin.ts'
import { AuditBroker } from './audit/audit-broker.ts'
import { Callers } from './callers.ts'
import type { Core } from './core.ts'
import { CorsSettings } from './edge/cors-config.ts'
import { BackgroundPace, pacedStorage } from './jobs/background-pace.ts'
import { DUE_JOB, dueIndex } from './jobs/due-index.ts'
import { DueWorker } from './jobs/due-worker.ts'
import { JobService, type RunJob } from './jobs/job-service.ts'
import { ShardClaims } from './jobs/shard-claims.ts'
import { passwordPolicyPrefix, ROOT_NAMESPACE_ID } from './keys.ts'
import { LEASE_BATCH, LeaseQueue } from './leases/lease-queue.ts'
import { DUE_LEASE } from './leases/lease-record.ts'
import { LeaseService } from './leases/lease-service.ts'
import { LEASE_SWEEP_JOB, LeaseSweeps } from './leases/lease-sweeps.ts'
import { LeaseWork } from './leases/lease-work.ts'
import { RevocationWorker } from './leases/revocation-worker.ts'
import { LiveIndex } from './live-secrets/live-index.ts'
import { LIVE_JOB, runLiveJob } from './live-secrets/live-job.ts'
import type { Counts } from './metrics/server-metrics.ts'
import { contextOfMount, type MountContextParts, openMount } from './mounts/mount-contexts.ts'
import type { MountRecord } from './mounts/mount-record.ts'
import { MountService } from './mounts/mount-service.ts'
import type { Mount } from './mounts/mount-table.ts'
import { Remounts } from './mounts/remounts.ts'
import { type FindEngine, Topology } from './mounts/topology.ts'
import {
  NAMESPACE_SWEEP_JOB,
  runNamespaceSweep,
  runUnmount,
  UNMOUNT_JOB,
  UNMOUNT_JOB_IDS,
} from './mounts/unmount-jobs.ts'
import { NamespaceService } from './namespaces/namespace-service.ts'
import {
  defaultPasswordPolicy,
  generatePassword,
  parsePasswordPolicy,
} from './passwords/password-policy.ts'
import { PolicyStore } from './policies/policy-store.ts'
import { LeaseCounts } from './quotas/lease-counts.ts'
import { RECOUNT_JOB, runRecount } from './quotas/lease-recount.ts'
import { QuotaStore } from './quotas/quota-store.ts'
import type { RateLimiter } from './quotas/rate-limiter.ts'
import { Resources } from './resources/resources.ts'
import { ROTATION_MOVE_JOB, RotationMounts } from './rotations/rotation-mounts.ts'
import { DUE_ROTATION } from './rotations/rotation-record.ts'
import { RotationService } from './rotations/rotation-service.ts'
import type { Settings } from './settings.ts'
import type { CoreStorage } from './store.ts'
import { openTokenService } from './tokens/token-service.ts'
import { noteVersion } from './versions/version-history.ts'
import { wrappingService } from './wrapping/wrapping-service.ts'

export interface CoreParts {
  readonly storage: CoreStorage
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly settings: Settings
  readonly engines: readonly Engine[]
  readonly auditPlugins: readonly AuditPlugin[]
  readonly counts: Counts
  readonly rates: RateLimiter
  /** How many requests this process has begun so far. */
  requestsBegun(): number
  /** False: this process serves requests and leaves what is due to others. */
  readonly worksDue: boolean
}

const REMOUNT_FORGET_JOB = 'remount-forget'

export async function openCore(parts: CoreParts): Promise<Core> {
  const { storage, clock, random, log, settings } = parts
  const byType = new Map(parts.engines.map((engine) => [`${engine.class} ${engine.type}`, engine]))
  const findEngine: FindEngine = (of, type) => byType.get(`${of} ${type}`)
  const pace = new BackgroundPace({ clock, requestsBegun: parts.requestsBegun })
  const background = pacedStorage(storage, pace)
  const resources = new Resources(clock, log)
  const topology = new Topology(storage, findEngine)
  const policies = new PolicyStore(storage, clock)
  const servicesOf = (record: MountRecord, namespace: Namespace): MountServices =>
    mountServicesOf(record, settings, (policy) => passwordOf(storage, namespace, random, policy))
  const kinds: Record<string, RunJob> = {}
  const jobs = new JobService({ storage, clock, random, log: log.named('jobs'), kinds: kinds })
  const claims = new ShardClaims(storage, clock, random)
  const rotations = new RotationService({
    storage,
    clock,
    random,
    log: log.named('rotation'),
    counts: parts.counts,
    contextOf: (...of) => contextOf(...of),
    claims,
  })
  const rotationMounts = new RotationMounts(background, log.named('rotation'))
  const contexts: MountContextParts = {
    storage,
    findEngine,
    clock,
    random,
    log,
    resources,
    jobs,
    rotations,
    servicesOf,
  }
  const contextOf = (namespaceId: string, mountId: string, signal: AbortSignal) =>
    contextOfMount(contexts, namespaceId, mountId, signal)

  const mounts = new MountService({
    storage,
    findEngine,
    clock,
    random,
    scheduleUnmount: (tx, dying) =>
      void jobs.schedule(tx, {
        id: UNMOUNT_JOB_IDS + dying.record.id,
        kind: UNMOUNT_JOB,
        namespaceId: dying.namespaceId,
        item: dying,
      }),
    scheduleMove: (tx, item) =>
      void jobs.schedule(tx, { kind: ROTATION_MOVE_JOB, namespaceId: item.toNamespaceId, item }),
  })
  const namespaces = new NamespaceService({
    storage,
    mounts,
    findEngine,
    random,
    scheduleSweep: (tx, namespaceId) =>
      void jobs.schedule(tx, { kind: NAMESPACE_SWEEP_JOB, namespaceId, item: {} }),
  })
  const tokens = await openTokenService({
    storage,
    background,
    clock,
    random,
    due: dueIndex,
    mountTtls: (mount) => servicesOf(mount.record, mount.namespace).ttls(),
    endLeases: (ref, signal) => leases.endOfToken(ref.namespaceId, ref.hash, signal),
  })
  const quotas = new QuotaStore(storage)
  const leaseCounts = new LeaseCounts({ storage, clock, random, jobs, quotas })
  const ofLeases = { storage, pace, clock, random, log: log.named('leases') }
  const leaseWork = new LeaseWork({ open: (...of) => openMount(contexts, ...of), clock })
  const ofCounts = { counts: parts.counts, quotas: leaseCounts }
  const leaseQueue = new LeaseQueue({ ...ofLeases, ...ofCounts })
  const leases: LeaseService = new LeaseService({
    ...ofLeases,
    ...ofCounts,
    tokens,
    work: leaseWork,
    queue: leaseQueue,
  })
  const revocations = new RevocationWorker({ ...ofLeases, queue: leaseQueue, work: leaseWork })
  const leaseSweeps = new LeaseSweeps({ ...ofLeases, jobs, leases, tokens })
  const remounts = new Remounts({
    storage,
    mounts,
    clock,
    random,
    revokeLeases: ({ id: mountId, path: prefix }, { id }) =>
      leaseSweeps.queue(id, { action: 'queue', prefix, mountId, tokensAfter: null }),
    forgetAt: (tx, id, atMs) =>
      void jobs.schedule(tx, {
        kind: REMOUNT_FORGET_JOB,
        namespaceId: ROOT_NAMESPACE_ID,
        item: id,
        atMs,
      }),
  })
  const liveParts = {
    ...{ storage: background, clock, random, findEngine, log: log.named('live-secrets') },
    openMount: (namespaceId: string, mountId: string) => openMount(contexts, namespaceId, mountId),
  }
  const unmountParts = {
    ...{ storage: background, leases, rotationMounts, tokens, mounts, log: log.named('mounts') },
    now: () => clock.now(),
  }
  Object.assign(kinds, {
    [UNMOUNT_JOB]: async (job, signal) => {
      const { id } = (job.item as { record: MountRecord }).record
      await resources.dispose(id)
      const result = await runUnmount(unmountParts, job, signal)
      // Ending its leases may have opened them again.
      if (result === 'done') await resources.dispose(id)
      return result
    },
    [NAMESPACE_SWEEP_JOB]: (job, signal) => runNamespaceSweep(unmountParts, job, signal),
    [REMOUNT_FORGET_JOB]: async (job) => {
      await remounts.forget(job.item as string)
      return 'done'
    },
    [RECOUNT_JOB]: (job, signal) =>
      runRecount({ storage: background, clock, quotas, counts: leaseCounts }, job, signal),
    [ROTATION_MOVE_JOB]: (job, signal) => rotationMounts.runMove(job, signal),
    [LIVE_JOB]: (job, signal) => runLiveJob(liveParts, job, signal),
    [LEASE_SWEEP_JOB]: (job, signal) => leaseSweeps.run(job, signal),
    ...pluginJobs(parts.engines, contextOf),
  } satisfies Record<string, RunJob>)
  const audit = new AuditBroker({
    storage,
    plugins: parts.auditPlugins,
    clock,
    random,
    log: log.named('audit'),
    rules: {
      directories: settings.auditFileDirectories,
      allowPrefix: settings.allowAuditLogPrefixing,
    },
  })
  await audit.reload()
  const cors = new CorsSettings(storage)
  await noteVersion(storage, VERSION, clock.now())
  const worker = new DueWorker({
    storage,
    clock,
    random,
    log: log.named('due'),
    claims,
    handlers: {
      ...Object.fromEntries(
        Object.entries(tokens.due).map(([kind, run]) => [
          kind,
          (mark, signal) => run({ namespaceId: mark.namespaceId, hash: mark.id }, signal),
        ]),
      ),
      [DUE_JOB]: jobs.onDue,
      [DUE_ROTATION]: rotations.onDue,
    },
    batches: {
      [DUE_LEASE]: {
        size: LEASE_BATCH,
        async take(marks) {
          for (const [lane, count] of await leaseQueue.take(marks)) revocations.added(lane, count)
        },
      },
    },
    afterPass: (shards) => revocations.discover(shards),
  })
  if (parts.worksDue) worker.start()
  let followed: string | null = null
  const servicesByMount = new WeakMap<Mount, MountServices>()
  return {
    clock,
    random,
    log,
    settings,
    storage,
    topology,
    mounts,
    remounts,
    namespaces,
    policies,
    callers: new Callers(policies, clock),
    tokens,
    wrapping: wrappingService({ storage, clock, due: dueIndex, tokens }),
    jobs,
    leases,
    leaseSweeps,
    leaseQueue,
    revocations,
    rotations,
    liveIndex: new LiveIndex({ storage, clock, random, jobs }),
    audit,
    resources,
    cors,
    quotas,
    leaseCounts,
    rates: parts.rates,
    openMount: (namespaceId, mountId) => openMount(contexts, namespaceId, mountId),
    mountServices(mount) {
      let services = servicesByMount.get(mount)
      if (!services) {
        services = servicesOf(mount.record, mount.namespace)
        servicesByMount.set(mount, services)
      }
      return services
    },
    follow(epoch) {
      if (followed === epoch) return undefined
      return Promise.all([cors.load(), quotas.load(), audit.reload()]).then((loaded) => {
        loaded[0]()
        loaded[1]()
        followed = epoch
      })
    },
    async close() {
      pace.close()
      rotations.close()
      await revocations.stop()
      if (parts.worksDue) await worker.stop()
      await resources.dispose()
      await audit.close()
      tokens.close()
      topology.clear()
      policies.clear()
    },
  }
}

/** A password by a named policy of the namespace, or by the built-in one. */
async function passwordOf(
  storage: CoreStorage,
  namespace: Namespace,
  random: Random,
  policy: string | undefined,
): Promise<string> {
  if (policy === undefined || policy === '') return generatePassword(defaultPasswordPolicy, random)
  const entry = await storage.get(passwordPolicyPrefix(namespace.id) + policy)
  if (!entry) throw badRequest(`password policy "${policy}" does not exist`)
  return generatePassword(parsePasswordPolicy(entry.text()), random)
}

function mountServicesOf(
  record: MountRecord,
  settings: Settings,
  password: (policy?: string) => Promise<string>,
): MountServices {
  const maxSeconds = record.config.maxTtlSeconds || settings.maxTtlSeconds
  const defaultSeconds = Math.min(
    record.config.defaultTtlSeconds || settings.defaultTtlSeconds,
    maxSeconds,
  )
  const ttls = { defaultSeconds, maxSeconds }
  return {
    ttls: () => ttls,
    processes: settings.processes ?? 1,
    password,
  }
}

/** The jobs that plugins declare, by 'type.kind'. */
function pluginJobs(
  engines: readonly Engine[],
  contextOf: (
    namespaceId: string,
    mountId: string,
    signal: AbortSignal,
  ) => ReturnType<typeof contextOfMount>,
): Record<string, RunJob> {
  const runs: Record<string, RunJob> = {}
  for (const engine of engines) {
    for (const kind of engine.jobs ?? []) {
      runs[`${engine.type}.${kind.name}`] = async (job, signal) => {
        const found = await contextOf(job.namespaceId, job.mountId ?? '', signal)
        if (!found) return 'done'
        const run = { id: job.id, attempt: job.failures + 1, signal }
        return kind.run(found.context, job.item as never, run)
      }
    }
  }
  return runs
}
