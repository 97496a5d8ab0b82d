// The parts of transit that have published vectors: AES-CMAC (RFC 4493), HKDF (RFC 5869), SP 800-108's
// counter mode against its definition, and the AEADs against changes.
import { createHmac, createSecretKey, hkdfSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openAead, sealAead } from './aead-cipher.ts'
import { deriveBytes } from './derive-key.ts'
import { keyTypeOf } from './key-types.ts'
import { cmac } from './mac.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const secret = (text: string) => createSecretKey(hex(text))

describe('AES-CMAC', () => {
  const key = secret('2b7e151628aed2a6abf7158809cf4f3c')
  const message = hex(
    '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51' +
      '30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710',
  )
  it.each([
    [0, 'bb1d6929e95937287fa37d129b756746'],
    [16, '070a16b46b4d4144f79bdd9dd04a287c'],
    [40, 'dfa66747de9ae63030ca32611497c827'],
    [64, '51f0bebf7e3b9d92fc49741779363cfe'],
  ])('of %i bytes', (bytes, expected) => {
    const tag = cmac(keyTypeOf('aes128-cmac').cipher, key, message.subarray(0, bytes))
    expect(tag.toString('hex')).toBe(expected)
  })
})

describe('derivation', () => {
  it('is HKDF, with contexts of any length', () => {
    const key = secret('0b'.repeat(22))
    expect(deriveBytes('hkdf_sha256', key, hex('f0f1f2'), 42)).toEqual(
      Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), hex('f0f1f2'), 42)),
    )
    // RFC 5869 itself: the long form must be the same function as the short one.
    for (const bytes of [32, 64]) {
      const long = Buffer.alloc(1025, 7)
      const short = Buffer.alloc(1024, 7)
      const made = deriveBytes('hkdf_sha256', key, short, bytes)
      expect(made).toHaveLength(bytes)
      expect(deriveBytes('hkdf_sha256', key, long, bytes)).toEqual(expand(long, bytes))
      expect(made).toEqual(expand(short, bytes))
    }
  })

  function expand(info: Buffer, bytes: number): Buffer {
    const prk = createHmac('sha256', Buffer.alloc(32))
      .update(hex('0b'.repeat(22)))
      .digest()
    const one = createHmac('sha256', prk).update(info).update(Buffer.of(1)).digest()
    const two = createHmac('sha256', prk).update(one).update(info).update(Buffer.of(2)).digest()
    return Buffer.concat([one, two]).subarray(0, bytes)
  }

  it('has the old counter mode: counter, context and length in one HMAC', () => {
    const key = secret('11'.repeat(32))
    const context = Buffer.from('context')
    const frame = Buffer.concat([Buffer.alloc(4), context, hex('00000100')])
    expect(deriveBytes('hmac-sha256-counter', key, context, 16)).toEqual(
      createHmac('sha256', key).update(frame).digest(),
    )
  })

  it('needs a context', () => {
    expect(() => deriveBytes('hkdf_sha256', secret('00'), Buffer.alloc(0), 32)).toThrow(
      "missing 'context' for key derivation",
    )
  })
})

describe.each(['aes128-gcm96', 'aes256-gcm96', 'chacha20-poly1305', 'xchacha20-poly1305'])(
  '%s',
  (name) => {
    const type = keyTypeOf(name)
    const key = createSecretKey(Buffer.alloc(type.keyBytes, 3))
    const nonce = Buffer.alloc(type.nonceBytes, 5)

    it('opens what it sealed, and nothing else', () => {
      const bytes = fc.uint8Array({ maxLength: 64 })
      fc.assert(
        fc.property(bytes, fc.option(bytes), fc.nat(), (plaintext, associated, at) => {
          const sealed = sealAead(type, key, nonce, plaintext, associated)
          expect(openAead(type, key, sealed, associated)).toEqual(Buffer.from(plaintext))
          sealed[at % sealed.length]! ^= 1
          expect(openAead(type, key, sealed, associated)).toBeNull()
          expect(openAead(type, key, sealed.subarray(1), associated)).toBeNull()
        }),
      )
    })

    it('binds the associated data', () => {
      const sealed = sealAead(type, key, nonce, Buffer.from('x'), Buffer.from('a'))
      expect(openAead(type, key, sealed, Buffer.from('b'))).toBeNull()
      expect(openAead(type, key, sealed, null)).toBeNull()
      expect(openAead(type, key, Buffer.alloc(type.nonceBytes + 15), null)).toBeNull()
    })
  },
)
