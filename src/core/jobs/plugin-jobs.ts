// Jobs that plugins schedule within their own transactions: 'type.kind', under a name that the mount, the kind
// and the plugin's id make.
import type { Tx } from '../../sdk/storage.ts'
import { wholeOf } from '../barrier/transaction.ts'
import type { MountRecord } from '../mounts/mount-record.ts'
import { type JobService, pluginJobName } from './job-service.ts'

export function planPluginJob(
  jobs: Pick<JobService, 'plan'>,
  tx: Tx,
  mount: MountRecord,
  namespaceId: string,
  kind: string,
  job: { readonly id: string; readonly atMs: number; readonly item: unknown },
): Promise<void> {
  return jobs.plan(wholeOf(tx), pluginJobName(mount.id, kind, job.id), {
    kind: `${mount.type}.${kind}`,
    namespaceId,
    mountId: mount.id,
    item: job.item,
    atMs: job.atMs,
  })
}

export function unplanPluginJob(
  jobs: Pick<JobService, 'unplan'>,
  tx: Tx,
  mount: MountRecord,
  kind: string,
  id: string,
): Promise<void> {
  return jobs.unplan(wholeOf(tx), pluginJobName(mount.id, kind, id))
}
