// The YAML that other clients print for the same values, captured from an unmodified one.

import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseExactJson } from './exact-json.ts'
import { toYaml } from './yaml-output.ts'

const yaml = (json: string): string => toYaml(parseExactJson(json))

describe('toYaml', () => {
  it.each([
    ['{"b":1,"a":[1,{"x":null}],"e":{},"l":[]}', 'a:\n- 1\n- x: null\nb: 1\ne: {}\nl: []\n'],
    [
      '{"n":"12","y":"yes","t":"2020-01-01","e":""}',
      'e: ""\n"n": "12"\nt: "2020-01-01"\n"y": "yes"\n',
    ],
    ['{"c":"a: b","h":"#x","s":" x "}', "c: 'a: b'\nh: '#x'\ns: ' x '\n"],
    ['{"m":"line1\\nline2"}', 'm: |-\n  line1\n  line2\n'],
    ['{"big":9007199254740993,"one":1.0}', 'big: 9007199254740993\none: 1.0\n'],
    ['{"time":"2026-11-24T12:00:00.5Z"}', 'time: "2026-11-24T12:00:00.5Z"\n'],
    ['["a","b"]', '- a\n- b\n'],
  ])('%s', (json, text) => {
    expect(yaml(json)).toBe(text)
  })

  it('reads back as the same text', () => {
    for (const text of [
      '',
      '~',
      'on',
      '0x1F',
      '1_000',
      '12:30',
      '.inf',
      "it's",
      '"q"',
      '- a',
      '*x',
    ]) {
      expect(parse(yaml(JSON.stringify({ text })), { version: '1.1' })).toEqual({ text })
    }
  })
})
