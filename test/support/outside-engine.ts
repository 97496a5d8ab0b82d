// A small engine with outside effects: reading creds/<name> makes an account in a world beside the server,
// revoking its lease takes it away. It stands for databases and clouds in tests of leases and jobs.
import { badRequest, unavailable } from '../../src/base/errors.ts'
import { duration, string } from '../../src/schema/field.ts'
import { endpoints } from '../../src/sdk/endpoints.ts'
import { leaseKind } from '../../src/sdk/lease.ts'
import { type Engine, secretsEngine } from '../../src/sdk/plugin.ts'

export class World {
  /** Accounts that exist, with the time until which they are valid (renewals move it). */
  readonly accounts = new Map<string, number>()
  readonly revoked: string[] = []
  /** While true, every call to the world fails. */
  isDown = false
  /** Makes the account and then fails, as when the answer of a database is lost. */
  failsAfterCreate = false
}

export function outsideEngine(world: World): Engine {
  const account = leaseKind<{ name: string }>('account', {
    async revoke(_mount, { name }) {
      if (world.isDown) throw unavailable('the world is down')
      world.accounts.delete(name)
      world.revoked.push(name)
    },
    async renew(_mount, { name }, { expiresAtMs }) {
      if (world.isDown) throw unavailable('the world is down')
      if (!world.accounts.has(name)) throw badRequest('account is gone')
      world.accounts.set(name, expiresAtMs)
    },
  })
  const { read } = endpoints()
  return secretsEngine({
    type: 'outside',
    about: 'Makes accounts in a world beside the server.',
    leases: [account],
    endpoints: [
      read('creds/:role', {
        about: 'A new account.',
        params: { role: string('Name of the role.') },
        input: { ttl: duration('Life of the account.', { default: 3600 }) },
        handle: async (ctx, { role, ttl }) => {
          const name = `${role}-${ctx.random.bytes(6).toString('hex')}`
          const lease = await ctx.lease(account, { internal: { name }, ttlSeconds: ttl })
          if (world.isDown) throw unavailable('the world is down')
          world.accounts.set(name, lease.expiresAtMs)
          if (world.failsAfterCreate) throw unavailable('the answer of the world was lost')
          return { data: { name }, lease }
        },
      }),
    ],
  })
}
