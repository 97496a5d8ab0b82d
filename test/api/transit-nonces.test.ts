// No nonce ever repeats, over batches, concurrent requests and several processes, also for the same plaintext;
// the count of messages under one key warns, and rotates the key before nonces could meet; keys rotate in
// their time.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemRandom } from '../../src/base/random.ts'
import { mountDataPrefix } from '../../src/core/keys.ts'
import { call } from '../support/api-steps.ts'
import { type InProcess, startInProcess } from '../support/in-process.ts'
import { manualClock, passSeconds } from '../support/manual-clock.ts'
import { removeTestBundle, startTestServer, type TestServer } from '../support/test-server.ts'

const PLAINTEXT = Buffer.from('the same every time').toString('base64')
const batchOf = (count: number): object => ({
  batch_input: Array.from({ length: count }, () => ({ plaintext: PLAINTEXT })),
})
const nonceOf = (ciphertext: string, bytes = 12): string =>
  Buffer.from(ciphertext.split(':')[2]!, 'base64').toString('hex', 0, bytes)

describe('nonces of several processes', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ workers: 3 })
    await server.call('POST', 'sys/mounts/transit', { type: 'transit' })
  })
  afterAll(async () => {
    await server.remove()
    await removeTestBundle()
  })

  it.each([
    ['aes256-gcm96', 12],
    ['chacha20-poly1305', 12],
    ['xchacha20-poly1305', 24],
  ])('of %s differ, each time', { timeout: 60_000 }, async (type, bytes) => {
    await server.call('POST', `transit/keys/${type}`, { type })
    const rounds = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const reply = await server.call('POST', `transit/encrypt/${type}`, batchOf(400), {
          fresh: true,
        })
        expect(reply.status, reply.text.slice(0, 300)).toBe(200)
        return reply.body.data.batch_results as { ciphertext: string }[]
      }),
    )
    const nonces = new Set(rounds.flat().map(({ ciphertext }) => nonceOf(ciphertext, bytes)))
    expect(nonces.size).toBe(30 * 400)
    // What one process made another one opens.
    const { body } = await server.call(
      'POST',
      `transit/decrypt/${type}`,
      { batch_input: rounds.map(([first]) => first) },
      { fresh: true },
    )
    for (const { plaintext } of body.data.batch_results) expect(plaintext).toBe(PLAINTEXT)
  })
})

describe('the count of messages', () => {
  let server: InProcess
  /** Makes the next nonces ones that are counted. */
  let isSampling = false
  beforeAll(async () => {
    const random = {
      ...systemRandom,
      bytes(count: number) {
        const drawn = systemRandom.bytes(count)
        if (isSampling && count === 12) drawn.fill(0, 10)
        return drawn
      },
    }
    server = await startInProcess({ random })
    await call(server, 204, 'POST', 'sys/mounts/transit', { type: 'transit' })
  })
  afterAll(() => server.close())

  /** The raw path of what the mount stores. */
  async function stored(path: string): Promise<string> {
    const mounts = await call(server, 200, 'GET', 'sys/mounts')
    return `sys/raw/${mountDataPrefix(mounts.body.data['transit/'].uuid)}${path}`
  }

  async function setUses(name: string, uses: number): Promise<void> {
    const record = await call(server, 200, 'GET', await stored(`keys/${name}`))
    const { id } = JSON.parse(record.body.data.value)
    await call(server, 204, 'POST', await stored(`uses/${id}/1`), { value: String(uses) })
  }

  async function countedEncrypt(name: string, status = 200) {
    isSampling = true
    try {
      const path = `transit/encrypt/${name}`
      return (await call(server, status, 'POST', path, { plaintext: PLAINTEXT })).body
    } finally {
      isSampling = false
    }
  }

  it('goes by samples, warns from half of the limit on and rotates before it', async () => {
    await call(server, 200, 'POST', 'transit/keys/worn')
    expect((await countedEncrypt('worn')).warnings).toBeNull()
    await setUses('worn', 2 ** 31 - 2 ** 16)
    expect((await countedEncrypt('worn')).warnings[0]).toContain(`about ${2 ** 31} times`)
    await setUses('worn', 2 ** 32 * 0.9)
    const last = await countedEncrypt('worn')
    expect(last.data.key_version).toBe(1)
    const next = await countedEncrypt('worn')
    expect(next.data.key_version).toBe(2)
    expect(next.warnings).toBeNull()
  })

  it('leaves keys alone that may not be rotated here', async () => {
    await call(server, 200, 'POST', 'transit/keys/base', { type: 'ecdsa-p256' })
    const { body } = await call(server, 200, 'GET', 'transit/keys/base')
    const peer_public_key = body.data.keys['1'].public_key
    const derive = { base_key_name: 'base', peer_public_key }
    await call(server, 204, 'POST', 'transit/derive-key/fixed', derive)
    await setUses('fixed', 2 ** 32)
    expect((await countedEncrypt('fixed')).warnings[0]).toContain('nonces may repeat')
    expect((await countedEncrypt('fixed')).data.key_version).toBe(1)
  })

  it('counts nothing where nonces are long or computed', async () => {
    const types = [{ type: 'xchacha20-poly1305' }, { derived: true, convergent_encryption: true }]
    for (const [at, fields] of types.entries()) {
      const name = `uncounted${at}`
      await call(server, 200, 'POST', `transit/keys/${name}`, fields)
      isSampling = true
      const body = { plaintext: PLAINTEXT, ...(at === 1 ? { context: PLAINTEXT } : {}) }
      await call(server, 200, 'POST', `transit/encrypt/${name}`, body)
      isSampling = false
      const record = await call(server, 200, 'GET', await stored(`keys/${name}`))
      const { id } = JSON.parse(record.body.data.value)
      await call(server, 404, 'GET', await stored(`uses/${id}/1`))
    }
  })
})

describe('automatic rotation', () => {
  it('makes a new version each time the period is over', { timeout: 60_000 }, async () => {
    const clock = manualClock()
    const server = await startInProcess({ clock })
    await call(server, 204, 'POST', 'sys/mounts/transit', { type: 'transit' })
    await call(server, 200, 'POST', 'transit/keys/a', { auto_rotate_period: '2h' })
    const latest = async (): Promise<number> =>
      (await call(server, 200, 'GET', 'transit/keys/a')).body.data.latest_version
    clock.advance(3600_000)
    await passSeconds(clock, 30)
    expect(await latest()).toBe(1)
    // By hand: the period begins anew.
    await call(server, 200, 'POST', 'transit/keys/a/rotate')
    expect(await latest()).toBe(2)
    clock.advance(3600_000 + 60_000)
    await passSeconds(clock, 30)
    expect(await latest()).toBe(2)
    clock.advance(3600_000)
    await passSeconds(clock, 60)
    expect(await latest()).toBe(3)
    await call(server, 200, 'DELETE', 'transit/keys/a/soft-delete')
    clock.advance(3 * 3600_000)
    await passSeconds(clock, 60)
    await call(server, 200, 'POST', 'transit/keys/a/soft-delete-restore')
    expect(await latest()).toBe(3)
    await passSeconds(clock, 60)
    expect(await latest()).toBe(4)
    await call(server, 200, 'POST', 'transit/keys/a/config', { auto_rotate_period: 0 })
    clock.advance(9 * 3600_000)
    await passSeconds(clock, 60)
    expect(await latest()).toBe(4)
    await server.close()
  })
})
