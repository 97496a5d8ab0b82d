// Signatures over digests against node:crypto, which signs and verifies the messages.
import {
  constants,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemRandom } from '../base/random.ts'
import { signDigest, verifyDigest } from './ecdsa-digest.ts'
import { derFromRaw, rawFromDer, rawFromHalves } from './ecdsa-signature.ts'
import {
  longestSalt,
  signPkcs1Digest,
  signPssDigest,
  verifyPkcs1Digest,
  verifyPssDigest,
} from './rsa-digest.ts'

const HASHES = ['sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha3-256', 'sha3-512']
const message = Buffer.from('a message')

describe.each([
  ['P-256', 'prime256v1', 32],
  ['P-384', 'secp384r1', 48],
  ['P-521', 'secp521r1', 66],
])('ECDSA over digests on %s', (curve, namedCurve, bytes) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })

  it.each(HASHES)('meets node:crypto with %s', (name) => {
    const digest = hash(name, message, 'buffer')
    const made = signDigest(curve, privateKey, digest, systemRandom)
    expect(verify(name, message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, made)).toBe(true)
    const theirs = sign(name, message, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    expect(verifyDigest(curve, publicKey, digest, theirs)).toBe(true)
    const other = Buffer.from(digest)
    other[0]! ^= 0x80
    expect(verifyDigest(curve, publicKey, other, theirs)).toBe(false)
  })

  it('refuses numbers that no signature has', () => {
    const digest = hash('sha256', message, 'buffer')
    const made = signDigest(curve, privateKey, digest, systemRandom)
    const zero = Buffer.alloc(bytes)
    const most = Buffer.alloc(bytes, 0xff)
    for (const part of [zero, most])
      for (const bad of [
        Buffer.concat([part, made.subarray(bytes)]),
        Buffer.concat([made.subarray(0, bytes), part]),
      ])
        expect(verifyDigest(curve, publicKey, digest, bad)).toBe(false)
    expect(verifyDigest(curve, publicKey, digest, made.subarray(1))).toBe(false)
  })

  it('takes digests of any length and value', () => {
    for (const digest of [
      ...[1, 20, 31, 33, 48, 65, 66, 67, 200, 8193].map((length) => systemRandom.bytes(length)),
      ...[1, 32, 66, 8193].map((length) => Buffer.alloc(length)),
      ...[32, 48, 66].map((length) => Buffer.alloc(length, 0xff)),
    ]) {
      const made = signDigest(curve, privateKey, digest, systemRandom)
      expect(made).toHaveLength(2 * bytes)
      expect(verifyDigest(curve, publicKey, digest, made)).toBe(true)
      expect(verifyDigest(curve, publicKey, Buffer.from('other'), made)).toBe(false)
    }
  })

  it('signs with no other key than the given one, whatever becomes of the numbers', () => {
    const other = generateKeyPairSync('ec', { namedCurve }).privateKey.export({ format: 'jwk' })
    const { x, y } = publicKey.export({ format: 'jwk' })
    // As if a bit of the secret had flipped: the secret is another's than the point.
    const faulty = { export: () => ({ ...other, x, y }) } as unknown as KeyObject
    const digest = hash('sha256', message, 'buffer')
    expect(() => signDigest(curve, faulty, digest, systemRandom)).toThrow('came out wrong')
  })

  it('never signs twice with the same number', () => {
    const digest = hash('sha256', message, 'buffer')
    const seen = new Set<string>()
    for (let i = 0; i < 20; i++)
      seen.add(signDigest(curve, privateKey, digest, systemRandom).toString('hex', 0, bytes))
    expect(seen.size).toBe(20)
  })
})

describe.each([2048, 3072, 2049])('RSA of %i bits over digests', (modulusLength) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength })
  const pss = (key: KeyObject, saltLength: number) => ({
    ...{ key, saltLength },
    padding: constants.RSA_PKCS1_PSS_PADDING,
  })

  it.each(HASHES)('meets node:crypto with %s', (name) => {
    const digest = hash(name, message, 'buffer')
    const other = Buffer.alloc(digest.length)
    const plain = signPkcs1Digest(privateKey, name, digest)
    expect(plain).toEqual(sign(name, message, privateKey))
    expect(verifyPkcs1Digest(publicKey, name, digest, plain)).toBe(true)
    expect(verifyPkcs1Digest(publicKey, name, other, plain)).toBe(false)
    for (const bytes of [0, digest.length, longestSalt(privateKey, digest.length)]) {
      const made = signPssDigest(privateKey, name, digest, systemRandom.bytes(bytes))
      expect(verify(name, message, pss(publicKey, bytes), made)).toBe(true)
      const theirs = sign(name, message, pss(privateKey, bytes))
      expect(verifyPssDigest(publicKey, name, digest, theirs, bytes)).toBe(true)
      expect(verifyPssDigest(publicKey, name, digest, theirs, null)).toBe(true)
      expect(verifyPssDigest(publicKey, name, digest, theirs, bytes + 1)).toBe(false)
      expect(verifyPssDigest(publicKey, name, other, theirs, null)).toBe(false)
    }
  })

  it('takes no changed or cut signature', () => {
    const digest = hash('sha256', message, 'buffer')
    const made = signPssDigest(privateKey, 'sha256', digest, Buffer.alloc(32))
    for (const at of [0, 1, 100, made.length - 1]) {
      const changed = Buffer.from(made)
      changed[at]! ^= 1
      expect(verifyPssDigest(publicKey, 'sha256', digest, changed, null)).toBe(false)
      expect(verifyPkcs1Digest(publicKey, 'sha256', digest, changed)).toBe(false)
    }
    expect(verifyPssDigest(publicKey, 'sha256', digest, made.subarray(1), null)).toBe(false)
    const most = Buffer.alloc(made.length, 0xff)
    expect(verifyPssDigest(publicKey, 'sha256', digest, most, null)).toBe(false)
    expect(verifyPkcs1Digest(publicKey, 'sha256', digest, most)).toBe(false)
  })
})

describe('the forms of an ECDSA signature', () => {
  const raw = fc.uint8Array({ minLength: 132, maxLength: 132 })

  it('say the same', () => {
    fc.assert(
      fc.property(raw, (numbers) => {
        expect(rawFromDer(derFromRaw(numbers), 66)).toEqual(Buffer.from(numbers))
        expect(rawFromHalves(numbers, 66)).toEqual(Buffer.from(numbers))
      }),
    )
  })

  it('are read strictly', () => {
    const read = (hex: string) => rawFromDer(Buffer.from(hex, 'hex'), 2)
    expect(read('3006020101020102')?.toString('hex')).toBe('00010002')
    expect(read('300602010102010200')).toBe('trailing')
    for (const bad of ['', '30', '3006', '3006020101', '30060201010201', '3106020101020102'])
      expect(read(bad)).toBe('invalid')
    // Not minimal, in length or number; no number at all.
    for (const bad of ['308106020101020102', '300702020001020102', '30050200020102'])
      expect(read(bad)).toBe('invalid')
    expect(read('3006020181020102')).toBeNull()
    expect(read('300802030100000201')).toBe('invalid')
    // A number of three bytes has no place in two.
    expect(read('3008020301000102010a')).toBeNull()
  })

  it('never fail otherwise, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 150 }), (bytes) => {
        rawFromDer(bytes, 32)
        rawFromHalves(bytes, 32)
      }),
    )
  })

  it('are those of node:crypto', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    const der = sign('sha256', message, privateKey)
    const found = rawFromDer(der, 32) as Buffer
    const key = createPublicKey(privateKey)
    expect(verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, found)).toBe(true)
    expect(derFromRaw(found)).toEqual(der)
  })
})
