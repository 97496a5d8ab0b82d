// A small engine whose secrets rotate: accounts with passwords in a world beside the server, with one user or
// two, and counters without an outside part. It stands for databases and clouds in tests of rotation; the
// world can refuse, hang, lose its answer or be gone at each call.
import { badRequest, unavailable } from '../../src/base/errors.ts'
import { boolean, integer, list, string } from '../../src/schema/field.ts'
import { endpoints } from '../../src/sdk/endpoints.ts'
import { type Engine, secretsEngine } from '../../src/sdk/plugin.ts'
import { RotationRefused, rotationKind } from '../../src/sdk/rotation.ts'
import {
  automatedRotationFields,
  automatedSchedule,
  rotationGraceField,
  staticSchedule,
} from '../../src/sdk/rotation-fields.ts'

export type WorldCall = 'set' | 'test' | 'retire'
type Hook = (call: WorldCall, username: string) => Promise<void> | void

export class AccountWorld {
  /** The password of each user; a user that was ended is not in it. */
  readonly passwords = new Map<string, string>()
  readonly calls: string[] = []
  /** Before the world changes: a throw is a call that never came through. */
  before: Hook = () => {}
  /** After it changed: a throw is an answer that was lost. */
  after: Hook = () => {}
  /** False: nobody can log in from here to prove a password. */
  canProve = true
  /** True: users change their own passwords, for which they have to log in (a root credential). */
  isSelfService = false

  /** `current`: what the caller holds to be the password in force. */
  async set(username: string, password: string, current: string | undefined): Promise<void> {
    this.calls.push(`set ${username}`)
    const known = this.passwords.get(username)
    await this.before('set', username)
    // The login came first: what changed meanwhile doesn't end a session that is open.
    if (this.isSelfService && known !== undefined && known !== current) {
      throw unavailable('the world refuses the login')
    }
    this.passwords.set(username, password)
    await this.after('set', username)
  }

  async test(username: string, password: string): Promise<boolean> {
    this.calls.push(`test ${username}`)
    await this.before('test', username)
    const works = this.passwords.get(username) === password
    await this.after('test', username)
    return works
  }

  async end(username: string): Promise<void> {
    this.calls.push(`retire ${username}`)
    await this.before('retire', username)
    this.passwords.delete(username)
    await this.after('retire', username)
  }
}

/** An error of the world that says it surely changed nothing. */
export const refusedByWorld = (): Error => new RotationRefused('the world refuses this password')

export interface Account {
  readonly username: string
  readonly password: string
}

export function rotatingEngine(world: AccountWorld): Engine {
  const accounts = rotationKind<{ name: string }, string, { username: string }>('accounts', {
    async stage(mount) {
      return mount.random.bytes(12).toString('hex')
    },
    async set(mount, { name }, password, { username }) {
      const account = (await mount.storage.get(`account/${name}`))?.json<Account>()
      await world.set(username, password, account?.password)
      return undefined
    },
    async test(_mount, _item, password, { username }) {
      if (!world.canProve) return 'unknown'
      return (await world.test(username, password)) ? 'works' : 'refused'
    },
    async promote(tx, { name }, password, { username }) {
      const before = (await tx.get(`account/${name}`))?.json<Account>()
      tx.put(`account/${name}`, { json: { username, password } satisfies Account })
      return before && before.username !== username ? { username: before.username } : undefined
    },
    async retire(_mount, _item, { username }) {
      await world.end(username)
    },
  })
  const counters = rotationKind<null, number>('counters', {
    async stage() {
      return 1
    },
    async promote(tx, _item, step, { id }) {
      const before = (await tx.get(`counter/${id}`))?.json<number>() ?? 0
      tx.put(`counter/${id}`, { json: before + step })
      return undefined
    },
  })
  const { read, write, remove } = endpoints()
  const params = { name: string('Name of the account.') }
  return secretsEngine({
    type: 'rotating',
    about: 'Accounts whose passwords change in a world beside the server.',
    rotations: [accounts, counters],
    endpoints: [
      write('accounts/:name', {
        about: 'Makes an account or changes its settings.',
        params,
        input: {
          ...automatedRotationFields,
          ...rotationGraceField,
          usernames: list('One user or two.'),
          owner: string('Who answers for it.'),
          lane: string('What stalls together.'),
          later: boolean('Rotate at the first time of the schedule only.', { default: false }),
        },
        handle: async (ctx, { name, usernames, later, owner, lane, rotation_grace, ...sent }) => {
          const before = await ctx.rotation.status(accounts, name)
          const now = ctx.clock.now()
          const schedule = await staticSchedule(sent, before?.schedule ?? null, now)
          await ctx.storage.transaction((tx) =>
            ctx.rotation.put(tx, accounts, {
              id: name,
              item: { name },
              schedule,
              usernames: usernames ?? [name],
              graceSeconds: rotation_grace ?? before?.graceSeconds ?? 0,
              owner: owner ?? '',
              lane: lane ?? '',
              first: later ? 'scheduled' : 'now',
            }),
          )
          if (!before && !later) await ctx.rotation.rotateNow(accounts, name, { by: 'creation' })
          return { empty: true }
        },
      }),
      read('accounts/:name', {
        about: 'The current login.',
        params,
        output: { username: string('User.'), password: string('Password.', { secret: true }) },
        handle: async (ctx, { name }) => {
          const account = (await ctx.storage.get(`account/${name}`))?.json<Account>()
          return account ? { data: { ...account } } : { empty: true }
        },
      }),
      remove('accounts/:name', {
        about: 'Ends an account.',
        params,
        handle: async (ctx, { name }) => {
          await ctx.storage.transaction(async (tx) => {
            tx.delete(`account/${name}`)
            await ctx.rotation.remove(tx, accounts, name)
          })
          return { empty: true }
        },
      }),
      write('rotate/:name', {
        about: 'Rotates now.',
        params,
        input: { force: boolean('Also ends a grace time.', { default: false }) },
        handle: async (ctx, { name, force }) => {
          const by = ctx.auth?.displayName ?? ''
          await ctx.rotation.rotateNow(accounts, name, { by, endsGrace: force })
          return { empty: true }
        },
      }),
      write('counters/:name', {
        about: 'Makes a counter that counts with each rotation.',
        params,
        input: automatedRotationFields,
        handle: async (ctx, { name, ...sent }) => {
          const before = await ctx.rotation.status(counters, name)
          const schedule = await automatedSchedule(sent, before?.schedule ?? null, ctx.clock.now())
          if (schedule.periodSeconds > 86400 * 365) throw badRequest('too long for a test')
          await ctx.storage.transaction((tx) =>
            ctx.rotation.put(tx, counters, { id: name, item: null, schedule }),
          )
          return { empty: true }
        },
      }),
      read('counters/:name', {
        about: 'How often it was rotated.',
        params,
        output: { count: integer('Rotations.') },
        handle: async (ctx, { name }) => ({
          data: { count: (await ctx.storage.get(`counter/${name}`))?.json<number>() ?? 0 },
        }),
      }),
    ],
  })
}
