// Static roles: one IAM user each, whose access key the rotation service replaces in its time.
// API: https://developer.hashicorp.com/vault/api-docs/secret/aws#create-update-static-role
import { ApiError, badRequest } from '../../base/errors.ts'
import { AWS_MIN_ROTATION_SECONDS } from '../../base/limits.ts'
import { string } from '../../schema/field.ts'
import type { Parsed } from '../../schema/parse-fields.ts'
import type { MountContext, RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { keysAnswer, keysOutput, listNames, pageInput } from '../../sdk/listing.ts'
import { type RotationSchedule, rotationKind } from '../../sdk/rotation.ts'
import {
  rotationFields,
  rotationOutput,
  scheduleData,
  staticSchedule,
} from '../../sdk/rotation-fields.ts'
import type { ReadStorage } from '../../sdk/storage.ts'
import { type AccessKey, deleteKey, keyWorks, replaceKey, type StagedKey } from './access-keys.ts'
import { awsClients, callAws } from './aws-clients.ts'
import { clearLeft, clearLeftKeys, leaveKeys } from './left-keys.ts'
import { emptyRoot, readRoot } from './root-config.ts'

const { read, write, remove, list } = endpoints()
const params = { name: string('Name of the static role.', { required: true }) }

interface StaticRole {
  readonly username: string
  /** IAM's own id of the user: another user of that name later is not taken for it. */
  readonly userId: string
  readonly schedule: RotationSchedule
}
interface Item {
  readonly name: string
  readonly username: string
}

const ROLES = 'static-role/'
const roleKey = (name: string): string => ROLES + name
const credsKey = (name: string): string => `static-creds/${name}`

export const staticRotation = rotationKind<Item, StagedKey, { keyId: string; username: string }>(
  'static-roles',
  {
    stage: (mount, { username }) =>
      mount.use(awsClients, '', async ({ iam }) => {
        const keys = await callAws('unable to list existing access keys', () =>
          iam.listAccessKeys({ UserName: username }),
        )
        const known = (keys.AccessKeyMetadata ?? []).map((key) => key.AccessKeyId!)
        return { username, known, made: null }
      }),
    set: async (mount, { name }, staged) => {
      const current = (await mount.storage.get(credsKey(name)))?.json<AccessKey>()
      return mount.use(awsClients, '', (clients) =>
        replaceKey(clients, staged, current?.keyId ?? staged.known[0] ?? ''),
      )
    },
    test: async (mount, _item, { made }) =>
      made ? keyWorks((await readRoot(mount.storage)) ?? emptyRoot, made) : 'refused',
    promote: async (tx, { name, username }, { made }) => {
      const before = (await tx.get(credsKey(name)))?.json<AccessKey>()
      tx.put(credsKey(name), { json: made })
      return before && before.keyId !== made?.keyId ? { keyId: before.keyId, username } : undefined
    },
    retire: (mount, _item, old) => mount.use(awsClients, '', (clients) => deleteKey(clients, old)),
  },
)

const output = {
  id: string("IAM's own id of the user."),
  name: string('Name of the static role.'),
  ...rotationOutput,
  username: string('The IAM user.'),
}

export const staticRows = [
  list('static-roles', {
    about: 'Lists the static roles.',
    input: pageInput,
    output: keysOutput,
    effects: false,
    handle: async (ctx, page) => keysAnswer(await listNames(ctx.storage, ROLES, page)),
  }),
  read('static-roles/:name', {
    about: 'Shows a static role.',
    params,
    output,
    effects: false,
    handle: async (ctx, { name }) => {
      const role = (await ctx.storage.get(roleKey(name)))?.json<StaticRole>()
      return role ? { data: roleData(name, role) } : { empty: true }
    },
  }),
  write('static-roles/:name', {
    about: 'Takes an IAM user under control: its key is made now and replaced in its time.',
    params,
    input: {
      username: string('The IAM user; it must exist, and stays the same for a role.'),
      ...rotationFields,
    },
    output,
    exists: async (ctx, { name }) => (await ctx.storage.get(roleKey(name))) !== null,
    handle: async (ctx, { name, username, ...sent }) => {
      const role = await writeRole(ctx, name, { username, ...sent })
      return { data: roleData(name, role) }
    },
  }),
  remove('static-roles/:name', {
    about:
      'Gives the IAM user up; the key that was made for it is deleted, now or once AWS is back.',
    params,
    handle: async (ctx, { name }) => {
      const left = await removeRole(ctx, name)
      if (!left) return { empty: true }
      try {
        await clearLeft(ctx, left)
        return { empty: true }
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        const why = error.messages.join('; ')
        return {
          data: null,
          warnings: [
            `the role is gone, but the access key made for it is not yet; it is tried again: ${why}`,
          ],
        }
      }
    },
  }),
  read('static-creds/:name', {
    about: 'Shows the present key of a static role.',
    params,
    output: {
      access_key: string('Access key id.'),
      secret_key: string('Secret access key.', { secret: true }),
      expiration: string('When the key is replaced.'),
    },
    handle: async (ctx, { name }) => {
      const key = (await ctx.storage.get(credsKey(name)))?.json<AccessKey>()
      if (!key) return { empty: true }
      const status = await ctx.rotation.status(staticRotation, name)
      return {
        data: {
          access_key: key.keyId,
          ...(status && { expiration: new Date(status.rotateAfterMs).toISOString() }),
          secret_key: key.secret,
        },
      }
    },
  }),
]

const roleData = (name: string, role: StaticRole) => ({
  id: role.userId,
  name,
  ...scheduleData(role.schedule),
  username: role.username,
})

type SentRole = { readonly username: string | undefined } & Partial<Parsed<typeof rotationFields>>

/** One commit decides whose user it is. A role without a key gets one before it is answered. */
async function writeRole(ctx: RequestContext, name: string, sent: SentRole): Promise<StaticRole> {
  const before = await findRole(ctx.storage, name)
  const user = await checkedUser(ctx, before, sent)
  const key = await ctx.storage.get(credsKey(name))
  if (!key) await clearLeftKeys(ctx, user.username)
  const { role, hasKey } = await ctx.storage.transaction(async (tx) => {
    const now = await findRole(tx, name)
    if (now && (now.username !== user.username || now.userId !== user.userId)) throw otherUser()
    const schedule = await staticSchedule(sent, now?.schedule ?? null, ctx.clock.now())
    const role: StaticRole = { ...user, schedule }
    tx.put(roleKey(name), { json: role })
    await ctx.rotation.put(tx, staticRotation, {
      id: name,
      item: { name, username: role.username },
      schedule,
      usernames: [role.username],
      // Due at once, so that a crash before its first key leaves no role without one.
      first: 'now',
    })
    return { role, hasKey: (await tx.get(credsKey(name))) !== null }
  })
  if (!hasKey) await firstKey(ctx, name, ctx.auth?.displayName ?? '')
  return role
}

const findRole = async (storage: ReadStorage, name: string): Promise<StaticRole | null> =>
  (await storage.get(roleKey(name)))?.json<StaticRole>() ?? null

const otherUser = () =>
  badRequest('cannot change the username of a static role: make a role of its own for it')

async function checkedUser(
  mount: MountContext,
  before: StaticRole | null,
  sent: SentRole,
): Promise<{ readonly username: string; readonly userId: string }> {
  const username = sent.username ?? before?.username
  if (username === undefined) throw badRequest('missing "username" parameter')
  if (!before && sent.rotation_period === undefined && !sent.rotation_schedule)
    throw badRequest('missing "rotation_period" parameter')
  if (sent.rotation_period !== undefined && sent.rotation_period < AWS_MIN_ROTATION_SECONDS)
    throw badRequest(
      `role rotation period out of range: must be greater than ${AWS_MIN_ROTATION_SECONDS}.00 seconds`,
    )
  await staticSchedule(sent, before?.schedule ?? null, mount.clock.now())
  if (before && username !== before.username) throw otherUser()
  const found = await mount.use(awsClients, '', ({ iam }) =>
    callAws(`unable to validate username ${JSON.stringify(username)}`, () =>
      iam.getUser({ UserName: username }),
    ),
  )
  const userId = found.User?.UserId ?? ''
  if (before && before.userId !== userId) {
    throw badRequest(
      `AWS GetUser returned a user, but the ID did not match: ${JSON.stringify(before.userId)} was requested, but ${JSON.stringify(userId)} was returned`,
    )
  }
  return { username, userId }
}

/** A new role has its key before it is answered; where that fails, the role goes again. */
async function firstKey(ctx: MountContext, name: string, by: string): Promise<void> {
  try {
    await ctx.rotation.rotateNow(staticRotation, name, { by })
  } catch (error) {
    await removeRole(ctx, name, true)
    throw error
  }
}

/**
 * Takes the role away in one commit, which records the keys that are left at AWS. null where there is none
 * of either; with `onlyKeyless` also where the role has a key by now.
 */
const removeRole = (ctx: MountContext, name: string, onlyKeyless = false) =>
  ctx.storage.transaction(async (tx) => {
    const role = await findRole(tx, name)
    const key = (await tx.get(credsKey(name)))?.json<AccessKey>()
    if (!role || (onlyKeyless && key)) return null
    tx.delete(roleKey(name))
    tx.delete(credsKey(name))
    const remains = await ctx.rotation.remove(tx, staticRotation, name)
    return leaveKeys(ctx, tx, { ...role, keyIds: key ? [key.keyId] : [] }, remains)
  })
