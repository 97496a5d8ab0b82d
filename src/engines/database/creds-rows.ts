// creds: a new user for each read. The order is what keeps a crash from leaving a user behind: name and
// credential first, then the lease with the name in it, then the user. Source: Vault's API page.
import { humanDuration } from '../../base/duration.ts'
import { badRequest } from '../../base/errors.ts'
import { string } from '../../schema/field.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { isAllowedRole } from './allowed-roles.ts'
import { useDatabase } from './connections.ts'
import { serverFault } from './database-faults.ts'
import { makeCredential } from './make-credential.ts'
import { findRole, type RoleRecord } from './role-record.ts'
import { EXPIRY_MARGIN_MS, userLease } from './user-lease.ts'

const { read } = endpoints()

export const credsRows = [
  read('creds/:name', {
    about: 'Makes a user and answers what it logs in with.',
    params: { name: string('Name of the role.') },
    output: {
      username: string('Name of the user.'),
      password: string('Its password.', { secret: true }),
      rsa_private_key: string('PEM of its private key.', { secret: true }),
      client_certificate: string('PEM of its certificate.'),
      private_key: string("PEM of the certificate's private key.", { secret: true }),
      private_key_type: string('"rsa", "ec" or "ed25519".'),
    },
    handle: async (ctx, { name }) => {
      const role = await findRole(ctx.storage, name)
      if (!role) throw badRequest(`unknown role: ${name}`)
      return useDatabase(ctx, role.dbName, async (database) => {
        const { config, plugin, connection } = database
        if (!isAllowedRole(config.allowedRoles, name)) throw notAllowed(name)
        if (!plugin.credentialTypes.includes(role.credential.type)) {
          throw badRequest(`unsupported credential_type: ${JSON.stringify(role.credential.type)}`)
        }
        if (role.creation.length === 0 && !plugin.hasDefaultCreation) {
          throw serverFault('empty creation statements')
        }
        const life = lifeOf(ctx, role)
        const namedFor = { DisplayName: ctx.auth?.displayName ?? '', RoleName: name }
        const username = database.username(namedFor)
        const expiresAtMs = ctx.clock.now() + life.ttlSeconds * 1000 + EXPIRY_MARGIN_MS
        const made = await makeCredential(ctx, role.credential, {
          fallbackPolicy: config.passwordPolicy,
          namedFor: { ...namedFor, Username: username },
          roleName: name,
          expiresAtMs,
        })
        const lease = await ctx.lease(userLease, {
          internal: { username, role: name, dbName: role.dbName, revocation: role.revocation },
          ttlSeconds: role.defaultTtlSeconds,
          maxTtlSeconds: role.maxTtlSeconds,
        })
        await connection.createUser(
          {
            username,
            credential: made.credential,
            statements: role.creation,
            rollbackStatements: role.rollback,
            expiresAtMs,
          },
          ctx.signal,
        )
        return { data: { ...made.data, username }, lease, warnings: life.warnings }
      })
    },
  }),
]

export const notAllowed = (role: string) =>
  serverFault(`${JSON.stringify(role)} is not an allowed role`)

/** What the lease will get, and what has to be said about it. */
function lifeOf(ctx: RequestContext, role: RoleRecord): { ttlSeconds: number; warnings: string[] } {
  const { defaultSeconds, maxSeconds } = ctx.services.ttls()
  const max = Math.min(role.maxTtlSeconds || maxSeconds, maxSeconds)
  const wanted = role.defaultTtlSeconds || defaultSeconds
  if (wanted <= max) return { ttlSeconds: wanted, warnings: [] }
  const warning =
    `TTL of "${humanDuration(wanted)}" exceeded the effective max_ttl of ` +
    `"${humanDuration(max)}"; TTL value is capped accordingly`
  return { ttlSeconds: max, warnings: role.defaultTtlSeconds > 0 ? [warning] : [] }
}
