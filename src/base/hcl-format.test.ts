// The canonical layout by example, and for random texts: the meaning stays, comments stay, and what is
// formatted stays as it is.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type HclItem, type HclValue, parseHcl } from './hcl.ts'
import { formatHcl } from './hcl-format.ts'

const cases: [string, string, string][] = [
  [
    'a policy',
    `path "secret/*" {capabilities=["read","list"]
min_wrapping_ttl="1m"
}
path "x" {
    capabilities = [ "deny" ]}`,
    `path "secret/*" {
  capabilities     = ["read", "list"]
  min_wrapping_ttl = "1m"
}

path "x" {
  capabilities = ["deny"]
}
`,
  ],
  [
    'comments',
    `# lead
path "a" { // line
# above
capabilities = ["read"] # trail

# loose

policy = "x"
}
# tail`,
    `# lead
path "a" {
  // line

  # above
  capabilities = ["read"] # trail

  # loose

  policy = "x"
}

# tail
`,
  ],
  [
    'lists over lines',
    `a = [
"x", # one
"longer",   # two
]
b = [1,2,
3]`,
    `a = [
  "x",      # one
  "longer", # two
]

b = [1, 2,
`.replace('[1, 2,\n', '[\n  1,\n  2,\n  3,\n]\n'),
  ],
  [
    'parameters',
    `path "a" {
  allowed_parameters {
      "foo" = []
      "longer_name" = ["a","b"]
  }
}`,
    `path "a" {
  allowed_parameters {
    "foo"         = []
    "longer_name" = ["a", "b"]
  }
}
`,
  ],
  [
    'heredocs',
    `a {
  b = <<EOT
 kept
   as it is
EOT
  c = 1
}`,
    `a {
  b = <<EOT
 kept
   as it is
EOT

  c = 1
}
`,
  ],
  ['empty blocks', 'a {}\nb {}\n\n\nc {}', 'a {}\nb {}\n\nc {}\n'],
  ['nothing', '', '\n'],
  ['only comments', '# a\n\n\n# b', '# a\n\n# b\n'],
]

describe('formatHcl', () => {
  it.each(cases)('%s', (_, text, formatted) => {
    expect(formatHcl(text)).toBe(formatted)
    expect(formatHcl(formatted)).toBe(formatted)
  })

  it('leaves JSON alone', () => {
    expect(() => formatHcl('{"path": {}}')).toThrow('expected HCL, got JSON')
  })
})

/** Meaning without places. */
const meaning = (items: readonly HclItem[]): unknown =>
  items.map((item) => [item.keys.map((key) => key.value), meaningOf(item.value)])
const meaningOf = (value: HclValue): unknown => {
  if (value.kind === 'object') return { items: meaning(value.items) }
  return value.kind === 'list' ? value.items.map(meaningOf) : [value.kind, value.value]
}

const comment = fc.nat(99).chain((n) => fc.constantFrom(`# c${n}`, `// d${n}`, `/* e${n}\n  f */`))
const gap = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('\n', '\n\n', '\n\n\n') },
  { weight: 1, arbitrary: comment.map((text) => `\n${text}\n`) },
  { weight: 1, arbitrary: comment.map((text) => ` ${text}\n`) },
  { weight: 1, arbitrary: comment.map((text) => `\n\n${text}\n\n`) },
)
const literal = fc.constantFrom(
  '"a"',
  '"longer value"',
  '12',
  '1.5',
  'true',
  `"\${\n}"`,
  '<<E\n x\nE\n',
)
const { items: text } = fc.letrec<{ items: string; item: string; value: string; list: string }>(
  (tie) => ({
    list: fc
      .array(fc.tuple(tie('value'), gap), { maxLength: 3 })
      .map((parts) => `[\n${parts.map(([value, after]) => `${value},${after}`).join('')}]`),
    value: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      literal,
      fc.constant('["a", 1]'),
      fc.constant('[]'),
      tie('list'),
      tie('items').map((items) => `{\n${items}}`),
    ),
    item: fc.oneof(
      fc
        .tuple(
          fc.constantFrom('a', '"quoted"', 'capabilities'),
          fc.constantFrom(' = ', '=', ' =\n '),
          tie('value'),
        )
        .map((parts) => parts.join('')),
      fc
        .tuple(fc.constantFrom('a ', 'path "x/y" ', 'a "b" "c" '), tie('items'))
        .map(([head, items]) => `${head}{${items === '' ? '' : '\n'}${items}}`),
    ),
    items: fc
      .array(fc.tuple(gap, tie('item'), gap), { maxLength: 4 })
      .map((parts) => parts.flat().join('')),
  }),
)

describe('for random texts', () => {
  it('keeps the meaning and every comment', () => {
    fc.assert(
      fc.property(text, (input) => {
        const parsed = parseHcl(input)
        const output = formatHcl(input)
        expect(meaning(parseHcl(output).items)).toEqual(meaning(parsed.items))
        const texts = (source: string): string[] =>
          parseHcl(source)
            .comments.flatMap((group) => group.comments.map((one) => one.text.replace(/\s+/g, ' ')))
            .sort()
        expect(texts(output)).toEqual(texts(input))
      }),
      { numRuns: 1000 },
    )
  })
})
