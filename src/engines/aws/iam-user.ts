// IAM users made for a lease. The lease is stored before the user is made and holds its name, so that a
// crash at any moment leaves something to undo. Undoing takes off whatever the user has by then.
// Source: "Deleting an IAM user" in the IAM user guide.
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
import { makeUsername } from './username.ts'

interface MadeUser {
  readonly username: string
  /** When it was planned: until IAM has settled, "no such user" proves nothing. */
  readonly plannedAtMs: number
}

export const iamUser = leaseKind<MadeUser>('iam_user', {
  revoke: (mount, { username, plannedAtMs }) =>
    mount.use(awsClients, '', async (clients) => {
      try {
        await deleteUser(clients, username, mount.signal)
      } catch (error) {
        if (!isNoSuchEntity(error)) throw unlessSilent(error)
        if (mount.clock.now() - plannedAtMs < AWS_USER_SETTLE_MS)
          throw new Unreachable('IAM does not know the new user yet', { cause: error })
      }
    }),
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
  const lease = await ctx.lease(iamUser, {
    internal: { username, plannedAtMs: ctx.clock.now() },
    ttlSeconds: times.leaseSeconds,
    maxTtlSeconds: times.maxSeconds,
  })
  const key = await ctx.use(awsClients, '', (clients) =>
    createUser(ctx, clients, { username, roleName, role }),
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

async function createUser(
  { signal: abortSignal }: MountContext,
  { iam }: AwsClients,
  { username: UserName, roleName, role }: { username: string; roleName: string; role: Role },
) {
  await callAws('Error creating IAM user', () =>
    iam.createUser(
      {
        UserName,
        Path: role.userPath || '/',
        ...(role.permissionsBoundaryArn && { PermissionsBoundary: role.permissionsBoundaryArn }),
        Tags: Object.entries(role.iamTags).map(([Key, Value]) => ({ Key, Value })),
      },
      { abortSignal },
    ),
  )
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

/** Deletes the user after all that would hold it; the keys first, so that they end at once. */
export async function deleteUser(
  { iam }: AwsClients,
  UserName: string,
  abortSignal: AbortSignal,
): Promise<void> {
  const at = { abortSignal }
  const keys = await iam.listAccessKeys({ UserName }, at)
  for (const { AccessKeyId } of keys.AccessKeyMetadata ?? [])
    await iam.deleteAccessKey({ UserName, AccessKeyId }, at)
  const attached = await iam.listAttachedUserPolicies({ UserName }, at)
  for (const { PolicyArn } of attached.AttachedPolicies ?? [])
    await iam.detachUserPolicy({ UserName, PolicyArn }, at)
  const inline = await iam.listUserPolicies({ UserName }, at)
  for (const PolicyName of inline.PolicyNames ?? [])
    await iam.deleteUserPolicy({ UserName, PolicyName }, at)
  const groups = await iam.listGroupsForUser({ UserName }, at)
  for (const { GroupName } of groups.Groups ?? [])
    await iam.removeUserFromGroup({ UserName, GroupName }, at)
  await iam.deleteUser({ UserName }, at)
}
