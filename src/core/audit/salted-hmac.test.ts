import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { saltedHmac } from './salted-hmac.ts'

describe('saltedHmac', () => {
  it('is HMAC-SHA256 with the salt as key, as sys/audit-hash words it', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.string({ unit: 'binary' }), (salt, text) => {
        const expected = createHmac('sha256', salt).update(text).digest('hex')
        expect(saltedHmac(salt)(text)).toBe(`hmac-sha256:${expected}`)
      }),
    )
  })

  it('takes long text and text that is not ASCII', () => {
    const text = `é漢😀\0${'x'.repeat(100_000)}`
    const expected = createHmac('sha256', 'salt').update(text).digest('hex')
    expect(saltedHmac('salt')(text)).toBe(`hmac-sha256:${expected}`)
  })
})
