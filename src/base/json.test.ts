import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isJsonObject, parseJson, RawNumber, setOwn, stringifyJson } from './json.ts'

describe('parseJson', () => {
  it.each(['9007199254740993', '1.0', '1e400', '-0', '[0.10,1E5]', '{"a":{"b":[1.50]}}'])(
    'keeps %s as written',
    (text) => expect(stringifyJson(parseJson(text))).toBe(text),
  )

  it('keeps prototype names as own members', () => {
    const text = '{"__proto__":{"x":1.0},"constructor":"c"}'
    const value = parseJson(text)
    expect(stringifyJson(value)).toBe(text)
    expect(isJsonObject(value) && Object.getPrototypeOf(value) === Object.prototype).toBe(true)
  })

  it('refuses what is not JSON without quoting it', () => {
    expect(() => parseJson('{"password":"s3cret"')).toThrow(/failed to parse JSON input/)
    expect(() => parseJson('{"password":s3cret}')).not.toThrow(/s3cret/)
  })

  it('refuses deep nesting, and only that', () => {
    expect(() => parseJson('['.repeat(201) + ']'.repeat(201))).toThrow(/nested deeper than 200/)
    expect(stringifyJson(parseJson('['.repeat(200) + ']'.repeat(200)))).toHaveLength(400)
    expect(parseJson(JSON.stringify('['.repeat(5000)))).toHaveLength(5000)
  })

  it('agrees with the engine on any value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        expect(stringifyJson(parseJson(text))).toBe(text)
      }),
    )
  })

  it('makes a RawNumber only where the text would change', () => {
    expect(parseJson('[1.5, 1.50]')).toEqual([1.5, new RawNumber('1.50')])
  })
})

describe('setOwn', () => {
  it('does not touch the prototype', () => {
    const object: Record<string, unknown> = {}
    setOwn(object, '__proto__', { polluted: true })
    expect(Object.keys(object)).toEqual(['__proto__'])
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
})
