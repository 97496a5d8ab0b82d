import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HmacSha256 } from './hmac.ts'
import { equalSecrets } from './timing.ts'

describe('HMAC-SHA256', () => {
  it('is what createHmac gives, for any key and message', () => {
    const message = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 100 }),
      fc.uint8Array({ maxLength: 200 }),
      fc.integer({ min: 600, max: 2200 }).map((length) => 'é'.repeat(length)),
      fc.integer({ min: 1900, max: 2200 }).map((length) => new Uint8Array(length)),
    )
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 150 }),
        fc.array(message),
        (key, all) => {
          const hmac = new HmacSha256(key)
          for (const each of all) {
            const expected = createHmac('sha256', key).update(each).digest()
            expect(hmac.digest(each)).toEqual(expected)
            expect(hmac.hex(each)).toBe(expected.toString('hex'))
            expect(hmac.base64url(each)).toBe(expected.toString('base64url'))
          }
        },
      ),
    )
  })

  it('matches RFC 4231, case 2', () => {
    expect(new HmacSha256(Buffer.from('Jefe')).hex('what do ya want for nothing?')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    )
  })
})

describe('comparison of secrets', () => {
  it('is true for equal ones only', () => {
    expect(equalSecrets('a', Buffer.from('a'))).toBe(true)
    expect(equalSecrets('a', 'b')).toBe(false)
    expect(equalSecrets('a', 'ab')).toBe(false)
    expect(equalSecrets('', '')).toBe(true)
  })
})
