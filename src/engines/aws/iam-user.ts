// IAM users made for a lease. The lease is stored before the user is made and holds its name, so that a
// crash at any moment leaves something to undo. Undoing takes off whatever the user has by then, so a user
// that somebody else made must never get under a lease, whatever name a template makes.
// Source: "Deleting an IAM user" in the IAM user guide.
import { badRequest } from '../../base/errors.ts'
import { AWS_USER_SETTLE_MS } from '../../base/limits.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { MountContext, RequestContext } from '../../sdk/context.ts'
import { leaseKind } from '../../sdk/lease.ts'
import { Unreachable } from '../../sdk/unreachable.ts'
import {
  type AwsClients,
  awsClients,
  callAws,
  isNoSuchEntity,
  unlessSilent,
} from './aws-clients.ts'
import type { Role } from './role.ts'
import { readLease, readRoot } from './root-config.ts'
import { DEFAULT_TEMPLATE, makeUsername } from './username.ts'

interface MadeUser {
  /** Random; names the note that the user turned out to be another's. */
  readonly id: string
  readonly username: string
  /** When it was planned: until IAM has settled, "no such user" proves nothing. */
  readonly plannedAtMs: number
}

const othersKey = (id: string): string => `others-user/${id}`

export const iamUser = leaseKind<MadeUser>('iam_user', {
  revoke: async (mount, { id, username, plannedAtMs }) => {
    // The note stays: undoing may run again.
    if (await mount.storage.get(othersKey(id))) return
    await mount.use(awsClients, '', async (clients) => {
      try {
        await deleteUser(clients, username, mount.signal)
      } catch (error) {
        if (!isNoSuchEntity(error)) throw unlessSilent(error)
        if (mount.clock.now() - plannedAtMs < AWS_USER_SETTLE_MS)
          throw new Unreachable('IAM does not know the new user yet', { cause: error })
      }
    })
  },
  // Nothing at AWS knows when the user ends: a renewal only moves the lease.
  renew: async () => {},
})

/** Makes a user with the role's rights and an access key, under a lease. */
export async function giveUser(ctx: RequestContext, roleName: string, role: Role): Promise<Answer> {
  const [root, times] = await Promise.all([readRoot(ctx.storage), readLease(ctx.storage)])
  const username = makeUsername(ctx, root?.usernameTemplate ?? '', {
    type: 'IAM',
    displayName: ctx.auth?.displayName ?? '',
    role: roleName,
  })
  // The default template's names are random; any other may make one that is taken. It is stored spelled out.
  if (root && ![DEFAULT_TEMPLATE, ''].includes(root.usernameTemplate))
    await checkFree(ctx, username)
  const id = ctx.random.bytes(12).toString('base64url')
  const lease = await ctx.lease(iamUser, {
    internal: { id, username, plannedAtMs: ctx.clock.now() },
    ttlSeconds: times.leaseSeconds,
    maxTtlSeconds: times.maxSeconds,
  })
  const key = await ctx.use(awsClients, '', (clients) =>
    createUser(ctx, clients, { id, username, roleName, role }),
  )
  return {
    data: {
      access_key: key.AccessKeyId,
      secret_key: key.SecretAccessKey,
      security_token: null,
      session_token: null,
    },
    lease,
  }
}

/** Throws 400 where there is a user of that name, before a lease could undo it. */
async function checkFree(ctx: MountContext, UserName: string): Promise<void> {
  const isFree = await ctx.use(awsClients, '', ({ iam }) =>
    callAws('Error looking for the IAM user', async () => {
      try {
        await iam.getUser({ UserName }, { abortSignal: ctx.signal })
        return false
      } catch (error) {
        if (!isNoSuchEntity(error)) throw error
        return true
      }
    }),
  )
  if (!isFree) throw badRequest(`Error creating IAM user: there is a user ${UserName} already`)
}

interface NewUser {
  readonly id: string
  readonly username: string
  readonly roleName: string
  readonly role: Role
}

async function createUser(
  { signal: abortSignal, storage }: MountContext,
  { iam }: AwsClients,
  { id, username: UserName, roleName, role }: NewUser,
) {
  await callAws('Error creating IAM user', async () => {
    const user = {
      UserName,
      Path: role.userPath || '/',
      ...(role.permissionsBoundaryArn && { PermissionsBoundary: role.permissionsBoundaryArn }),
      Tags: Object.entries(role.iamTags).map(([Key, Value]) => ({ Key, Value })),
    }
    try {
      await iam.createUser(user, { abortSignal })
    } catch (error) {
      if (isOthers(error)) await storage.put(othersKey(id), { json: UserName })
      throw error
    }
  })
  for (const PolicyArn of role.policyArns) {
    await callAws('Error attaching user policy', () =>
      iam.attachUserPolicy({ UserName, PolicyArn }, { abortSignal }),
    )
  }
  if (role.policyDocument !== '') {
    const policy = { UserName, PolicyName: roleName, PolicyDocument: role.policyDocument }
    await callAws('Error putting user policy', () => iam.putUserPolicy(policy, { abortSignal }))
  }
  for (const GroupName of role.iamGroups) {
    await callAws('Error adding user to group', () =>
      iam.addUserToGroup({ UserName, GroupName }, { abortSignal }),
    )
  }
  const made = await callAws('Error creating access keys', () =>
    iam.createAccessKey({ UserName }, { abortSignal }),
  )
  return made.AccessKey!
}

/** The name was taken by somebody else. After a repeated call it may be ours: of a try whose answer was lost. */
const isOthers = (error: unknown): boolean =>
  error instanceof Error &&
  error.name.startsWith('EntityAlreadyExists') &&
  (error as { $metadata?: { attempts?: number } }).$metadata?.attempts === 1

/**
 * Deletes the user after all that would hold it; the keys first, so that they end at once. Throws
 * NoSuchEntity where there is no such user. What the user has no more is as good as taken off: the client
 * repeats a call whose answer was lost.
 */
export async function deleteUser(
  { iam }: AwsClients,
  UserName: string,
  abortSignal: AbortSignal,
): Promise<void> {
  const at = { abortSignal }
  const keys = await iam.listAccessKeys({ UserName }, at)
  for (const { AccessKeyId } of keys.AccessKeyMetadata ?? [])
    await unlessGone(iam.deleteAccessKey({ UserName, AccessKeyId }, at))
  const attached = await iam.listAttachedUserPolicies({ UserName }, at)
  for (const { PolicyArn } of attached.AttachedPolicies ?? [])
    await unlessGone(iam.detachUserPolicy({ UserName, PolicyArn }, at))
  const inline = await iam.listUserPolicies({ UserName }, at)
  for (const PolicyName of inline.PolicyNames ?? [])
    await unlessGone(iam.deleteUserPolicy({ UserName, PolicyName }, at))
  const groups = await iam.listGroupsForUser({ UserName }, at)
  for (const { GroupName } of groups.Groups ?? [])
    await unlessGone(iam.removeUserFromGroup({ UserName, GroupName }, at))
  await iam.deleteUser({ UserName }, at)
}

async function unlessGone(call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (!isNoSuchEntity(error)) throw error
  }
}
