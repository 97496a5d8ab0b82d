// Creates and changes a static role: checks, the role and its rotation in one commit, then the first rotation.
// Where that surely changed nothing the role goes again; where it may have, the role stays with the password
// that may be in force, and is rotated again.
import { ApiError, badRequest } from '../../base/errors.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { type GivenUp, RotationRefused } from '../../sdk/rotation.ts'
import { staticSchedule } from '../../sdk/rotation-fields.ts'
import type { Tx } from '../../sdk/storage.ts'
import { isAllowedRole } from './allowed-roles.ts'
import { type ConfigRecord, requireConfig } from './config-record.ts'
import { readCredentialSettings } from './credential-settings.ts'
import { notAllowed } from './creds-rows.ts'
import { plain, serverFault } from './database-faults.ts'
import { databasePlugin } from './database-plugins.ts'
import { roleKey } from './role-record.ts'
import { staticRotation } from './rotations.ts'
import { isTrue } from './sql-settings.ts'
import {
  findStaticRole,
  type StaticCreds,
  type StaticRoleRecord,
  staticCredsKey,
  staticRoleKey,
} from './static-role-record.ts'

export interface SentStaticRole {
  readonly db_name: string | undefined
  readonly username: string | undefined
  readonly alternate_username: string | undefined
  readonly credential_type: string | undefined
  readonly credential_config: Readonly<Record<string, string>> | undefined
  readonly rotation_statements: readonly string[] | undefined
  readonly rotation_period: number | undefined
  readonly rotation_schedule: string | undefined
  readonly rotation_window: number | undefined
  readonly rotation_timezone: string | undefined
  readonly rotation_offset: number | undefined
  readonly rotation_grace: number | undefined
  readonly skip_import_rotation: boolean | undefined
  readonly password: string | undefined
  readonly self_managed_password: string | undefined
}

/** Throws 400 for what makes no sense; 500 where the first rotation fails. Answers what is given up. */
export async function writeStaticRole(
  ctx: RequestContext,
  name: string,
  sent: SentStaticRole,
): Promise<GivenUp | null> {
  const before = await findStaticRole(ctx.storage, name)
  const role = merged(ctx, before, sent)
  const { config } = await requireConfig(ctx.storage, role.dbName)
  checkWith(config, role, name)
  const password = sent.password ?? sent.self_managed_password
  const isSelfManaged = isTrue(config.details.self_managed)
  checkPassword(role, { password, isSelfManaged, isNew: before === null })
  const status = before && (await ctx.rotation.status(staticRotation, name))
  const schedule = await staticSchedule(sent, status?.schedule ?? null, ctx.clock.now())
  const skips = sent.skip_import_rotation ?? isTrue(config.details.skip_static_role_import_rotation)
  const givenUp = await ctx.storage.transaction(async (tx) => {
    if (await tx.get(roleKey(name))) throw badRequest('Role and Static Role names must be unique')
    const now = await findStaticRole(tx, name)
    if ((now === null) !== (before === null)) {
      throw badRequest('the role was changed by others at the same time; try again')
    }
    tx.put(staticRoleKey(name), { json: { ...role, isSelfManaged } })
    if (password) {
      const creds: StaticCreds = { username: role.username, password, rotatedAtMs: ctx.clock.now() }
      tx.put(staticCredsKey(name), { json: creds })
    }
    return ctx.rotation.put(tx, staticRotation, {
      id: name,
      item: { name },
      schedule,
      // Due at once, so that a crash before its first rotation leaves no role without a password.
      ...(before || skips ? undefined : { first: 'now' as const }),
      usernames: role.alternateUsername ? [role.username, role.alternateUsername] : [role.username],
      graceSeconds: role.graceSeconds,
      lane: role.dbName,
      isMoved: before !== null && before.dbName !== role.dbName,
    })
  })
  if (!before && !skips) await firstRotation(ctx, name)
  return givenUp
}

/** Forgets the role; nothing changes in the database. */
export function removeStaticRole(ctx: RequestContext, name: string): Promise<GivenUp | null> {
  return ctx.storage.transaction((tx) => forget(ctx, tx, name))
}

async function forget(ctx: RequestContext, tx: Tx, name: string): Promise<GivenUp | null> {
  tx.delete(staticRoleKey(name))
  tx.delete(staticCredsKey(name))
  return (await ctx.rotation.remove(tx, staticRotation, name)).givenUp
}

/** Whose password it is must be beyond doubt: what is stored is given out and logged in with. */
function checkPassword(
  role: Omit<StaticRoleRecord, 'isSelfManaged'>,
  of: {
    readonly password: string | undefined
    readonly isSelfManaged: boolean
    readonly isNew: boolean
  },
): void {
  const isPair = role.alternateUsername !== ''
  if (of.isSelfManaged && isPair) {
    throw badRequest('two users alternate only where the connection has a user of its own')
  }
  if (of.isSelfManaged && of.isNew && !of.password) {
    throw badRequest('password is required for a static role of a self-managed connection')
  }
  if (!of.password) return
  if (role.credential.type !== 'password') {
    throw badRequest(`password makes no sense with credential_type "${role.credential.type}"`)
  }
  if (isPair && !of.isNew) {
    throw badRequest(
      'password of a pair of users can only be given when the role is created, and is that of username',
    )
  }
}

function merged(
  ctx: RequestContext,
  before: StaticRoleRecord | null,
  sent: SentStaticRole,
): Omit<StaticRoleRecord, 'isSelfManaged'> {
  const dbName = sent.db_name ?? before?.dbName ?? ''
  if (dbName === '') throw badRequest('database name is a required field')
  const username = sent.username ?? before?.username ?? ''
  if (username === '') {
    throw badRequest('username is a required field to create a static account')
  }
  if (before && before.username !== username) {
    throw badRequest('cannot update static account username')
  }
  const alternateUsername = sent.alternate_username ?? before?.alternateUsername ?? ''
  if (alternateUsername === username) {
    throw badRequest('alternate_username must be another user than username')
  }
  return {
    dbName,
    username,
    alternateUsername,
    rotation: sent.rotation_statements ?? before?.rotation ?? [],
    credential: readCredentialSettings(before?.credential ?? null, sent, ctx),
    graceSeconds: sent.rotation_grace ?? before?.graceSeconds ?? 0,
  }
}

function checkWith(
  config: ConfigRecord,
  role: Omit<StaticRoleRecord, 'isSelfManaged'>,
  name: string,
): void {
  if (!isAllowedRole(config.allowedRoles, name)) throw notAllowed(name)
  const { type } = role.credential
  const isKnown = databasePlugin(config.pluginName)?.credentialTypes.includes(type) === true
  // A certificate can't be replaced under an application that holds it.
  if (!isKnown || type === 'client_certificate') {
    throw badRequest(`unsupported credential_type: ${JSON.stringify(type)}`)
  }
  if (role.alternateUsername !== '' && type !== 'password') {
    throw badRequest('two users alternate only with passwords')
  }
}

async function firstRotation(ctx: RequestContext, name: string): Promise<void> {
  try {
    const by = ctx.auth?.displayName ?? ''
    await ctx.rotation.rotateNow(staticRotation, name, { by })
  } catch (error) {
    const isGone = await takeBack(ctx, name)
    const what = isGone ? '' : STAYS
    throw serverFault(
      `error setting credentials: 1 error occurred:\n\t* ${whyOf(error)}${what}\n\n`,
      { cause: error },
    )
  }
}

const STAYS =
  '; the role stays, since its new password may be in force: it is tried again until that is settled'

/** False where a new secret may be in force already: then the role stays, which alone knows it. */
function takeBack(ctx: RequestContext, name: string): Promise<boolean> {
  return ctx.storage.transaction(async (tx) => {
    const status = await ctx.rotation.status(staticRotation, name, tx)
    if (status && (status.step !== 'stage' || status.state === 'running')) return false
    await forget(ctx, tx, name)
    return true
  })
}

/** Without when it would be tried again: the role is gone. */
function whyOf(error: unknown): string {
  const { cause } = error as Error
  return plain(cause instanceof RotationRefused || cause instanceof ApiError ? cause : error)
}
