// static-roles, static-creds and rotate-role: users that stay, with a credential that is replaced in its time.
// Source: Vault's API page of the database engine; alternate_username and rotation_grace are ours.
import { badRequest } from '../../base/errors.ts'
import { boolean, integer, json, string, list as stringList, texts } from '../../schema/field.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { keysAnswer, keysOutput, listNames, pageInput } from '../../sdk/listing.ts'
import {
  rotationFields,
  rotationGraceField,
  rotationOutput,
  scheduleData,
} from '../../sdk/rotation-fields.ts'
import { isAllowedRole } from './allowed-roles.ts'
import { requireConfig } from './config-record.ts'
import { shownCredentialConfig } from './credential-settings.ts'
import { notAllowed } from './creds-rows.ts'
import { plain, serverFault } from './database-faults.ts'
import { emptyWith, givenUpWarnings } from './given-up.ts'
import { credentialInput } from './role-rows.ts'
import { staticRotation } from './rotations.ts'
import { findStaticCreds, findStaticRole } from './static-role-record.ts'
import { removeStaticRole, writeStaticRole } from './write-static-role.ts'

const { read, write, remove, list } = endpoints()
const params = { name: string('Name of the static role.') }

export const staticRoleRows = [
  list('static-roles', {
    about: 'Lists the static roles.',
    effects: false,
    input: pageInput,
    output: keysOutput,
    handle: async (ctx, page) => keysAnswer(await listNames(ctx.storage, 'static-role/', page)),
  }),
  read('static-roles/:name', {
    about: 'Shows a static role.',
    effects: false,
    params,
    output: {
      alternate_username: string('The other user of a pair.'),
      credential_config: json('What is set for its credential.'),
      credential_type: string('What its user logs in with.'),
      db_name: string('Its connection.'),
      last_vault_rotation: string('When its credential was replaced last.'),
      rotation_grace: integer('Seconds that the previous user of a pair stays valid.'),
      ...rotationOutput,
      rotation_statements: stringList('Statements that replace the credential.'),
      username: string('The user.'),
    },
    handle: async (ctx, { name }) => {
      const role = await findStaticRole(ctx.storage, name)
      const status = role && (await ctx.rotation.status(staticRotation, name))
      if (!role || !status) return { empty: true }
      const config = shownCredentialConfig(role.credential)
      return {
        data: {
          ...(role.alternateUsername === ''
            ? undefined
            : { alternate_username: role.alternateUsername, rotation_grace: role.graceSeconds }),
          ...(config ? { credential_config: config } : undefined),
          credential_type: role.credential.type,
          db_name: role.dbName,
          ...(status.lastRotatedAtMs > 0
            ? { last_vault_rotation: iso(status.lastRotatedAtMs) }
            : undefined),
          ...scheduleData(status.schedule),
          rotation_statements: role.rotation,
          username: role.username,
        },
      }
    },
  }),
  write('static-roles/:name', {
    about:
      "Takes a user under control: its credential is replaced now, unless it shouldn't, and in its time.",
    params,
    input: {
      db_name: string('Connection that the user belongs to.'),
      username: string('The user; it must be there, and stays the same for a role.'),
      alternate_username: string('A second user: with it rotations alternate between the two.'),
      ...credentialInput,
      rotation_statements: texts("Statements that replace the credential; none: the plugin's own."),
      ...rotationFields,
      ...rotationGraceField,
      skip_import_rotation: boolean('True: the credential is left as it is until its first time.'),
      password: string(
        "The user's present password, where it is left or where it changes itself; with a pair of users only at the beginning, for `username`.",
        {
          secret: true,
        },
      ),
      self_managed_password: string('The former name of password.', {
        secret: true,
        deprecated: true,
      }),
    },
    exists: async (ctx, { name }) => (await findStaticRole(ctx.storage, name)) !== null,
    handle: async (ctx, { name, ...sent }) => {
      return emptyWith(givenUpWarnings(await writeStaticRole(ctx, name, sent)))
    },
  }),
  remove('static-roles/:name', {
    about: 'Gives the user up; its credential stays as it is.',
    params,
    handle: async (ctx, { name }) => {
      return emptyWith(givenUpWarnings(await removeStaticRole(ctx, name)))
    },
  }),
  read('static-creds/:name', {
    about: 'Answers what the user of a static role logs in with.',
    effects: false,
    params,
    output: {
      last_vault_rotation: string('When it was replaced last.'),
      password: string('Its password.', { secret: true }),
      rsa_private_key: string('PEM of its private key.', { secret: true }),
      ...rotationOutput,
      ttl: integer('Seconds until it is replaced; 0: that is under way.'),
      username: string('The user.'),
    },
    handle: async (ctx, { name }) => {
      const role = await findStaticRole(ctx.storage, name)
      const status = role && (await ctx.rotation.status(staticRotation, name))
      if (!role || !status) throw badRequest(`unknown role: ${name}`)
      await assertAllowed(ctx, role.dbName, name)
      const creds = await findStaticCreds(ctx.storage, name)
      const credential =
        role.credential.type === 'rsa_private_key'
          ? { rsa_private_key: creds?.privateKey ?? '' }
          : { password: creds?.password ?? '' }
      const leftMs = status.rotateAfterMs - ctx.clock.now()
      return {
        data: {
          ...credential,
          last_vault_rotation: iso(status.lastRotatedAtMs),
          ...scheduleData(status.schedule),
          ttl: Math.max(0, Math.round(leftMs / 1000)),
          username: creds?.username ?? role.username,
        },
      }
    },
  }),
  write('rotate-role/:name', {
    about: 'Replaces the credential of a static role now.',
    params,
    handle: async (ctx, { name }) => {
      if (!(await findStaticRole(ctx.storage, name))) {
        throw badRequest('no static role found for role name')
      }
      const by = ctx.auth?.displayName ?? ''
      try {
        await ctx.rotation.rotateNow(staticRotation, name, { by, endsGrace: true })
      } catch (error) {
        throw serverFault(
          'unable to finish rotating credentials; retries will continue in the background but it is ' +
            `also safe to retry manually: ${plain(error)}`,
          { cause: error },
        )
      }
      return { empty: true }
    },
  }),
]

const iso = (atMs: number): string => new Date(atMs).toISOString()

async function assertAllowed(ctx: RequestContext, dbName: string, role: string): Promise<void> {
  const { config } = await requireConfig(ctx.storage, dbName)
  if (!isAllowedRole(config.allowedRoles, role)) throw notAllowed(role)
}
