// Numbers and names survive; the layout is that of Go.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OrderedMap, parseExactJson, printExactJson, toJson } from './exact-json.ts'

describe('exact JSON', () => {
  it('keeps numbers as they were written', () => {
    for (const text of ['9007199254740993', '1.0', '1e400', '-0', '0.1', '[1.50,2]']) {
      expect(printExactJson(parseExactJson(text))).toBe(text)
    }
  })

  it('keeps every name', () => {
    const text = '{"__proto__":1,"constructor":2}'
    expect(printExactJson(parseExactJson(text))).toBe(text)
  })

  it('sorts names by bytes and escapes as Go does', () => {
    expect(printExactJson(parseExactJson('{"b":"<a&b>","a":"\u2028","Z":1}'))).toBe(
      '{"Z":1,"a":"\\u2028","b":"\\u003ca\\u0026b\\u003e"}',
    )
  })

  it('prints an ordered map in its own order, and indented', () => {
    const map = new OrderedMap([['z', [toJson(1)]]])
    map.set('a', new Map())
    map.set('e', [])
    expect(printExactJson(map, '  ')).toBe('{\n  "z": [\n    1\n  ],\n  "a": {},\n  "e": []\n}')
  })

  it('leaves out what is undefined', () => {
    expect(printExactJson(toJson({ a: undefined, b: null, c: [1, 'x'] }))).toBe(
      '{"b":null,"c":[1,"x"]}',
    )
  })

  it('reads back what it prints', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = printExactJson(parseExactJson(JSON.stringify(value)))
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('says nothing of the text it could not read', () => {
    expect(() => parseExactJson('{"password": s3cret}')).toThrow(/^this is not valid JSON$/)
  })
})
