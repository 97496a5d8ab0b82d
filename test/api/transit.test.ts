// Transit on every kind of storage: the life of a key, batches, what policies see, imports with the wrapping
// key, many versions, rivals, and what hostile input gets. What single answers look like is compared with
// OpenBao's in transit-vectors.test.ts.
import { createECDH, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemRandom } from '../../src/base/random.ts'
import { wrapKey } from '../../src/crypto/key-wrap.ts'
import { call, eventually, fresh, newToken, writePolicy } from '../support/api-steps.ts'
import type { Called, InProcess } from '../support/in-process.ts'
import { allServerKinds } from '../support/server-kinds.ts'

let server: InProcess
const b64 = (text: string): string => Buffer.from(text).toString('base64')
const HELLO = b64('hello')

const post = (path: string, body: unknown = {}, status = 200): Promise<Called> =>
  call(server, status, 'POST', `transit/${path}`, body)
const get = (path: string, status = 200): Promise<Called> =>
  call(server, status, 'GET', `transit/${path}`)

async function makeKey(fields: object = {}): Promise<string> {
  const name = fresh('key')
  await post(`keys/${name}`, fields)
  return name
}

async function encrypt(name: string, fields: object = {}): Promise<string> {
  const { body } = await post(`encrypt/${name}`, { plaintext: HELLO, ...fields })
  return body.data.ciphertext as string
}

const errorOf = async (path: string, body: unknown): Promise<string> =>
  (await post(path, body, 400)).body.errors[0]

describe.each(allServerKinds)('transit on $kind', ({ start }) => {
  beforeAll(async () => {
    server = await start()
    await call(server, 204, 'POST', 'sys/mounts/transit', { type: 'transit' })
  })
  afterAll(() => server.close())

  it('keeps old ciphertexts readable through rotations, until a minimum says otherwise', async () => {
    const name = await makeKey()
    const ciphertexts = [await encrypt(name)]
    for (let version = 2; version <= 4; version++) {
      await post(`keys/${name}/rotate`)
      ciphertexts.push(await encrypt(name))
      expect(ciphertexts.at(-1)).toMatch(new RegExp(`^vault:v${version}:`))
    }
    for (const ciphertext of ciphertexts) {
      const { body } = await post(`decrypt/${name}`, { ciphertext })
      expect(body.data.plaintext).toBe(HELLO)
    }
    await post(`keys/${name}/config`, { min_decryption_version: 3 })
    expect(await errorOf(`decrypt/${name}`, { ciphertext: ciphertexts[1] })).toContain('too old')
    const rewrapped = await post(`rewrap/${name}`, { ciphertext: ciphertexts[2] })
    expect(rewrapped.body.data.ciphertext).toMatch(/^vault:v4:/)
    await post(`keys/${name}/config`, { min_decryption_version: 1, min_encryption_version: 2 })
    await post(`decrypt/${name}`, { ciphertext: ciphertexts[0] })
    await post(`keys/${name}/config`, { min_decryption_version: 2 })
    const trimmed = await post(`keys/${name}/trim`, { min_available_version: 2 })
    expect(Object.keys(trimmed.body.data.keys)).toEqual(['2', '3', '4'])
    await post(`keys/${name}/config`, { min_decryption_version: 1 }, 400)
  })

  it('answers a batch with what failed beside what did not', async () => {
    const name = await makeKey()
    const batch_input = [
      { plaintext: HELLO, reference: 'a' },
      { plaintext: 'not base64', reference: 'b' },
      { plaintext: HELLO },
    ]
    const { body } = await post(`encrypt/${name}`, { batch_input }, 400)
    const [one, two, three] = body.data.batch_results
    expect(two).toEqual({ error: 'illegal base64 data at input byte 3', reference: 'b' })
    expect(one.reference).toBe('a')
    const partial = { batch_input, partial_failure_response_code: 207 }
    await post(`encrypt/${name}`, partial, 207)
    const opened = await post(
      `decrypt/${name}`,
      {
        batch_input: [one, three, { ciphertext: 'vault:v9:AAAA' }],
        partial_failure_response_code: 202,
      },
      202,
    )
    expect(opened.body.data.batch_results).toEqual([
      { plaintext: HELLO, reference: 'a' },
      { plaintext: HELLO, reference: '' },
      { plaintext: '', error: 'invalid ciphertext: version is too new', reference: '' },
    ])
    for (const code of [100, 101, 204, 304, 600, -1]) {
      const invalid = { batch_input, partial_failure_response_code: code }
      const reply = await post(`encrypt/${name}`, invalid, 400)
      expect(reply.body.warnings[0]).toContain('invalid HTTP response code override')
    }
  })

  it('tells a policy that encrypting without a key is a create', async () => {
    const name = await makeKey()
    const policy = fresh('transit')
    await writePolicy(server, policy, 'path "transit/encrypt/*" { capabilities = ["update"] }')
    const { token } = await newToken(server, { policies: [policy] })
    const body = { plaintext: HELLO }
    await call(server, 200, 'POST', `transit/encrypt/${name}`, body, { token })
    await call(server, 403, 'POST', `transit/encrypt/${fresh('key')}`, body, { token })
    await call(server, 403, 'POST', `transit/decrypt/${name}`, {}, { token })
    const made = fresh('key')
    await encrypt(made)
    expect((await get(`keys/${made}`)).body.data.type).toBe('aes256-gcm96')
    await post('config/keys', { disable_upsert: true })
    await post(`encrypt/${fresh('key')}`, body, 400)
    await post('config/keys', { disable_upsert: false })
  })

  it('makes one key where several are asked for at once, and counts rival rotations', async () => {
    const name = fresh('key')
    const made = await Promise.all(Array.from({ length: 6 }, () => encrypt(name)))
    for (const ciphertext of made) {
      const { body } = await post(`decrypt/${name}`, { ciphertext })
      expect(body.data.plaintext).toBe(HELLO)
    }
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        await server.call('POST', `transit/keys/${name}/rotate`)
      }),
    )
    const { latest_version, keys } = (await get(`keys/${name}`)).body.data
    expect(Object.keys(keys)).toHaveLength(latest_version)
    for (const ciphertext of made) await post(`decrypt/${name}`, { ciphertext })
  })

  it('keeps 300 versions in entries of their own', { timeout: 60_000 }, async () => {
    const name = await makeKey({ exportable: true, allow_plaintext_backup: true })
    const first = await encrypt(name)
    const copy = fresh('copy')
    const { backup } = (await get(`backup/${name}`)).body.data
    const sent = JSON.parse(Buffer.from(backup, 'base64').toString())
    sent.policy.latest_version = 300
    for (let version = 2; version <= 300; version++) {
      const key = Buffer.alloc(32, version).toString('base64')
      sent.policy.keys[version] = { ...sent.policy.keys[1], key }
    }
    const grown = b64(JSON.stringify({ policy: sent.policy }))
    await post(`restore/${copy}`, { backup: grown }, 204)
    expect((await get(`keys/${copy}`)).body.data.latest_version).toBe(300)
    expect(Object.keys((await get(`keys/${copy}`)).body.data.keys)).toHaveLength(300)
    await post(`decrypt/${copy}`, { ciphertext: first })
    expect(await encrypt(copy)).toMatch(/^vault:v300:/)
    await post(`restore/${copy}`, { backup: grown }, 400)
    await post(`restore/${copy}`, { backup: grown, force: true }, 204)
    await post(`keys/${copy}/config`, { min_encryption_version: 290, min_decryption_version: 290 })
    const trimmed = await post(`keys/${copy}/trim`, { min_available_version: 290 })
    expect(Object.keys(trimmed.body.data.keys)).toHaveLength(11)
    await post(`keys/${copy}/config`, { deletion_allowed: true })
    await call(server, 204, 'DELETE', `transit/keys/${copy}`)
    await get(`keys/${copy}`, 404)
    expect(await encrypt(copy)).toMatch(/^vault:v1:/)
  })

  it('imports what was wrapped with its wrapping key', { timeout: 60_000 }, async () => {
    const { public_key } = (await get('wrapping_key')).body.data
    const wrapping = createPublicKey(public_key)
    const wrapped = (secret: Uint8Array, hash = 'sha256'): string =>
      wrapKey(wrapping, hash, secret, systemRandom).toString('base64')
    const name = fresh('imported')
    const secret = systemRandom.bytes(32)
    const body = { ciphertext: wrapped(secret, 'sha384'), hash_function: 'sha384' }
    await post(`keys/${name}/import`, { ...body, exportable: true }, 204)
    const exported = await get(`export/encryption-key/${name}`)
    expect(exported.body.data.keys['1']).toBe(secret.toString('base64'))
    expect(await errorOf(`keys/${name}/rotate`, {})).toContain('does not allow rotation')
    await post(`keys/${name}/import_version`, { ciphertext: wrapped(systemRandom.bytes(32)) }, 204)
    expect((await get(`keys/${name}`)).body.data.latest_version).toBe(2)
    const short = { ciphertext: wrapped(systemRandom.bytes(31)) }
    expect(await errorOf(`keys/${fresh('imported')}/import`, short)).toBe(
      'error importing key: invalid key size 31 bytes for key type aes256-gcm96',
    )
    expect(await errorOf(`keys/${name}/import`, body)).toContain('cannot be used with an existing')

    const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    const pem = pair.publicKey.export({ type: 'spki', format: 'pem' })
    const der = pair.privateKey.export({ type: 'pkcs8', format: 'der' })
    const signer = fresh('imported')
    const type = 'ecdsa-p256'
    await post(`keys/${signer}/import`, { public_key: pem, type }, 204)
    expect(await errorOf(`sign/${signer}`, { input: HELLO })).toContain('private part')
    await post(`keys/${signer}/import_version`, { ciphertext: wrapped(der) }, 204)
    expect((await get(`keys/${signer}`)).body.data.latest_version).toBe(1)
    const { signature } = (await post(`sign/${signer}`, { input: HELLO })).body.data
    const checked = await post(`verify/${signer}`, { input: HELLO, signature })
    expect(checked.body.data.valid).toBe(true)
    const wrongType = { ciphertext: wrapped(der), type: 'rsa-2048' }
    expect(await errorOf(`keys/${fresh('imported')}/import`, wrongType)).toBe(
      'error importing key: invalid key type: expected rsa-2048, got *ecdsa.PrivateKey',
    )
  })

  it('exports wrapped for another mount', { timeout: 60_000 }, async () => {
    const other = fresh('other')
    await call(server, 204, 'POST', `sys/mounts/${other}`, { type: 'transit' })
    const wrapping = (await call(server, 200, 'GET', `${other}/wrapping_key`)).body.data
    const destination = fresh('wrapping')
    const open = { public_key: wrapping.public_key, type: 'rsa-4096' }
    await post(`keys/${destination}/import`, open, 204)
    for (const type of ['aes256-gcm96', 'ed25519', 'ecdsa-p384', 'rsa-2048', 'hmac']) {
      const name = await makeKey({ type, exportable: true })
      const { keys } = (await get(`byok-export/${destination}/${name}`)).body.data
      const body = { type, ciphertext: keys['1'] }
      await call(server, 204, 'POST', `${other}/keys/${name}/import`, body)
      const { hmac } = (await post(`hmac/${name}`, { input: HELLO })).body.data
      const theirs = await call(server, 200, 'POST', `${other}/hmac/${name}`, { input: HELLO })
      // The HMAC key of other types is no part of the key.
      if (type === 'hmac') expect(theirs.body.data.hmac).toBe(hmac)
      if (type !== 'ed25519') continue
      const { signature } = (await post(`sign/${name}`, { input: HELLO })).body.data
      const proof = { input: HELLO, signature }
      const valid = await call(server, 200, 'POST', `${other}/verify/${name}`, proof)
      expect(valid.body.data.valid).toBe(true)
    }
  })

  it('agrees on a key with another party', async () => {
    const base = await makeKey({ type: 'ecdsa-p256' })
    const mine = (await get(`keys/${base}`)).body.data.keys['1'].public_key as string
    const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    const derived = fresh('derived')
    const peer_public_key = pair.publicKey.export({ type: 'spki', format: 'pem' })
    await post(`derive-key/${derived}`, { base_key_name: base, peer_public_key }, 204)
    const ecdh = createECDH('prime256v1')
    ecdh.setPrivateKey(Buffer.from(pair.privateKey.export({ format: 'jwk' }).d!, 'base64url'))
    const spki = createPublicKey(mine).export({ type: 'spki', format: 'der' })
    const shared = ecdh.computeSecret(spki.subarray(-65))
    const { hkdfSync } = await import('node:crypto')
    const expected = Buffer.from(hkdfSync('sha256', shared, '', '', 32)).toString('base64')
    await post(`keys/${derived}/config`, { exportable: true })
    const exported = await get(`export/encryption-key/${derived}`)
    expect(exported.body.data.keys['1']).toBe(expected)
  })

  it('makes CMACs and verifies them', async () => {
    const name = await makeKey({ type: 'aes256-cmac' })
    const { cmac } = (await post(`cmac/${name}`, { input: HELLO })).body.data
    const short = (await post(`cmac/${name}/8`, { input: HELLO })).body.data.cmac
    expect(Buffer.from(short.split(':')[2], 'base64')).toHaveLength(8)
    const valid = await post(`verify/${name}`, { input: HELLO, cmac })
    expect(valid.body.data.valid).toBe(true)
    const other = await post(`verify/${name}`, { input: b64('x'), cmac })
    expect(other.body.data.valid).toBe(false)
    expect(await errorOf(`cmac/${name}/7`, { input: HELLO })).toContain('mac_length')
    expect(await errorOf(`cmac/${await makeKey()}`, { input: HELLO })).toContain('CMAC')
  })

  it('keeps the plan of automatic rotation through what changes a key', async () => {
    const name = await makeKey({ auto_rotate_period: '1h' })
    expect((await get(`keys/${name}`)).body.data.auto_rotate_period).toBe(3600)
    await post(`keys/${name}/rotate`)
    expect((await get(`keys/${name}`)).body.data.latest_version).toBe(2)
    await post(`keys/${name}/config`, { auto_rotate_period: 0, deletion_allowed: true })
    await post(`keys/${name}/rotate`)
    expect((await get(`keys/${name}`)).body.data.latest_version).toBe(3)
    await call(server, 204, 'DELETE', `transit/keys/${name}`)
  })

  it('refuses what makes no sense, in words, and changes nothing', async () => {
    const name = await makeKey()
    const long = 'a'.repeat(257)
    for (const bad of ['..', '.a', 'a.', 'a b', '%00', 'ü', '-', '__proto__ ', '$x'])
      await call(server, 404, 'POST', `transit/keys/${bad}`, {})
    await post(`keys/${long}`, {}, 400)
    for (const proto of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      await post(`keys/${fresh('key')}`, { type: proto }, 400)
      await post(`sign/${name}`, { input: HELLO, hash_algorithm: proto }, 400)
      await post('hash', { input: HELLO, algorithm: proto }, 400)
      await post(`encrypt/${name}`, { batch_input: [{ [proto]: HELLO }] }, 400)
    }
    const proto = `{"batch_input":[{"__proto__":{"plaintext":"${HELLO}"}}]}`
    const polluted = await server.call('POST', `transit/encrypt/${name}`, undefined, {
      rawBody: proto,
    })
    expect(polluted.status).toBe(400)
    const huge = Array.from({ length: 20_001 }, () => ({ plaintext: '' }))
    expect(await errorOf(`encrypt/${name}`, { batch_input: huge })).toContain('20000')
    for (const version of [2, -1, 2 ** 40, -(2 ** 40)])
      await post(`encrypt/${name}`, { plaintext: HELLO, key_version: version }, 400)
    const backups = ['{}', '[]', '{"policy":{}}', '{"policy":{"type":77}}', 'null', '{"policy":5}']
    for (const backup of backups) await post('restore', { backup: b64(backup) }, 400)
    const giant = { policy: { name: 'giant', type: 0, latest_version: 1e9, keys: {} } }
    await post('restore', { backup: b64(JSON.stringify(giant)) }, 400)
    const { body } = await get(`keys/${name}`)
    expect(body.data.latest_version).toBe(1)
  })

  it('shows no key material in what reading a key answers', async () => {
    const name = await makeKey({ type: 'rsa-2048', exportable: true })
    const { text } = await get(`keys/${name}`)
    expect(text).not.toMatch(/PRIVATE|hmac_key|"key"/)
  })

  it('knows a key again after the server was sealed', async () => {
    const name = await makeKey()
    const ciphertext = await encrypt(name)
    await call(server, 204, 'POST', 'sys/seal')
    await server.call('POST', `transit/decrypt/${name}`, { ciphertext }).then(({ status }) => {
      expect(status).toBe(503)
    })
    await server.call('POST', 'sys/unseal', { key: server.keys[0] })
    const opened = await eventually(
      () => server.call('POST', `transit/decrypt/${name}`, { ciphertext }),
      ({ status }) => status === 200,
    )
    expect(opened.body.data.plaintext).toBe(HELLO)
  })
})
