// The parser by table (both notations, every literal, every place of an error), and by random input: it
// throws nothing but its own error, takes linear time, and reads JSON as JSON.parse does.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HclError, type HclValue, parseHcl } from './hcl.ts'
import { readBlocks, toJson } from './hcl-values.ts'
import { type Json, parseJson, stringifyJson } from './json.ts'

/** The tree as plain values: an item is [keys..., value]. */
const tree = (text: string): unknown => parseHcl(text).items.map((item) => plainItem(item))
const plainItem = (item: { keys: readonly { value: string }[]; value: HclValue }): unknown => [
  ...item.keys.map((key) => key.value),
  plain(item.value),
]
const plain = (value: HclValue): unknown => {
  if (value.kind === 'object') return { items: value.items.map((item) => plainItem(item)) }
  return value.kind === 'list' ? value.items.map(plain) : value.value
}
const literal = (text: string): unknown => plain(parseHcl(`a = ${text}\n`).items[0]!.value)

describe('items', () => {
  it.each([
    ['', []],
    ['  \n# c\n', []],
    ['a = 1', [['a', 1]]],
    [
      'a=1 b=2',
      [
        ['a', 1],
        ['b', 2],
      ],
    ],
    [
      'a = 1, b = 2,',
      [
        ['a', 1],
        ['b', 2],
      ],
    ],
    ['"a b" = 1', [['a b', 1]]],
    ['a {}', [['a', { items: [] }]]],
    ['a = {}', [['a', { items: [] }]]],
    ['a "x" "y" { b = 1 }', [['a', 'x', 'y', { items: [['b', 1]] }]]],
    ['a x { b { c = 1 } }', [['a', 'x', { items: [['b', { items: [['c', 1]] }]] }]]],
    [
      'a = { b = 1 c = 2, d = 3 }',
      [
        [
          'a',
          {
            items: [
              ['b', 1],
              ['c', 2],
              ['d', 3],
            ],
          },
        ],
      ],
    ],
    [
      'a { x = 1 }\na { x = 2 }',
      [
        ['a', { items: [['x', 1]] }],
        ['a', { items: [['x', 2]] }],
      ],
    ],
    ['a-b.c_d = true', [['a-b.c_d', true]]],
    ['größe = 1', [['größe', 1]]],
    ['\ufeffa = 1', [['a', 1]]],
    ['a = [1, "x", true, [2], { b = 3 },]', [['a', [1, 'x', true, [2], { items: [['b', 3]] }]]]],
    ['a = [\n  1, # one\n  2\n]', [['a', [1, 2]]]],
    ['a /* x */ = /* y */ 1 // z', [['a', 1]]],
    ['{"a": {"b": [1, null, true, "x"]}}', [['a', { items: [['b', [1, null, true, 'x']]] }]]],
    [' \n {"a": 1.5e3}\n', [['a', 1500]]],
    ['{}', []],
  ])('%j', (text, expected) => expect(tree(text)).toEqual(expected))
})

describe('literals', () => {
  it.each([
    ['"x"', 'x'],
    ['""', ''],
    ['"a\\n\\t\\"\\\\\\u00e9\\U0001F600\\x41\\101"', 'a\n\t"\\é😀AA'],
    ['"\\ud83d\\ude00"', '😀'],
    ['"\\ud83d"', '\ufffd'],
    [`"\${a "b" {c}} d"`, `\${a "b" {c}} d`],
    [`"\${\n}"`, `\${\n}`],
    ['"$x {{identity.entity.id}}"', '$x {{identity.entity.id}}'],
    ['12', 12],
    ['-12', -12],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['1e3', 1000],
    ['1.5E-1', 0.15],
    ['0x1F', 31],
    ['-0x10', -16],
    ['017', 15],
    ['0', 0],
    ['true', true],
    ['false', false],
    ['<<EOF\na\n  b\nEOF\n', 'a\n  b\n'],
    ['<<EOF\nEOF', ''],
    ['<<EOF\na\n  EOF\n', 'a\n'],
    ['<<EOF\nEOFx\nEOF\n', 'EOFx\n'],
    ['<<-EOF\n    a\n      b\n    EOF\n', 'a\n  b\n'],
    ['<<-EOF\n  a\n    EOF\n', '  a\n'],
    ['<<EOF\r\na\r\nEOF\r\n', 'a\n'],
  ])('%j is %j', (text, expected) => expect(literal(text)).toEqual(expected))
})

describe('errors', () => {
  it.each([
    ['a', '1:2: expected "=" or "{" after a, got the end of the text'],
    ['a "x"', '1:6: expected "{" after a and its label, got the end of the text'],
    ['a "x" = 1', '1:7: expected "{" after the labels of a block, got "="'],
    ['= 1', '1:1: expected a name, got "="'],
    [
      'a = ',
      '1:5: expected a value: a quoted string, a number, true, false, "[" or "{", got the end',
    ],
    [
      'a = b',
      '1:5: expected a value: a quoted string, a number, true, false, "[" or "{", got an unquoted word',
    ],
    ['a = }', 'got "}"'],
    ['a {', '1:4: expected a name or "}", got the end of the text'],
    ['a { 1 }', '1:5: expected a name or "}", got a number'],
    ['true = 1', '1:1: expected a name, got true or false'],
    ['a = 1 }', '1:7: expected a name, got "}"'],
    ['a = [1 2]', '1:8: expected "," or "]" in a list, got a number'],
    ['a = [1,,2]', '1:8: expected a value'],
    ['a = [', '1:6: expected a value'],
    ['é = "😀" x', '1:10: expected "=" or "{" after x, got the end of the text'],
    ['a = 1\nb = "x\n', '2:7: string not terminated: expected a closing quote'],
    ['a = "\\q"', '1:6: illegal char escape: expected one of \\n'],
    ['a = "\\xff"', '1:6: illegal char escape'],
    ['a = "\\777"', '1:6: illegal char escape'],
    ['a = "\\U00110000"', '1:6: illegal char escape'],
    [
      'a = 10m',
      '1:7: expected a space after the number; put a value with a unit in quotes ("10m")',
    ],
    ['a = 1.2.3', '1:8: expected a space after the number'],
    ['a = 09', '1:5: a number that starts with 0 is octal: expected digits 0 to 7'],
    ['a = 0x', '1:6: expected a space after the number'],
    ["a = 'x'", `1:5: unexpected character "'"; strings take double quotes`],
    ['a := 1', '1:3: unexpected character ":"'],
    ['a = $x', '1:5: unexpected character "$"'],
    ['a = <x', '1:5: expected a heredoc: "<<NAME" and the end of the line'],
    ['a = <<EOF x\nEOF\n', '1:5: expected a heredoc'],
    ['a = <<EOF\nx\n', '1:5: heredoc not terminated: expected a line with EOF alone'],
    ['/ a', '1:1: expected "//" or "/*" for a comment'],
    ['a = 1 /* x', '1:7: comment not terminated: expected "*/"'],
    ['a = "\0"', '1:6: unexpected null character (0x00)'],
    ['{"a" 1}', '1:6: expected ":", got a number'],
    ['{"a": 1,}', '1:9: expected a name in quotes, got "}"'],
    ['{a: 1}', '1:2: expected JSON (the text starts with "{"), got an unquoted word'],
    ['{"a": 01}', '1:8: expected "," or "}", got a number'],
    ['{"a": 1} {}', '1:10: expected nothing after the closing brace, got "{"'],
    ['{"a": "\\x41"}', '1:8: illegal char escape'],
    ['{"a": "\\u12"}', '1:7: illegal char escape: expected four hexadecimal digits'],
    ['{"a": "b\n"}', '1:9: string not terminated'],
    ['{"a": ', '1:7: expected a value, got the end of the text'],
    ['{"a": 1} # c', '1:10: expected JSON'],
  ])('%j', (text, words) => {
    expect(() => parseHcl(text)).toThrow(HclError)
    expect(() => parseHcl(text)).toThrow(`At ${words}`.replace(/^At got/, 'got'))
  })
})

describe('readBlocks', () => {
  const labels = (text: string, count: number): unknown =>
    readBlocks(parseHcl(text).items, 'a', count).map((block) => block.labels)
  it.each([
    ['a "x" {}\nb {}\na "y" {}', 1, [['x'], ['y']]],
    ['a {}', 1, [[]]],
    ['a "x" { b {} }', 2, [['x']]],
    ['a = { x = {} y = {} }', 1, [['x'], ['y']]],
    ['{"a": {"x": {}, "y": {}}}', 1, [['x'], ['y']]],
    ['{"a": [{"x": {}}, {"x": {}}]}', 1, [['x'], ['x']]],
    ['{"a": {"x": [{"b": 1}, {}]}}', 1, [['x'], ['x']]],
    [
      '{"a": {"x": {"y": {}, "z": {}}}}',
      2,
      [
        ['x', 'y'],
        ['x', 'z'],
      ],
    ],
    ['{"a": {"b": 1}}', 1, [[]]],
    ['{"a": {}}', 1, [[]]],
  ])('%s', (text, count, expected) => expect(labels(text, count)).toEqual(expected))
})

describe('random input', () => {
  it('throws nothing but its own error', () => {
    const words = [
      'a',
      '"b"',
      '{',
      '}',
      '[',
      ']',
      '=',
      ',',
      '1',
      '"',
      '\\',
      '\n',
      '#',
      '/*',
      '*/',
      '<<E',
      'E',
      '$',
      '${',
      ':',
      '-',
      '\ud800',
      '😀',
      '\0',
    ]
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((parts) => parts.join('')),
      fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((parts) => `{${parts.join(' ')}`),
    )
    fc.assert(
      fc.property(text, (input) => {
        try {
          parseHcl(input)
        } catch (fault) {
          expect(fault).toBeInstanceOf(HclError)
          const { line, column } = fault as HclError
          const lines = input.replaceAll('\r\n', '\n').split('\n')
          expect(line).toBeGreaterThan(0)
          expect(line).toBeLessThanOrEqual(lines.length)
          expect(column).toBeGreaterThan(0)
          expect(column).toBeLessThanOrEqual([...lines[line - 1]!].length + 1)
        }
      }),
      { numRuns: 3000 },
    )
  })

  it('reads every JSON object as the JSON parser does', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), (object) => {
        const text = JSON.stringify(object)
        const { items, json } = parseHcl(text)
        expect(json).toBe(true)
        const read = toJson({ kind: 'object', items, at: items[0]?.at ?? zero, end: zero })
        expect(stringifyJson(read)).toBe(stringifyJson(parseJson(text) as Json))
      }),
    )
  })
  const zero = { line: 0, column: 0, offset: 0 }

  it('takes linear time', () => {
    const repeat = (part: string, bytes: number): string =>
      part.repeat(Math.ceil(bytes / part.length))
    const size = 400_000
    const texts = [
      repeat('a = 1\n', size),
      repeat('a = "x" ', size),
      repeat('/* c */ ', size),
      repeat('# c\n', size),
      `a = "${repeat('\\n', size)}"`,
      `a = "${repeat('${', size)}`,
      `a = <<E\n${repeat('E \nx\n', size)}`,
      `a = [${repeat('"x", ', size)}]`,
      repeat('path "a" { capabilities = ["read"] } ', size),
      repeat('a ', size),
      repeat('<<', size),
      `{"a": "${repeat('\\\\', size)}`,
    ]
    const started = performance.now()
    for (const text of texts) {
      try {
        parseHcl(text)
      } catch (fault) {
        expect(fault).toBeInstanceOf(HclError)
      }
    }
    // 5 MB in well under a second; a quadratic step would take minutes.
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})
