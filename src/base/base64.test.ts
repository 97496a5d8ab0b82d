import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64, decodeBase64Url } from './base64.ts'

const bytes = fc.uint8Array({ maxLength: 80 })

describe('base64 as Go reads it', () => {
  it('takes what was encoded, with line breaks anywhere', () => {
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(120)), (input, breaks) => {
        let text = Buffer.from(input).toString('base64')
        for (const at of breaks) text = `${text.slice(0, at)}\r\n${text.slice(at)}`
        expect(decodeBase64(text)).toEqual(Buffer.from(input))
        const url = Buffer.from(input).toString('base64url')
        expect(decodeBase64Url(url)).toEqual(Buffer.from(input))
      }),
    )
  })

  it.each([
    ['a', 0],
    ['!', 0],
    ['aGVs*bG8=', 4],
    ['aGVsbG8', 4],
    ['aGVsbG8==', 8],
    ['aGVsbG8=x', 8],
    ['a-_=', 1],
    ['=', 0],
    ['a===', 1],
    ['aa=', 3],
    ['aa=a', 2],
    ['é', 0],
    ['aGVsbG8g\u00e9', 8],
  ])('refuses %s at byte %i', (text, at) => {
    expect(() => decodeBase64(text)).toThrow(`illegal base64 data at input byte ${at}`)
  })

  it('refuses padding and the standard alphabet where the URL-safe one is meant', () => {
    expect(() => decodeBase64Url('aGVsbG8=')).toThrow('byte 7')
    expect(() => decodeBase64Url('a+/a')).toThrow('byte 1')
    expect(() => decodeBase64Url('a')).toThrow('byte 0')
  })

  it('never takes a text that encodes to something else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        let decoded: Buffer
        try {
          decoded = decodeBase64(text)
        } catch {
          return
        }
        const plain = text.replace(/[\r\n]/g, '')
        // Bits that nothing needs may be set.
        expect(decoded.toString('base64').slice(0, -3)).toBe(plain.slice(0, -3))
        expect(decoded.toString('base64')).toHaveLength(plain.length)
      }),
    )
  })
})
