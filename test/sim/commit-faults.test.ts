// Each main operation with its first commit failing, then its second, and so on until none fails: before
// anything was written, and after all of it was, when only the answer is lost. Whatever was answered, the
// server is then in a state that the operation, or its absence, explains; trying again works.
import { describe, expect, it } from 'vitest'
import { systemRandom } from '../../src/base/random.ts'
import { memoryBackend } from '../../src/storage/memory/memory-backend.ts'
import { call, newToken } from '../support/api-steps.ts'
import { type Fault, faultyStorage } from '../support/faulty-storage.ts'
import {
  type Called,
  type InProcess,
  inProcess,
  openTestHost,
  startInProcess,
} from '../support/in-process.ts'
import { type ManualClock, manualClock } from '../support/manual-clock.ts'
import { outsideEngine, World } from '../support/outside-engine.ts'

interface Scene {
  readonly server: InProcess
  readonly world: World
  readonly clock: ManualClock
  /** What the set-up made. */
  readonly made: Record<string, string>
  /** Lets background work run: seconds pass, with turns of the event loop at each. */
  pass(seconds: number): Promise<void>
}

interface Operation {
  readonly name: string
  setUp?(scene: Scene): Promise<unknown>
  act(scene: Scene): Promise<Called>
  /** `isDone`: it was answered with success. */
  verify(scene: Scene, isDone: boolean): Promise<unknown>
}

const status = async (server: InProcess, method: string, path: string, token?: string) =>
  (await server.call(method, path, undefined, token === undefined ? {} : { token })).status

const lookup = (server: InProcess, token: string | undefined) =>
  status(server, 'GET', 'auth/token/lookup-self', token ?? '')

const operations: readonly Operation[] = [
  {
    name: 'writing a secret',
    act: ({ server }) => server.call('POST', 'kv/data/new', { data: { v: 1 } }),
    async verify({ server }, isDone) {
      const read = await server.call('GET', 'kv/data/new')
      if (read.status === 200) expect(read.body.data.data).toEqual({ v: 1 })
      else expect([isDone, read.status]).toEqual([false, 404])
      await call(server, 200, 'POST', 'kv/data/new', { data: { v: 2 } })
    },
  },
  {
    name: 'deleting a secret with all its versions',
    act: ({ server }) => server.call('DELETE', 'kv/metadata/app'),
    async verify({ server, pass }, isDone) {
      const data = await status(server, 'GET', 'kv/data/app')
      expect(await status(server, 'GET', 'kv/metadata/app')).toBe(data)
      if (isDone) expect(data).toBe(404)
      await call(server, 204, 'DELETE', 'kv/metadata/app')
      await pass(3)
      await call(server, 404, 'LIST', 'kv/metadata')
    },
  },
  {
    name: 'destroying a version',
    act: ({ server }) => server.call('POST', 'kv/destroy/app', { versions: [1] }),
    async verify({ server }, isDone) {
      const read = await server.call('GET', 'kv/data/app')
      if (isDone || read.status !== 200) expect(read.body.data.metadata.destroyed).toBe(true)
      await call(server, 204, 'POST', 'kv/destroy/app', { versions: [1] })
    },
  },
  {
    name: 'creating a token',
    act: ({ server, made }) =>
      server.call('POST', 'auth/token/create', { ttl: '1h' }, { token: made.parent! }),
    async verify({ server, made }) {
      await newToken(server, { ttl: '1h' }, { token: made.parent! })
      await call(server, 204, 'POST', 'auth/token/revoke', { token: made.parent })
      expect(await lookup(server, made.parent)).toBe(403)
    },
  },
  {
    name: 'revoking a tree of tokens',
    act: ({ server, made }) => server.call('POST', 'auth/token/revoke', { token: made.parent }),
    async verify({ server, made, pass }, isDone) {
      const parent = await lookup(server, made.parent)
      expect(await lookup(server, made.child)).toBe(parent)
      if (isDone) expect(parent).toBe(403)
      await server.call('POST', 'auth/token/revoke', { token: made.parent })
      expect(await lookup(server, made.child)).toBe(403)
      await pass(10)
      const keys = (await call(server, 200, 'LIST', 'auth/token/accessors')).body.data.keys
      expect(keys).not.toContain(made.childAccessor)
    },
  },
  {
    name: 'revoking a token alone',
    act: ({ server, made }) =>
      server.call('POST', 'auth/token/revoke-orphan', { token: made.parent }),
    async verify({ server, made, pass }, isDone) {
      expect(await lookup(server, made.child)).toBe(200)
      if (isDone) expect(await lookup(server, made.parent)).toBe(403)
      await pass(10)
      expect(await lookup(server, made.child)).toBe(200)
    },
  },
  {
    name: 'the last use of a limited token',
    act: ({ server, made }) =>
      server.call('GET', 'auth/token/lookup-self', undefined, { token: made.limited! }),
    async verify({ server, made }, isDone) {
      if (isDone) expect(await lookup(server, made.limited)).toBe(403)
      await server.call('GET', 'auth/token/lookup-self', undefined, { token: made.limited! })
      expect(await lookup(server, made.limited)).toBe(403)
    },
  },
  {
    name: 'renewing a token',
    act: ({ server, made }) =>
      server.call('POST', 'auth/token/renew', { token: made.child, increment: '2h' }),
    async verify({ server, made, pass, clock }, isDone) {
      expect(await lookup(server, made.child)).toBe(200)
      clock.advance(3601_000)
      await pass(3)
      if (isDone) expect(await lookup(server, made.child)).toBe(200)
      clock.advance(3601_000)
      await pass(3)
      expect(await lookup(server, made.child)).toBe(403)
    },
  },
  {
    name: 'enabling a mount',
    act: ({ server }) => server.call('POST', 'sys/mounts/new', { type: 'kv' }),
    async verify({ server }, isDone) {
      const isListed = await status(server, 'GET', 'sys/mounts/new')
      if (isDone) expect(isListed).toBe(200)
      if (isListed !== 200) await call(server, 204, 'POST', 'sys/mounts/new', { type: 'kv' })
      await call(server, 204, 'POST', 'new/x', { v: 1 })
    },
  },
  {
    name: 'disabling a mount',
    act: ({ server }) => server.call('DELETE', 'sys/mounts/out'),
    async verify({ server, world, pass }, isDone) {
      const { length } = await server.backend.range('core/mount-dying/', { limit: 5 })
      const listed = await status(server, 'GET', 'sys/mounts/out')
      if (isDone) expect(listed).toBe(400)
      if (length > 0) expect(listed).toBe(400)
      await call(server, 204, 'DELETE', 'sys/mounts/out')
      await pass(20)
      expect(world.accounts.size).toBe(0)
      expect(await server.backend.range('core/mount-dying/', { limit: 5 })).toEqual([])
    },
  },
  {
    name: 'creating a namespace',
    act: ({ server }) => server.call('POST', 'sys/namespaces/new', {}),
    async verify({ server }) {
      await call(server, 200, 'POST', 'sys/namespaces/new', {})
      await newToken(server, { policies: ['default'] }, { namespace: 'new' })
    },
  },
  {
    name: 'deleting a namespace',
    act: ({ server }) => server.call('DELETE', 'sys/namespaces/ns1'),
    async verify({ server, pass }, isDone) {
      const shown = await status(server, 'GET', 'sys/namespaces/ns1')
      if (isDone) expect(shown).toBe(404)
      await server.call('DELETE', 'sys/namespaces/ns1')
      await call(server, 404, 'GET', 'sys/mounts', undefined, { namespace: 'ns1' })
      await pass(20)
      expect(await server.backend.range('core/mount-dying/', { limit: 5 })).toEqual([])
    },
  },
  {
    name: 'writing a policy',
    act: ({ server }) => server.call('POST', 'sys/policies/acl/p', { policy: 'path "x" {}' }),
    async verify({ server }, isDone) {
      const read = await status(server, 'GET', 'sys/policies/acl/p')
      if (isDone) expect(read).toBe(200)
      await call(server, 204, 'POST', 'sys/policies/acl/p', { policy: 'path "x" {}' })
    },
  },
  {
    name: 'getting an account with a lease',
    act: ({ server }) => server.call('GET', 'out/creds/b', undefined, { query: { ttl: '60' } }),
    async verify({ world, pass, clock }, isDone) {
      const names = [...world.accounts.keys()].filter((name) => name.startsWith('b-'))
      if (isDone) expect(names.length).toBe(1)
      // Without an answer nobody knows of it, so it is taken back at once.
      else {
        await pass(10)
        expect([...world.accounts.keys()].filter((name) => name.startsWith('b-'))).toEqual([])
      }
      clock.advance(6 * 60_000)
      await pass(10)
      expect([...world.accounts.keys()].filter((name) => name.startsWith('b-'))).toEqual([])
    },
  },
  {
    name: 'revoking a lease',
    act: ({ server, made }) =>
      server.call('POST', 'sys/leases/revoke', { lease_id: made.lease, sync: true }),
    async verify({ server, made, world, pass }, isDone) {
      if (isDone) expect(world.accounts.size).toBe(0)
      await call(server, 204, 'POST', 'sys/leases/revoke', { lease_id: made.lease, sync: true })
      await pass(10)
      expect(world.accounts.size).toBe(0)
      await call(server, 400, 'POST', 'sys/leases/lookup', { lease_id: made.lease })
    },
  },
  {
    name: 'the end of many leases at once',
    async setUp({ server }) {
      const of = { query: { ttl: '60' } }
      for (let made = 0; made < 45; made++) await server.call('GET', 'out/creds/m', undefined, of)
    },
    async act({ server, pass, clock }) {
      clock.advance(59_000)
      await pass(4)
      return server.call('GET', 'auth/token/lookup-self')
    },
    async verify({ server, world, pass }) {
      await pass(20)
      expect([...world.accounts.keys()].filter((name) => name.startsWith('m-'))).toEqual([])
      for (const prefix of ['ns/root/lease/out/creds/m', 'lease-queue/', 'core/lease-lane/']) {
        expect(await server.backend.range(prefix, { limit: 5 })).toEqual([])
      }
    },
  },
  {
    name: 'working off the many leases of a disabled mount',
    async setUp({ server }) {
      for (let made = 0; made < 45; made++) await server.call('GET', 'out/creds/m')
      await call(server, 204, 'DELETE', 'sys/mounts/out')
    },
    async act({ server, pass }) {
      await pass(4)
      return server.call('GET', 'auth/token/lookup-self')
    },
    async verify({ server, world, pass }) {
      await pass(20)
      expect(world.accounts.size).toBe(0)
      for (const prefix of ['core/mount-dying/', 'ns/root/lease/', 'lease-queue/', 'core/job/']) {
        expect(await server.backend.range(prefix, { limit: 5 })).toEqual([])
      }
    },
  },
  {
    name: 'wrapping',
    act: ({ server }) => server.call('GET', 'kv/data/app', undefined, { wrapTtlSeconds: 60 }),
    async verify({ server, pass, clock }) {
      // The one of the scene ends with it.
      clock.advance(601_000)
      await pass(5)
      const held = await server.backend.range('ns/root/wrapped/', { limit: 5 })
      expect(held.filter((key) => key.includes('wrap'))).toEqual([])
    },
  },
  {
    name: 'unwrapping',
    act: ({ server, made }) =>
      server.call('POST', 'sys/wrapping/unwrap', { token: made.wrapping }, { token: null }),
    async verify({ server, made }, isDone) {
      const again = () =>
        server.call('POST', 'sys/wrapping/unwrap', { token: made.wrapping }, { token: null })
      const second = await again()
      if (isDone) expect(second.status).toBe(400)
      else expect([200, 400]).toContain(second.status)
      expect((await again()).status).toBe(400)
    },
  },
  {
    name: 'writing to a cubbyhole',
    act: ({ server, made }) => server.call('POST', 'cubbyhole/x', { v: 1 }, { token: made.child! }),
    async verify({ server, made, pass }) {
      await call(server, 204, 'POST', 'cubbyhole/x', { v: 2 }, { token: made.child! })
      await call(server, 204, 'POST', 'auth/token/revoke', { token: made.parent })
      await pass(10)
      const keys = await server.backend.range('ns/root/', { limit: 1000 })
      expect(keys.filter((key) => key.includes('cubby'))).toEqual([])
    },
  },
  {
    name: 'moving a mount',
    act: ({ server }) => server.call('POST', 'sys/remount', { from: 'kv', to: 'moved' }),
    async verify({ server, pass }) {
      await pass(5)
      const places = [await status(server, 'GET', 'kv/data/app')]
      places.push(await status(server, 'GET', 'moved/data/app'))
      expect(places.sort()).toEqual([200, 404])
    },
  },
  {
    name: 'beginning a new key term',
    act: ({ server }) => server.call('POST', 'sys/rotate', {}),
    async verify({ server }) {
      await call(server, 200, 'GET', 'kv/data/app')
      await call(server, 200, 'POST', 'kv/data/app', { data: { v: 2 } })
      await call(server, 204, 'POST', 'sys/rotate', {})
      await call(server, 200, 'GET', 'kv/data/app')
    },
  },
  {
    name: 'enabling an audit device',
    act: ({ server }) =>
      server.call('POST', 'sys/audit/x', { type: 'file', options: { file_path: 'discard' } }),
    async verify({ server }, isDone) {
      const { body } = await call(server, 200, 'GET', 'sys/audit')
      if (isDone) expect(Object.keys(body.data)).toEqual(['x/'])
      await server.call('DELETE', 'sys/audit/x')
      await call(server, 200, 'GET', 'kv/data/app')
    },
  },
]

/** One server with what the operations work on; its faults are armed by `arm`. */
async function scene(): Promise<Scene & { arm(n: number, fault: Fault): void; hits(): number }> {
  const clock = manualClock()
  const world = new World()
  let armed: { at: number; fault: Fault } | null = null
  let count = 0
  let hits = 0
  const inner = memoryBackend({ clock, random: systemRandom })
  const backend = faultyStorage(inner, () => {
    if (!armed || ++count !== armed.at) return undefined
    hits++
    return armed.fault
  })
  const server = await startInProcess({ clock, backend, engines: [outsideEngine(world)] })
  const mount = (path: string, type: string) =>
    call(server, 204, 'POST', `sys/mounts/${path}`, { type, options: { version: '2' } })
  await mount('kv', 'kv')
  await mount('out', 'outside')
  await call(server, 200, 'POST', 'sys/namespaces/ns1', {})
  await call(server, 200, 'POST', 'kv/data/app', { data: { v: 1 } })
  const everything = 'path "*" { capabilities = ["create", "read", "update"] }'
  await call(server, 204, 'POST', 'sys/policies/acl/all', { policy: everything })
  const parent = await newToken(server, { policies: ['all'], ttl: '24h' })
  const child = await newToken(server, { ttl: '1h' }, { token: parent.token })
  const limited = await newToken(server, { policies: ['all'], num_uses: 1 })
  const lease = await call(server, 200, 'GET', 'out/creds/a')
  const of = { wrapTtlSeconds: 600 }
  const wrapped = await call(server, 200, 'GET', 'kv/data/app', undefined, of)
  return {
    server,
    world,
    clock,
    made: {
      parent: parent.token,
      child: child.token,
      childAccessor: child.accessor,
      limited: limited.token,
      lease: lease.body.lease_id,
      wrapping: wrapped.body.wrap_info.token,
    },
    async pass(seconds) {
      for (let second = 0; second < seconds; second++) {
        clock.advance(1000)
        for (let turn = 0; turn < 20; turn++) await new Promise((next) => setImmediate(next))
      }
    },
    arm: (at, fault) => {
      count = 0
      hits = 0
      armed = { at, fault }
    },
    hits: () => hits,
  }
}

const MOST_COMMITS = 30

describe.each(['before', 'after'] as const)('a commit that fails %s it is written', (fault) => {
  it.each(operations.map((one) => [one.name, one] as const))('%s', async (_, operation) => {
    let failures = 0
    for (let n = 1; ; n++) {
      expect(n).toBeLessThan(MOST_COMMITS)
      const at = await scene()
      await operation.setUp?.(at)
      at.arm(n, fault)
      const reply = await operation.act(at)
      const isHit = at.hits() > 0
      at.arm(0, fault)
      const isDone = reply.status < 300
      if (!isHit) expect(reply.status, reply.text).toBeLessThan(300)
      if (!isDone) {
        failures++
        expect(reply.status, reply.text).toBeGreaterThanOrEqual(500)
        expect(reply.body.errors.length).toBeGreaterThan(0)
      }
      await operation.verify(at, isDone)
      await at.server.close()
      if (!isHit) break
    }
    expect(failures).toBeGreaterThanOrEqual(0)
  })

  it('initialising and unsealing', async () => {
    for (let n = 1; ; n++) {
      let count = 0
      let hits = 0
      const clock = manualClock()
      const inner = memoryBackend({ clock, random: systemRandom })
      const backend = faultyStorage(inner, () => {
        if (++count !== n) return undefined
        hits++
        return fault
      })
      const { host } = openTestHost({ backend, clock })
      const server = inProcess(host, backend, [], '')
      const init = () =>
        server.call('POST', 'sys/init', { secret_shares: 1, secret_threshold: 1 }, { token: null })
      let made = await init()
      if (made.status !== 200) made = await init()
      expect([n, made.status, made.text]).toEqual([n, 200, made.text])
      const unseal = () =>
        server.call('POST', 'sys/unseal', { key: made.body.keys[0] }, { token: null })
      let opened = await unseal()
      if (opened.status !== 200) opened = await unseal()
      expect([n, opened.body?.sealed, opened.text]).toEqual([n, false, opened.text])
      const { root_token: token } = made.body
      await call(server, 200, 'GET', 'auth/token/lookup-self', undefined, { token })
      await server.close()
      if (hits === 0) break
    }
  })
})
