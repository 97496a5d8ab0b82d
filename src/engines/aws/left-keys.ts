// Access keys that were made for a static role which is gone: a record knows them until AWS has deleted them,
// also where AWS is away when the role is removed. A job works the record off; a new role of the same user
// does so first, so that no key of it can be taken for one that was left.
import { AWS_CONNECT_MS, AWS_USER_SETTLE_MS } from '../../base/limits.ts'
import type { MountContext } from '../../sdk/context.ts'
import { type JobResult, jobKind } from '../../sdk/job.ts'
import type { RotationRemains } from '../../sdk/rotation.ts'
import type { Tx } from '../../sdk/storage.ts'
import { deleteKey, type StagedKey, strayKeys } from './access-keys.ts'
import { type AwsClients, awsClients, callAws, isNoSuchEntity } from './aws-clients.ts'

interface LeftKeys {
  readonly username: string
  /** IAM's own id: a user of that name who came later is let alone. */
  readonly userId: string
  readonly keyIds: readonly string[]
  /**
   * Ids that the user had when a key was to be made whose making may still be under way, or broke off before
   * the key was stored: any other key is that one. null: no such thing.
   */
  readonly known: readonly string[] | null
  /** Until then such a key may still appear. */
  readonly untilMs: number
}
interface LeftRef {
  readonly username: string
  readonly id: string
}

const prefixOf = (username: string): string => `left-keys/${encodeURIComponent(username)}/`
const leftKey = ({ username, id }: LeftRef): string => prefixOf(username) + id

export const leftKeysJob = jobKind<LeftRef>('left-keys', { run: clearLeft })

/**
 * Records, in the commit that removes the role, which keys are left; null where none is. They are deleted by
 * a job, and by `clearLeftKeys`.
 */
export async function leaveKeys(
  ctx: MountContext,
  tx: Tx,
  of: { readonly username: string; readonly userId: string; readonly keyIds: readonly string[] },
  { staged, old }: RotationRemains<StagedKey, { readonly keyId: string }>,
): Promise<LeftRef | null> {
  const made = staged.flatMap((it) => (it.made ? [it.made.keyId] : []))
  const known = staged.find((it) => it.made === null)?.known ?? null
  const keyIds = [...new Set([...of.keyIds, ...made, ...old.map(({ keyId }) => keyId)])]
  if (keyIds.length === 0 && known === null) return null
  const { username, userId } = of
  const ref: LeftRef = { username, id: ctx.random.bytes(12).toString('base64url') }
  const nowMs = ctx.clock.now()
  const left: LeftKeys = { username, userId, keyIds, known, untilMs: nowMs + AWS_USER_SETTLE_MS }
  tx.put(leftKey(ref), { json: left })
  await ctx.schedule(tx, leftKeysJob, { id: ref.id, atMs: nowMs + AWS_CONNECT_MS, item: ref })
  return ref
}

/** Deletes what is left of earlier roles of the user; throws what AWS says. */
export async function clearLeftKeys(ctx: MountContext, username: string): Promise<void> {
  const refs = (await ctx.storage.list(prefixOf(username))).map((id) => ({ username, id }))
  for (const ref of refs) {
    await clearLeft(ctx, ref)
    await ctx.storage.delete(leftKey(ref))
  }
}

/** Deletes what one removal left; throws what AWS says, and then the job does it. */
export async function clearLeft(mount: MountContext, ref: LeftRef): Promise<JobResult<LeftRef>> {
  const left = (await mount.storage.get(leftKey(ref)))?.json<LeftKeys>()
  if (!left) return 'done'
  await mount.use(awsClients, '', (clients) => deleteAll(clients, left))
  if (left.known !== null && mount.clock.now() < left.untilMs) return { againAtMs: left.untilMs }
  await mount.storage.delete(leftKey(ref))
  return 'done'
}

async function deleteAll(clients: AwsClients, left: LeftKeys): Promise<void> {
  const { username, known } = left
  for (const keyId of left.keyIds) await deleteKey(clients, { keyId, username })
  if (known === null || !(await isSameUser(clients, left))) return
  const strays = await callAws('unable to list existing access keys', () =>
    strayKeys(clients, { username, known }),
  )
  for (const keyId of strays) await deleteKey(clients, { keyId, username })
}

const isSameUser = ({ iam }: AwsClients, { username, userId }: LeftKeys): Promise<boolean> =>
  callAws('error calling GetUser', async () => {
    try {
      return (await iam.getUser({ UserName: username })).User?.UserId === userId
    } catch (error) {
      if (!isNoSuchEntity(error)) throw error
      return false
    }
  })
