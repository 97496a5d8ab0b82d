import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJson, stringifyJson } from '../../base/json.ts'
import { mergePatch } from './merge-patch.ts'

/** RFC 7386, appendix A: original, patch, result. */
const RFC_EXAMPLES = [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', '{}'],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['["a","b"]', '["c","d"]', '["c","d"]'],
  ['{"a":"b"}', '["c"]', '["c"]'],
  ['{"a":"foo"}', 'null', 'null'],
  ['{"a":"foo"}', '"bar"', '"bar"'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
  ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
] as const

const patched = (target: string, patch: string): string =>
  stringifyJson(mergePatch(parseJson(target), parseJson(patch)))

describe('mergePatch', () => {
  it.each(RFC_EXAMPLES)('%s with %s is %s', (target, patch, result) => {
    expect(patched(target, patch)).toBe(result)
  })

  it('keeps numbers as written and prototype names as names', () => {
    expect(patched('{"n":1.0,"o":{"e":1e400}}', '{"m":9007199254740993,"o":{"f":0.10}}')).toBe(
      '{"n":1.0,"o":{"e":1e400,"f":0.10},"m":9007199254740993}',
    )
    const merged = patched(
      '{"__proto__":{"a":1}}',
      '{"__proto__":{"b":2},"constructor":{"prototype":{"x":1}}}',
    )
    expect(merged).toBe('{"__proto__":{"a":1,"b":2},"constructor":{"prototype":{"x":1}}}')
    expect(({} as { x?: number; b?: number }).x).toBeUndefined()
    expect(patched('{"__proto__":1,"a":1}', '{"__proto__":null}')).toBe('{"a":1}')
  })

  it('changes neither input, and patching again changes nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => {
        const target = parseJson(JSON.stringify(left))
        const patch = parseJson(JSON.stringify(right))
        const before = [stringifyJson(target), stringifyJson(patch)]
        const once = mergePatch(target, patch)
        expect([stringifyJson(target), stringifyJson(patch)]).toEqual(before)
        expect(stringifyJson(mergePatch(once, patch))).toBe(stringifyJson(once))
      }),
    )
  })
})
