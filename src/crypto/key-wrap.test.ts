import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemRandom } from '../base/random.ts'
import { oaepHash, UnwrapFault, unwrapKey, wrapKey } from './key-wrap.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

describe('keys in transport', () => {
  it.each(['SHA1', 'sha224', 'Sha256', 'SHA384', 'SHA512'])('come back through %s', (name) => {
    const hash = oaepHash(name)!
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (secret) => {
        const blob = wrapKey(publicKey, hash, secret, systemRandom)
        expect(unwrapKey(privateKey, hash, blob)).toEqual(Buffer.from(secret))
      }),
      { numRuns: 20 },
    )
  })

  it('know no other hashes', () => {
    for (const name of ['MD5', '', 'sha3-256', '__proto__', 'toString'])
      expect(oaepHash(name)).toBeUndefined()
  })

  it('are refused where a byte was changed, or one is missing', () => {
    const blob = wrapKey(publicKey, 'sha256', Buffer.alloc(32, 1), systemRandom)
    for (let at = 0; at < blob.length; at += 13) {
      const changed = Buffer.from(blob)
      changed[at]! ^= 1
      expect(() => unwrapKey(privateKey, 'sha256', changed)).toThrow(UnwrapFault)
    }
    for (const bytes of [0, 10, 256, 257, 270, blob.length - 1])
      expect(() => unwrapKey(privateKey, 'sha256', blob.subarray(0, bytes))).toThrow(UnwrapFault)
    expect(() => unwrapKey(privateKey, 'sha1', blob)).toThrow('decryption error')
  })
})
