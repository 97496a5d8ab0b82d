import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemRandom } from '../base/random.ts'
import { AEAD_OVERHEAD_BYTES, aeadKey, aeadOpen, aeadSeal } from './aead.ts'

const key = aeadKey(Buffer.alloc(32, 1))
const bytes = fc.uint8Array({ maxLength: 300 })

describe('AES-256-GCM', () => {
  it('opens what it sealed, under the same associated data', () => {
    fc.assert(
      fc.property(bytes, bytes, fc.uint8Array({ maxLength: 20 }), (plaintext, aad, header) => {
        const sealed = aeadSeal(key, systemRandom, header, plaintext, aad)
        expect(sealed.length).toBe(header.length + plaintext.length + AEAD_OVERHEAD_BYTES)
        expect(sealed.subarray(0, header.length)).toEqual(Buffer.from(header))
        expect(aeadOpen(key, header.length, sealed, aad)).toEqual(Buffer.from(plaintext))
      }),
    )
  })

  it('refuses every changed bit, other data, another key and cut messages', () => {
    const header = Buffer.from('h')
    const aad = Buffer.from('path')
    const sealed = aeadSeal(key, systemRandom, header, Buffer.from('secret'), aad)
    for (let bit = 8; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      expect(aeadOpen(key, 1, changed, aad)).toBe(null)
    }
    for (let length = 0; length < sealed.length; length++)
      expect(aeadOpen(key, 1, sealed.subarray(0, length), aad)).toBe(null)
    expect(aeadOpen(key, 1, sealed, Buffer.from('path2'))).toBe(null)
    expect(aeadOpen(aeadKey(Buffer.alloc(32, 2)), 1, sealed, aad)).toBe(null)
    expect(() => aeadKey(Buffer.alloc(16))).toThrow('32 bytes')
  })

  it('never repeats a nonce', () => {
    const nonces = new Set<string>()
    for (let i = 0; i < 2000; i++) {
      const sealed = aeadSeal(key, systemRandom, Buffer.alloc(0), Buffer.alloc(0), Buffer.alloc(0))
      nonces.add(sealed.subarray(0, 12).toString('hex'))
    }
    expect(nonces.size).toBe(2000)
  })
})
