// A small engine with outside effects: reading creds/<name> makes an account in a world beside the server,
// revoking its lease takes it away. It stands for databases and clouds in tests of leases and jobs.
import { badRequest, unavailable } from '../../src/base/errors.ts'
import { duration, integer, string } from '../../src/schema/field.ts'
import { endpoints } from '../../src/sdk/endpoints.ts'
import { jobKind } from '../../src/sdk/job.ts'
import { DEFAULT_LANE_BOUND, leaseKind } from '../../src/sdk/lease.ts'
import { type Engine, secretsEngine } from '../../src/sdk/plugin.ts'
import { Unreachable } from '../../src/sdk/unreachable.ts'

export class World {
  /** Accounts that exist, with the time until which they are valid (renewals move it). */
  readonly accounts = new Map<string, number>()
  readonly revoked: string[] = []
  /** What the reminder job said, and when. */
  readonly reminded: string[] = []
  /** While it is pending, making an account takes its time. */
  gate: Promise<void> | null = null
  /** While it is pending, taking an account away hangs. */
  hang: Promise<void> | null = null
  /** While true, every call to the world is refused. */
  isDown = false
  /** Lanes (roles) that give no answer; '' for all of them. */
  readonly silent = new Set<string>()
  /** Calls that ask for an account to be taken away, also in vain. */
  tries = 0
  /** Such calls that run, and the most that ever ran at once, by lane. */
  readonly running = new Map<string, number>()
  readonly mostRunning = new Map<string, number>()
  /** How long taking an account away lasts, by the mount's clock. */
  revokeMs = 0
  /** What the kind allows at once; 0: it says nothing. */
  bound = 0
  /** Makes the account and then fails, as when the answer of a database is lost. */
  failsAfterCreate = false
}

export function outsideEngine(world: World, type = 'outside'): Engine {
  const account = leaseKind<{ name: string; role: string }>('account', {
    lane: ({ role }) => role,
    concurrency: () => world.bound || DEFAULT_LANE_BOUND,
    async revoke(mount, { name, role }) {
      world.tries++
      const running = (world.running.get(role) ?? 0) + 1
      world.running.set(role, running)
      world.mostRunning.set(role, Math.max(running, world.mostRunning.get(role) ?? 0))
      try {
        if (world.hang) await world.hang
        if (world.revokeMs > 0) await mount.clock.sleep(world.revokeMs)
        if (world.silent.has('') || world.silent.has(role)) throw new Unreachable('no answer')
        if (world.isDown) throw unavailable('the world is down')
        world.accounts.delete(name)
        world.revoked.push(name)
      } finally {
        world.running.set(role, world.running.get(role)! - 1)
      }
    },
    async renew(_mount, { name }, { expiresAtMs }) {
      if (world.isDown) throw unavailable('the world is down')
      if (!world.accounts.has(name)) throw badRequest('account is gone')
      world.accounts.set(name, expiresAtMs)
    },
  })
  const remind = jobKind<{ text: string; times: number }>('remind', {
    async run(mount, { text, times }, { attempt }) {
      if (world.isDown) throw unavailable('the world is down')
      world.reminded.push(`${text} ${attempt}`)
      if (times <= 1) return 'done'
      return { againAtMs: mount.clock.now() + 10_000, item: { text, times: times - 1 } }
    },
  })
  const { read, write, remove } = endpoints()
  const reminder = { name: string('Name of the reminder.') }
  return secretsEngine({
    type,
    about: 'Makes accounts in a world beside the server.',
    leases: [account],
    jobs: [remind],
    endpoints: [
      write('reminders/:name', {
        about: 'Says something later, several times.',
        params: reminder,
        input: {
          text: string('What to say.', { required: true }),
          after: duration('When to begin.', { default: 10 }),
          times: integer('How often.', { default: 1 }),
        },
        handle: async (ctx, { name, text, after, times }) => {
          await ctx.storage.transaction(async (tx) => {
            tx.put(`reminder/${name}`, text)
            const atMs = ctx.clock.now() + after * 1000
            await ctx.schedule(tx, remind, { id: name, atMs, item: { text, times } })
          })
          return { empty: true }
        },
      }),
      remove('reminders/:name', {
        about: 'Says nothing after all.',
        params: reminder,
        handle: async (ctx, { name }) => {
          await ctx.storage.transaction(async (tx) => {
            tx.delete(`reminder/${name}`)
            await ctx.unschedule(tx, remind, name)
          })
          return { empty: true }
        },
      }),
      read('creds/:role', {
        about: 'A new account.',
        params: { role: string('Name of the role.') },
        input: { ttl: duration('Life of the account.', { default: 3600 }) },
        handle: async (ctx, { role, ttl }) => {
          const name = `${role}-${ctx.random.bytes(6).toString('hex')}`
          const lease = await ctx.lease(account, { internal: { name, role }, ttlSeconds: ttl })
          if (world.isDown) throw unavailable('the world is down')
          if (world.gate) await world.gate
          world.accounts.set(name, lease.expiresAtMs)
          if (world.failsAfterCreate) throw unavailable('the answer of the world was lost')
          return { data: { name }, lease }
        },
      }),
    ],
  })
}
