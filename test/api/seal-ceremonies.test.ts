// Unsealing, rekeying, root generation and key rotation over the API of one process, on fast storage and on
// storage that answers late and with conflicts.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { systemRandom } from '../../src/base/random.ts'
import { decodeToken } from '../../src/cli/operator/generate-root.ts'
import { memoryBackend } from '../../src/storage/memory/memory-backend.ts'
import {
  type Called,
  type InProcess,
  inProcess,
  openTestHost,
  startInProcess,
} from '../support/in-process.ts'

const slow = { latency: { minMs: 0, maxMs: 3 }, conflictRate: 0.2 }

describe('where the configuration wants a token as well', () => {
  it('shares alone are not enough', async () => {
    const settings = { unauthenticatedRekey: false, unauthenticatedGenerateRoot: false }
    const server = await startInProcess({ settings })
    const paths = ['sys/rekey/init', 'sys/rekey/verify', 'sys/generate-root/attempt']
    for (const path of paths) {
      expect((await server.call('GET', path, undefined, { token: null })).status).toBe(403)
      expect((await server.call('PUT', path, {}, { token: null })).status).toBe(403)
    }
    expect((await server.call('GET', 'sys/rekey/init')).status).toBe(200)
    expect((await server.call('PUT', 'sys/generate-root/attempt')).body.started).toBe(true)
    await server.close()
  })
})

describe('PGP keys', () => {
  it('are refused in words', async () => {
    const { host, backend } = openTestHost({})
    const { call } = inProcess(host, backend, [], '')
    const wanted = { secret_shares: 1, secret_threshold: 1 }
    const refused = await call('PUT', 'sys/init', { ...wanted, pgp_keys: ['x'] })
    expect(refused.status).toBe(400)
    expect(refused.body.errors[0]).toContain('PGP')
    expect((await call('GET', 'sys/init')).body).toEqual({ initialized: false })
    await backend.close()
  })
})

describe.each([
  ['fast storage', {}],
  ['slow storage with conflicts', slow],
])('%s', (_name, storage) => {
  let server: InProcess
  let keys: readonly string[]
  let root: string

  beforeEach(async () => {
    const backend = memoryBackend({ clock: systemClock, random: systemRandom, ...storage })
    const { host } = openTestHost({ backend })
    const before = inProcess(host, backend, [], '')
    const { body } = await before.call('PUT', 'sys/init', { secret_shares: 3, secret_threshold: 2 })
    keys = body.keys
    root = body.root_token
    server = inProcess(host, backend, keys, root)
  })
  afterEach(() => server.close())

  const put = (path: string, body?: object, token: string | null = null): Promise<Called> =>
    server.call('PUT', path, body, { token })
  const get = (path: string): Promise<Called> =>
    server.call('GET', path, undefined, { token: null })
  const unseal = async (shares = keys): Promise<void> => {
    for (const key of shares.slice(0, 2)) await put('sys/unseal', { key })
  }
  const isOpen = async (): Promise<boolean> => !(await get('sys/seal-status')).body.sealed

  it('unseals share by share, counts none twice, begins anew after a wrong one', async () => {
    expect((await put('sys/unseal', {})).body.errors).toEqual([
      "'key' must be specified in request body as JSON, or 'reset' set to true",
    ])
    expect((await put('sys/unseal', { key: 'zz!' })).body.errors).toEqual([
      "'key' must be a valid hex or base64 string",
    ])
    expect((await put('sys/unseal', { key: 'aaaa' })).body.errors).toEqual([
      'invalid key: key is shorter than minimum 16 bytes',
    ])
    const first = await put('sys/unseal', { key: keys[0] })
    expect(first.body).toMatchObject({ sealed: true, t: 2, n: 3, progress: 1 })
    expect(first.body.nonce).toMatch(/^[\w-]{36}$/)
    const again = await put('sys/unseal', { key: keys[0] })
    expect(again.body).toMatchObject({ progress: 1, nonce: first.body.nonce })
    const wrong = await put('sys/unseal', { key: 'ab'.repeat(33) })
    expect(wrong.status).toBe(400)
    expect((await get('sys/seal-status')).body).toMatchObject({ progress: 0, nonce: '' })
    await put('sys/unseal', { key: keys[0] })
    expect((await put('sys/unseal', { reset: true })).body).toMatchObject({
      progress: 0,
      nonce: '',
    })
    await put('sys/unseal', { key: Buffer.from(keys[2]!, 'hex').toString('base64') })
    expect((await put('sys/unseal', { key: keys[1] })).body).toMatchObject({
      sealed: false,
      progress: 0,
    })
    expect((await put('sys/unseal', { key: keys[1] })).body.sealed).toBe(false)
    expect((await put('sys/unseal', { reset: true })).body.errors).toEqual(['vault is unsealed'])
    expect((await put('sys/init', { secret_shares: 1, secret_threshold: 1 })).body.errors).toEqual([
      'Vault is already initialized',
    ])
    expect((await put('sys/seal')).status).toBe(403)
    expect((await put('sys/seal', {}, root)).status).toBe(204)
    expect((await server.call('GET', 'sys/mounts')).status).toBe(503)
  })

  it('rekeys: another number of shares, the old ones are void', async () => {
    expect((await get('sys/rekey/init')).status).toBe(503)
    await unseal()
    expect((await get('sys/rekey/init')).body).toEqual({
      nonce: '',
      started: false,
      t: 0,
      n: 0,
      progress: 0,
      required: 2,
      pgp_fingerprints: null,
      backup: false,
      verification_required: false,
    })
    expect((await put('sys/rekey/update', { key: keys[0], nonce: 'x' })).body.errors).toEqual([
      'no barrier rekey in progress',
    ])
    expect((await put('sys/rekey/init', { secret_shares: 3 })).body.errors).toEqual([
      'invalid rekey seal configuration: threshold must be at least one',
    ])
    const started = await put('sys/rekey/init', { secret_shares: 5, secret_threshold: 3 })
    const { nonce } = started.body
    expect(started.body).toMatchObject({ started: true, t: 3, n: 5, required: 2 })
    const twice = await put('sys/rekey/init', { secret_shares: 5, secret_threshold: 3 })
    expect(twice.body.errors).toEqual(['rekey already in progress'])
    const foreign = await put('sys/rekey/update', { key: keys[0], nonce: 'x' })
    expect(foreign.body.errors).toEqual([
      `incorrect nonce supplied; nonce for this rekey operation is "${nonce}"`,
    ])
    expect((await put('sys/rekey/update', { key: keys[0], nonce })).body.progress).toBe(1)
    expect((await put('sys/rekey/update', { key: keys[0], nonce })).body.errors).toEqual([
      'given key has already been provided during this generation operation',
    ])
    expect((await put('sys/rekey/update', { key: 'ab'.repeat(33), nonce })).status).toBe(400)
    expect((await get('sys/rekey/init')).body).toMatchObject({ started: true, progress: 0 })
    await put('sys/rekey/update', { key: keys[2], nonce })
    const done = await put('sys/rekey/update', { key: keys[1], nonce })
    expect(done.body).toMatchObject({ complete: true, nonce, verification_required: false })
    expect(done.body.keys).toHaveLength(5)
    expect((await get('sys/rekey/init')).body.started).toBe(false)
    expect((await get('sys/seal-status')).body).toMatchObject({ t: 3, n: 5, sealed: false })
    await put('sys/seal', {}, root)
    for (const key of keys) await put('sys/unseal', { key })
    expect(await isOpen()).toBe(false)
    await put('sys/unseal', { reset: true })
    for (const key of done.body.keys.slice(1, 4)) await put('sys/unseal', { key })
    expect(await isOpen()).toBe(true)
    expect((await server.call('GET', 'sys/mounts')).status).toBe(200)
  })

  it('lets new shares count only once they were verified, where that is asked for', async () => {
    await unseal()
    const wanted = { secret_shares: 3, secret_threshold: 2, require_verification: true }
    const { nonce } = (await put('sys/rekey/init', wanted)).body
    await put('sys/rekey/update', { key: keys[0], nonce })
    const made = (await put('sys/rekey/update', { key: keys[1], nonce })).body
    expect(made).toMatchObject({ complete: true, verification_required: true })
    expect((await get('sys/rekey/init')).body.verification_nonce).toBe(made.verification_nonce)
    const late = await put('sys/rekey/update', { key: keys[2], nonce })
    expect(late.body.errors[0]).toContain('verification must be performed')
    const verify = (key: string, of: string) => put('sys/rekey/verify', { key, nonce: of })
    expect((await verify(made.keys[0], made.verification_nonce)).body).toMatchObject({
      started: true,
      progress: 1,
    })
    expect((await verify('ab'.repeat(33), made.verification_nonce)).body.errors).toEqual([
      'rekey verification failed; incorrect key shares supplied',
    ])
    const next = (await get('sys/rekey/verify')).body
    expect(next).toMatchObject({ progress: 0, t: 2, n: 3 })
    expect(next.nonce).not.toBe(made.verification_nonce)
    // The old shares count until then.
    await put('sys/seal', {}, root)
    await unseal()
    expect(await isOpen()).toBe(true)
    await verify(made.keys[2], next.nonce)
    expect((await verify(made.keys[1], next.nonce)).body).toEqual({
      nonce: next.nonce,
      complete: true,
    })
    await put('sys/seal', {}, root)
    await unseal()
    expect(await isOpen()).toBe(false)
    await unseal(made.keys)
    expect(await isOpen()).toBe(true)
  })

  it('cancels only for whoever names the nonce or has sudo', async () => {
    await unseal()
    const cancel = (path: string, nonce: string | null, token: string | null) =>
      server.call('DELETE', path, undefined, { token, ...(nonce ? { query: { nonce } } : {}) })
    for (const path of ['sys/rekey/init', 'sys/generate-root/attempt']) {
      const body = { secret_shares: 1, secret_threshold: 1 }
      const { nonce } = (await put(path, body)).body
      expect((await cancel(path, null, null)).status).toBe(400)
      expect((await cancel(path, 'x', null)).status).toBe(400)
      expect((await get(path)).body.started).toBe(true)
      expect((await cancel(path, nonce, null)).status).toBe(204)
      expect((await get(path)).body.started).toBe(false)
      expect((await cancel(path, null, null)).status).toBe(204)
      await put(path, body)
      expect((await cancel(path, null, root)).status).toBe(204)
    }
  })

  it('makes a root token that only the one-time password opens', async () => {
    await unseal()
    const status = (await get('sys/generate-root/attempt')).body
    expect(status).toMatchObject({ started: false, required: 2, otp_length: 100, otp: '' })
    const short = await put('sys/generate-root/attempt', { otp: 'x' })
    expect(short.body.errors).toEqual(['OTP string has incorrect length'])
    const { nonce, otp } = (await put('sys/generate-root/attempt')).body
    expect(otp).toMatch(/^[A-Za-z0-9]{100}$/)
    expect((await get('sys/generate-root/attempt')).body).toMatchObject({ otp: '', nonce })
    const update = (key: string) => put('sys/generate-root/update', { key, nonce })
    expect((await update(keys[0]!)).body).toMatchObject({ progress: 1, complete: false })
    expect((await update('ab'.repeat(33))).status).toBe(400)
    await update(keys[2]!)
    const done = (await update(keys[1]!)).body
    expect(done).toMatchObject({ progress: 2, required: 2, complete: true })
    expect(done.encoded_root_token).toBe(done.encoded_token)
    const token = decodeToken(done.encoded_token, otp)
    const looked = await server.call('GET', 'auth/token/lookup-self', undefined, { token })
    expect(looked.body.data).toMatchObject({ policies: ['root'], orphan: true, ttl: 0 })
    expect((await update(keys[0]!)).body.errors).toEqual(['no root generation in progress'])
  })

  it('rotates the encryption key and the root key; the shares stay', async () => {
    await unseal()
    const call = async (method: string, path: string, body?: object): Promise<Called> =>
      server.call(method, path, body)
    await call('PUT', 'cubbyhole/a', { x: 1 })
    expect((await call('GET', 'sys/key-status')).body.data.term).toBe(1)
    expect((await call('PUT', 'sys/rotate')).status).toBe(204)
    expect((await call('PUT', 'sys/rotate/keyring')).status).toBe(204)
    expect((await call('GET', 'sys/key-status')).body).toMatchObject({ term: 3 })
    expect((await call('PUT', 'sys/rotate/root')).status).toBe(204)
    const refused = await call('PUT', 'sys/rotate/config', { interval: '1h' })
    expect(refused.body.errors).toEqual(['interval must be greater or equal to 24h0m0s'])
    const few = await call('PUT', 'sys/rotate/config', { max_operations: 5 })
    expect(few.body.errors).toEqual(['max_operations must be in the range [1000000,3865470566]'])
    await call('PUT', 'sys/rotate/keyring/config', { interval: '48h' })
    expect((await call('GET', 'sys/rotate/config')).body.data).toEqual({
      enabled: true,
      interval: '48h0m0s',
      max_operations: 3865470566,
    })
    await put('sys/seal', {}, root)
    await unseal()
    expect((await call('GET', 'cubbyhole/a')).body.data).toEqual({ x: 1 })
  })

  it('takes OpenBao’s names too, with a token', async () => {
    await unseal()
    expect((await get('sys/rotate/root/init')).status).toBe(403)
    const call = async (method: string, path: string, body?: object): Promise<Called> =>
      server.call(method, path, body)
    const started = await call('PUT', 'sys/rotate/root/init', {
      secret_shares: 1,
      secret_threshold: 1,
    })
    const { nonce } = started.body.data
    await call('PUT', 'sys/rotate/root/update', { key: keys[0], nonce })
    const done = await call('PUT', 'sys/rotate/root/update', { key: keys[2], nonce })
    expect(done.body.data.keys).toHaveLength(1)
    await put('sys/seal', {}, root)
    await put('sys/unseal', { key: done.body.data.keys[0] })
    expect(await isOpen()).toBe(true)
    const made = await call('PUT', 'sys/generate-root-token/attempt')
    expect(made.body.data).toMatchObject({ started: true, required: 1, otp_length: 100 })
    expect((await call('PUT', 'sys/rotate/recovery/init')).body.errors).toEqual([
      'recovery keys not supported',
    ])
    expect((await call('GET', 'sys/rekey/backup')).body.errors).toEqual(['no backed-up keys found'])
  })
})
