// roles: what users of a connection are made by. Source: Vault's API page of the database engine.
import { badRequest } from '../../base/errors.ts'
import {
  duration,
  integer,
  json,
  pairs,
  string,
  list as stringList,
  texts,
} from '../../schema/field.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { keysAnswer, keysOutput, listNames, pageInput } from '../../sdk/listing.ts'
import { readCredentialSettings, shownCredentialConfig } from './credential-settings.ts'
import { findRole, type RoleRecord, roleKey } from './role-record.ts'
import { staticRoleKey } from './static-role-record.ts'

const { read, write, remove, list } = endpoints()

const params = { name: string('Name of the role.') }

export const credentialInput = {
  credential_type: string('"password" (the default), "rsa_private_key" or "client_certificate".'),
  credential_config: pairs(
    'password: password_policy. rsa_private_key: key_bits, format. client_certificate: ' +
      'common_name_template, ca_cert, ca_private_key, key_type, key_bits, signature_bits.',
  ),
}

export const roleRows = [
  list('roles', {
    about: 'Lists the roles.',
    effects: false,
    input: pageInput,
    output: keysOutput,
    handle: async (ctx, page) => keysAnswer(await listNames(ctx.storage, 'role/', page)),
  }),
  read('roles/:name', {
    about: 'Shows a role.',
    effects: false,
    params,
    output: {
      creation_statements: stringList('Statements that make a user.'),
      credential_config: json('What is set for its credentials.'),
      credential_type: string('What its users log in with.'),
      db_name: string('Its connection.'),
      default_ttl: integer("Life of a user, in seconds; 0: the mount's."),
      max_ttl: integer("Longest life after renewals, in seconds; 0: the mount's."),
      renew_statements: stringList("Statements that move the end of a user's life."),
      revocation_statements: stringList('Statements that end a user.'),
      rollback_statements: stringList('Statements that undo a creation that failed.'),
    },
    handle: async (ctx, { name }) => {
      const role = await findRole(ctx.storage, name)
      if (!role) return { empty: true }
      const config = shownCredentialConfig(role.credential)
      return {
        data: {
          creation_statements: role.creation,
          ...(config ? { credential_config: config } : undefined),
          credential_type: role.credential.type,
          db_name: role.dbName,
          default_ttl: role.defaultTtlSeconds,
          max_ttl: role.maxTtlSeconds,
          renew_statements: role.renewal,
          revocation_statements: role.revocation,
          rollback_statements: role.rollback,
        },
      }
    },
  }),
  write('roles/:name', {
    about: 'Creates or changes a role.',
    params,
    input: {
      db_name: string('Connection that its users are made with.'),
      ...credentialInput,
      creation_statements: texts(
        'Statements that make a user: {{name}}, {{password}}, {{expiration}}.',
      ),
      revocation_statements: texts("Statements that end a user; none: the plugin's own."),
      rollback_statements: texts('Statements that undo a creation that failed.'),
      renew_statements: texts("Statements that move the end of a user's life; none: the plugin's."),
      default_ttl: duration("Life of a user; 0: the mount's."),
      max_ttl: duration("Longest life after renewals; 0: the mount's."),
    },
    exists: async (ctx, { name }) => (await findRole(ctx.storage, name)) !== null,
    handle: async (ctx, { name, ...sent }) => {
      await ctx.storage.transaction(async (tx) => {
        if (await tx.get(staticRoleKey(name))) {
          throw badRequest('Role and Static Role names must be unique')
        }
        const before = await findRole(tx, name)
        const dbName = sent.db_name ?? before?.dbName ?? ''
        if (dbName === '') throw badRequest('database name is required')
        const revocation = sent.revocation_statements?.filter((one) => one !== '')
        const role: RoleRecord = {
          dbName,
          creation: sent.creation_statements ?? before?.creation ?? [],
          revocation: revocation ?? before?.revocation ?? [],
          rollback: sent.rollback_statements ?? before?.rollback ?? [],
          renewal: sent.renew_statements ?? before?.renewal ?? [],
          defaultTtlSeconds: sent.default_ttl ?? before?.defaultTtlSeconds ?? 0,
          maxTtlSeconds: sent.max_ttl ?? before?.maxTtlSeconds ?? 0,
          credential: readCredentialSettings(before?.credential ?? null, sent, ctx),
        }
        tx.put(roleKey(name), { json: role })
      })
      return { empty: true }
    },
  }),
  remove('roles/:name', {
    about: 'Removes a role; its users live until their leases end.',
    params,
    handle: async (ctx, { name }) => {
      await ctx.storage.delete(roleKey(name))
      return { empty: true }
    },
  }),
]
