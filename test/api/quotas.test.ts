import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemRandom } from '../../src/base/random.ts'
import { handleRequest } from '../../src/core/request.ts'
import { memoryBackend } from '../../src/storage/memory/memory-backend.ts'
import { type InProcess, inProcess, openTestHost, startInProcess } from '../support/in-process.ts'
import { type ManualClock, manualClock, passSeconds } from '../support/manual-clock.ts'
import { outsideEngine, World } from '../support/outside-engine.ts'

let clock: ManualClock
let world: World
let server: InProcess

beforeEach(async () => {
  clock = manualClock()
  world = new World()
  server = await startInProcess({ clock, engines: [outsideEngine(world)] })
  await server.call('POST', 'sys/mounts/out', { type: 'outside' })
})
afterEach(() => server.close())

const pass = (seconds: number): Promise<void> => passSeconds(clock, seconds)

/** Waits for calls that meet in conflicts: their pauses end only as the clock moves. */
async function settled<T>(calls: readonly Promise<T>[]): Promise<T[]> {
  let isDone = false
  const all = Promise.all(calls).finally(() => {
    isDone = true
  })
  while (!isDone) await pass(1)
  return all
}

const put = (name: string, body: object) =>
  server.call('POST', `sys/quotas/rate-limit/${name}`, body)
const show = async (name: string) =>
  (await server.call('GET', `sys/quotas/rate-limit/${name}`)).body.data

async function statuses(count: number, path: string, of = {}): Promise<number[]> {
  const all: number[] = []
  for (let at = 0; at < count; at++)
    all.push((await server.call('GET', path, undefined, of)).status)
  return all
}

describe('rate limits', () => {
  it('are kept, shown, listed and refused where they make no sense', async () => {
    expect((await put('m', { rate: 2, interval: '5s', path: 'cubbyhole' })).status).toBe(204)
    expect(await show('m')).toEqual({
      type: 'rate-limit',
      name: 'm',
      path: 'cubbyhole/',
      role: '',
      inheritable: false,
      rate: 2,
      interval: 5,
      block_interval: 0,
    })
    const twin = await put('m2', { rate: 3, path: 'cubbyhole/' })
    expect(twin.body.errors).toEqual([
      'quota rule with similar properties exists under the name "m"',
    ])
    expect((await put('m', { rate: 4, path: 'cubbyhole/' })).status).toBe(204)
    expect((await put('bad', { rate: 0 })).body.errors).toEqual(["'rate' is invalid"])
    expect((await put('bad', { rate: 1, path: 'none/x' })).body.errors).toEqual([
      'invalid mount path "none/x/"',
    ])
    expect((await put('bad', { rate: 1, path: 'out/x', role: 'r' })).status).toBe(400)
    expect((await put('bad', { rate: 1, path: 'auth/token', role: 'r' })).status).toBe(400)
    await put('g', { rate: 1000 })
    expect(await show('g')).toMatchObject({ path: '', inheritable: true })
    const names = await server.call('LIST', 'sys/quotas/rate-limit')
    expect(names.body.data.keys).toEqual(['g', 'm'])
    expect((await server.call('DELETE', 'sys/quotas/rate-limit/m')).status).toBe(204)
    expect((await server.call('GET', 'sys/quotas/rate-limit/m')).status).toBe(404)
  })

  it('hold for each client address, and end with their interval', async () => {
    await put('m', { rate: 2, interval: 5, path: 'out/' })
    expect(await statuses(3, 'out/creds/a')).toEqual([200, 200, 429])
    expect(await statuses(1, 'out/creds/a', { remoteAddress: '192.0.2.7' })).toEqual([200])
    expect(await statuses(1, 'sys/mounts')).toEqual([200])
    const refused = await server.call('GET', 'out/creds/a')
    expect(refused.body).toEqual({
      errors: ['request path "out/creds/a": rate limit quota exceeded'],
    })
    clock.advance(5000)
    expect(await statuses(1, 'out/creds/a')).toEqual([200])
  })

  it('block for as long as they say', async () => {
    await put('m', { rate: 1, interval: 1, block_interval: '10s', path: 'out' })
    expect(await statuses(2, 'out/creds/a')).toEqual([200, 429])
    clock.advance(5000)
    expect(await statuses(1, 'out/creds/a')).toEqual([429])
    clock.advance(5000)
    expect(await statuses(1, 'out/creds/a')).toEqual([200])
  })

  it('are found from the most specific to the server’s own', async () => {
    await server.call('POST', 'sys/namespaces/ns')
    const of = { namespace: 'ns' }
    await server.call('POST', 'sys/mounts/out', { type: 'outside' }, of)
    await put('path', { rate: 1, path: 'out/creds/a' })
    await put('tree', { rate: 2, path: 'out/creds/b*' })
    await put('all', { rate: 100 })
    await put('ns', { rate: 3, path: 'ns' })
    expect(await statuses(2, 'out/creds/a')).toEqual([200, 429])
    expect(await statuses(3, 'out/creds/bcd')).toEqual([200, 200, 429])
    expect(await statuses(3, 'out/creds/c')).toEqual([200, 200, 200])
    expect(await statuses(4, 'out/creds/a', of)).toEqual([200, 200, 200, 429])
  })

  it('leave exempt paths alone and say what is left where that is wanted', async () => {
    await server.call('POST', 'sys/quotas/config', {
      rate_limit_exempt_paths: ['out/creds/free*'],
      enable_rate_limit_response_headers: true,
    })
    await put('m', { rate: 1, path: 'out' })
    expect(await statuses(3, 'out/creds/free-one')).toEqual([200, 200, 200])
    const ask = () => handleRequest(server.host, server.request('GET', 'out/creds/a'))
    const first = (await ask()).headers.join(' ')
    expect(first).toContain('X-Ratelimit-Limit 1 X-Ratelimit-Remaining 0 X-Ratelimit-Reset 1')
    expect((await ask()).headers.join(' ')).toContain('Retry-After 1')
    const config = (await server.call('GET', 'sys/quotas/config')).body.data
    expect(config).toEqual({
      enable_rate_limit_audit_logging: false,
      enable_rate_limit_response_headers: true,
      rate_limit_exempt_paths: ['out/creds/free*'],
    })
  })

  it('end with their mount, whatever is enabled at its path later, but stay to be seen', async () => {
    await put('m', { rate: 1, path: 'out' })
    await server.call('DELETE', 'sys/mounts/out')
    await server.call('POST', 'sys/mounts/out', { type: 'outside' })
    expect(await statuses(2, 'out/creds/a')).toEqual([200, 200])
    expect(await show('m')).toMatchObject({ path: 'out/', rate: 1 })
  })

  it('follow a mount that moves', async () => {
    await put('m', { rate: 1, path: 'out' })
    await server.call('POST', 'sys/remount', { from: 'out', to: 'moved' })
    await pass(2)
    expect(await statuses(2, 'moved/creds/a')).toEqual([200, 429])
  })

  it('leave no audit line for what they refuse, unless that is wanted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'quotas-'))
    const file_path = join(folder, 'audit.log')
    await server.call('POST', 'sys/audit/file', { type: 'file', options: { file_path } })
    const refusals = () =>
      readFileSync(file_path, 'utf8').split('rate limit quota exceeded').length - 1
    await put('m', { rate: 1, interval: 60, path: 'out' })
    expect(await statuses(3, 'out/creds/a')).toEqual([200, 429, 429])
    expect(refusals()).toBe(0)
    await server.call('POST', 'sys/quotas/config', { enable_rate_limit_audit_logging: true })
    expect(await statuses(1, 'out/creds/a')).toEqual([429])
    expect(refusals()).toBe(1)
    rmSync(folder, { recursive: true })
  })

  it('come before anything is spent, written or looked at', async () => {
    const made = await server.call('POST', 'auth/token/create', { policies: ['root'], num_uses: 5 })
    const token = made.body.auth.client_token
    await put('m', { rate: 1, path: 'out', interval: 60 })
    await server.call('GET', 'out/creds/a')
    expect(await statuses(4, 'out/creds/a', { token })).toEqual([429, 429, 429, 429])
    const looked = await server.call('POST', 'auth/token/lookup', { token })
    expect(looked.body.data.num_uses).toBe(5)
    expect(world.accounts.size).toBe(1)
  })
})

describe('limits on leases', () => {
  const limit = (body: object) => server.call('POST', 'sys/quotas/lease-count/l', body)
  const counter = async () =>
    (await server.call('GET', 'sys/quotas/lease-count/l')).body.data.counter

  it('are never passed, and make room when leases end', async () => {
    await limit({ max_leases: 3, path: 'out' })
    const made = await settled(Array.from({ length: 8 }, () => server.call('GET', 'out/creds/a')))
    expect(made.filter(({ status }) => status === 200)).toHaveLength(3)
    const refused = made.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(5)
    expect(refused[0]!.body).toEqual({
      errors: ['request path "out/creds/a": lease count quota exceeded'],
    })
    expect(world.accounts.size).toBe(3)
    expect(await counter()).toBe(3)
    const { lease_id } = made.find(({ status }) => status === 200)!.body
    await server.call('PUT', 'sys/leases/revoke', { lease_id, sync: true })
    expect(await counter()).toBe(2)
    expect(await statuses(2, 'out/creds/a')).toEqual([200, 429])
  })

  it('hold over processes on one store', async () => {
    const shared = memoryBackend({ clock, random: systemRandom })
    const options = { clock, backend: shared, engines: [outsideEngine(world)] }
    const first = await startInProcess(options)
    const { host } = openTestHost(options)
    const second = inProcess(host, shared, first.keys, first.rootToken)
    await second.call('POST', 'sys/unseal', { key: first.keys[0] })
    await first.call('POST', 'sys/mounts/out', { type: 'outside' })
    await first.call('POST', 'sys/quotas/lease-count/l', { max_leases: 5 })
    const made = await settled(
      Array.from({ length: 12 }, (_, at) => (at % 2 ? first : second).call('GET', 'out/creds/a')),
    )
    expect(made.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(5)
    for (let at = 0; at < 5; at++) await first.call('GET', 'out/creds/a')
    expect((await second.call('GET', 'out/creds/a')).status).toBe(429)
    expect(world.accounts.size).toBe(5)
    await second.host.seal.seal()
    await first.close()
  })

  it('count what was there before, and follow the most specific rule', async () => {
    await statuses(25, 'out/creds/a')
    await limit({ max_leases: 100 })
    await pass(3)
    expect(await counter()).toBe(25)
    await server.call('POST', 'sys/quotas/lease-count/m', { max_leases: 26, path: 'out' })
    await pass(3)
    expect(await counter()).toBe(0)
    expect(await statuses(2, 'out/creds/a')).toEqual([200, 429])
    await server.call('DELETE', 'sys/quotas/lease-count/m')
    await pass(3)
    expect(await counter()).toBe(26)
    await settled([server.call('PUT', 'sys/leases/revoke-prefix/out')])
    expect(await counter()).toBe(0)
    await server.call('DELETE', 'sys/quotas/lease-count/l')
    await pass(130)
    expect(await server.backend.range('core/quota-count/', { limit: 1 })).toEqual([])
    expect(await server.backend.range('core/job/', { limit: 1 })).toEqual([])
  })

  it('count what was there before at once', async () => {
    await statuses(2, 'out/creds/a')
    await limit({ max_leases: 3, path: 'out' })
    expect(await counter()).toBe(2)
    expect(await statuses(3, 'out/creds/a')).toEqual([200, 429, 429])
    expect(world.accounts.size).toBe(3)
    await server.call('POST', 'sys/quotas/lease-count/ns', { max_leases: 3, path: '' })
    await server.call('DELETE', 'sys/quotas/lease-count/l')
    expect(await statuses(1, 'out/creds/a')).toEqual([429])
    await server.call('DELETE', 'sys/quotas/lease-count/ns')
    expect(await statuses(1, 'out/creds/a')).toEqual([200])
  })

  it('are refused where they make no sense', async () => {
    expect((await limit({ max_leases: 0 })).status).toBe(400)
    expect((await limit({ max_leases: 1, path: 'none' })).status).toBe(400)
    expect((await server.call('GET', 'sys/quotas/lease-count/l')).status).toBe(404)
  })
})
