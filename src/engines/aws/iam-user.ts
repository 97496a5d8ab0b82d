// IAM users made for a lease. The lease is stored before the user is made and holds its name, so that a
// crash at any moment leaves something to undo. Undoing takes off whatever the user has by then, so a user
// that somebody else made must never be undone, whatever name a template makes: where names aren't random,
// the user is tagged with its lease as it is made, and one without that tag is let alone.
// API: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
import { ApiError, badRequest } from '../../base/errors.ts'
import { AWS_USER_SETTLE_MS } from '../../base/limits.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { MountContext, RequestContext } from '../../sdk/context.ts'
import { jobKind } from '../../sdk/job.ts'
import { leaseKind } from '../../sdk/lease.ts'
import { Unreachable } from '../../sdk/unreachable.ts'
import {
  type AwsClients,
  awsClients,
  callAws,
  isNoSuchEntity,
  unlessSilent,
} from './aws-clients.ts'
import { deleteUser } from './delete-user.ts'
import type { Role } from './role.ts'
import { readLease, readRoot } from './root-config.ts'
import { DEFAULT_TEMPLATE, makeUsername } from './username.ts'

interface MadeUser {
  /** Random; names the note that the user turned out to be another's. */
  readonly id: string
  readonly username: string
  /** When it was planned: until IAM has settled, "no such user" proves nothing. */
  readonly plannedAtMs: number
  /** It carries the lease's id: its name comes from a template that may make others' names. */
  readonly isTagged: boolean
}

/** Names the lease at AWS, on users whose names might be somebody else's too. */
const LEASE_TAG = 'strongroom-lease'
const othersKey = (id: string): string => `others-user/${id}`
/** How long undoing may run again: the note stands until then. */
const NOTE_MS = 3_600_000

export const forgetOthers = jobKind<{ readonly id: string }>('forget-others-user', {
  run: async (mount, { id }) => {
    await mount.storage.delete(othersKey(id))
    return 'done'
  },
})

export const iamUser = leaseKind<MadeUser>('iam_user', {
  revoke: async (mount, { id, username, plannedAtMs, isTagged }) => {
    if (await mount.storage.get(othersKey(id))) return forgetLater(mount, id)
    await mount.use(awsClients, '', async (clients) => {
      try {
        if (isTagged) await checkOurs(clients, username, id, mount.signal)
        await deleteUser(clients, username, mount.signal)
      } catch (error) {
        if (error instanceof ApiError) throw error
        if (!isNoSuchEntity(error)) throw unlessSilent(error)
        if (mount.clock.now() - plannedAtMs < AWS_USER_SETTLE_MS)
          throw new Unreachable('IAM does not know the new user yet', { cause: error })
      }
    })
  },
  // Nothing at AWS knows when the user ends: a renewal only moves the lease.
  renew: async () => {},
})

const forgetLater = (mount: MountContext, id: string): Promise<void> =>
  mount.storage.transaction(async (tx) => {
    const atMs = mount.clock.now() + NOTE_MS
    await mount.schedule(tx, forgetOthers, { id, atMs, item: { id } })
  })

/** Throws, for operators to see, where the user doesn't carry the lease's id. */
async function checkOurs(
  { iam }: AwsClients,
  UserName: string,
  id: string,
  abortSignal: AbortSignal,
): Promise<void> {
  const { User } = await iam.getUser({ UserName }, { abortSignal })
  const tag = User?.Tags?.find(({ Key }) => Key === LEASE_TAG)
  if (tag?.Value !== id) {
    throw new ApiError(500, [
      `the IAM user ${UserName} does not carry the tag ${LEASE_TAG}=${id}: it is not taken for this lease's`,
    ])
  }
}

/** Makes a user with the role's rights and an access key, under a lease. */
export async function giveUser(ctx: RequestContext, roleName: string, role: Role): Promise<Answer> {
  const [root, times] = await Promise.all([readRoot(ctx.storage), readLease(ctx.storage)])
  const username = makeUsername(ctx, root?.usernameTemplate ?? '', {
    type: 'IAM',
    displayName: ctx.auth?.displayName ?? '',
    role: roleName,
  })
  // The default template's names are random; any other may make one that is taken. It is stored spelled out.
  const isTagged = root !== null && ![DEFAULT_TEMPLATE, ''].includes(root.usernameTemplate)
  if (isTagged) await checkFree(ctx, username)
  const id = ctx.random.bytes(12).toString('base64url')
  const lease = await ctx.lease(iamUser, {
    internal: { id, username, plannedAtMs: ctx.clock.now(), isTagged },
    ttlSeconds: times.leaseSeconds,
    maxTtlSeconds: times.maxSeconds,
  })
  const key = await ctx.use(awsClients, '', (clients) =>
    createUser(ctx, clients, { id, username, roleName, role, isTagged }),
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
  readonly isTagged: boolean
}

async function createUser(
  { signal: abortSignal, storage }: MountContext,
  { iam }: AwsClients,
  { id, username: UserName, roleName, role, isTagged }: NewUser,
) {
  await callAws('Error creating IAM user', async () => {
    const tags = isTagged ? { ...role.iamTags, [LEASE_TAG]: id } : role.iamTags
    const user = {
      UserName,
      Path: role.userPath || '/',
      ...(role.permissionsBoundaryArn && { PermissionsBoundary: role.permissionsBoundaryArn }),
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
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
