import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RawJson, RawNumber } from '../../base/json.ts'
import { hashJsonText, hashJsonValue } from './hash-json.ts'

const hmac = (text: string): string => `H(${Buffer.from(text).toString('hex')})`
const H = (text: string): string => `"${hmac(text)}"`

describe('hashJsonText', () => {
  it.each([
    ['{"a":"x"}', `{"a":${H('x')}}`],
    ['{"a":1.0,"b":9007199254740993,"c":1e400}', '{"a":1.0,"b":9007199254740993,"c":1e400}'],
    ['{ "a" : "x" , "b":["y",true,null] }', `{ "a" : ${H('x')} , "b":[${H('y')},true,null] }`],
    ['{"\\"":"\\""}', `{"\\"":${H('"')}}`],
    ['{"a\\\\":"b\\\\"}', `{"a\\\\":${H('b\\')}}`],
    ['{"a":"\\u00e9\\n"}', `{"a":${H('é\n')}}`],
    ['{"a":""}', `{"a":${H('')}}`],
    ['"x"', H('x')],
    ['{"t":"2026-01-02T03:04:05Z"}', '{"t":"2026-01-02T03:04:05Z"}'],
    ['{"t":"2026-02-30T03:04:05Z"}', `{"t":${H('2026-02-30T03:04:05Z')}}`],
    ['{"__proto__":"x"}', `{"__proto__":${H('x')}}`],
    ['{"a":1,"a":"x"}', `{"a":1,"a":${H('x')}}`],
  ])('%s', (text, expected) => {
    expect(hashJsonText(text, hmac)).toBe(expected)
  })

  it('leaves the strings of plain keys, but judges objects below them by their own names', () => {
    const text = '{"p":["a",{"q":"b","p":"c"},"d"],"q":"e"}'
    const expected = `{"p":["a",{"q":${H('b')},"p":"c"},"d"],"q":${H('e')}}`
    expect(hashJsonText(text, hmac, ['p'])).toBe(expected)
    expect(hashJsonValue(JSON.parse(text), hmac, ['p'])).toBe(expected)
  })

  it('does for text what hashJsonValue does for the value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const text = JSON.stringify(value)
        expect(JSON.parse(hashJsonText(text, hmac))).toEqual(
          JSON.parse(hashJsonValue(JSON.parse(text), hmac)),
        )
      }),
    )
  })

  it('lets no string value through', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b'), fc.string({ minLength: 1 })), (data) => {
        const parsed = JSON.parse(hashJsonText(JSON.stringify(data), hmac)) as Record<
          string,
          string
        >
        for (const [name, value] of Object.entries(data)) expect(parsed[name]).toBe(hmac(value))
      }),
    )
  })

  it('shows no private key, whatever is listed as plain', () => {
    const key = '-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----'
    const text = JSON.stringify({ certificate: key, issuing_ca: 'x' })
    const names = ['certificate', 'issuing_ca']
    const hashed = `{"certificate":${H(key)},"issuing_ca":"x"}`
    expect(hashJsonText(text, hmac, names)).toBe(hashed)
    expect(hashJsonValue(JSON.parse(text), hmac, names)).toBe(hashed)
  })

  it('fails rather than pass on what it cannot delimit', () => {
    expect(() => hashJsonText('{"a":"secret', hmac)).toThrow('not JSON')
  })
})

describe('hashJsonValue', () => {
  it('writes raw leaves, dates, bytes and own toJSON', () => {
    const value = {
      n: new RawNumber('1.0'),
      raw: new RawJson('{"x":"y","z":1e3}'),
      when: new Date('2026-01-02T03:04:05Z'),
      body: Buffer.from('text'),
      not: undefined,
      big: 12n,
      toJSON: 'x',
    }
    expect(hashJsonValue(value, hmac)).toBe(
      `{"n":1.0,"raw":{"x":${H('y')},"z":1e3},"when":"2026-01-02T03:04:05.000Z",` +
        `"body":${H('text')},"big":12,"toJSON":${H('x')}}`,
    )
  })
})
