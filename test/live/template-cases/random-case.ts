// Random templates for the comparison with Go: mostly well-formed, with functions on whatever values turn up.
import fc from 'fast-check'

const FIELDS = [
  '.',
  '.name',
  '.empty',
  '.text',
  '.int',
  '.neg',
  '.zero',
  '.float',
  '.yes',
  '.no',
  '.nil',
  '.missing',
  '.list',
  '.nums',
  '.mixed',
  '.none',
  '.dict',
  '.dict.a',
  '.dict.c.d',
  '.users',
  '$.name',
  '$.dict.c',
]
const LITERALS = [
  '"a"',
  '"hello world"',
  '"é✓"',
  '""',
  '"-"',
  '"a,b,c"',
  '0',
  '1',
  '-3',
  '2.5',
  '1e3',
  'true',
  'false',
  'nil',
  "'x'",
  '`raw`',
]
/** Functions that give the same every time, with how many arguments they like. */
const FUNCTIONS: Readonly<Record<string, number>> = {
  ...{
    print: 2,
    println: 1,
    len: 1,
    not: 1,
    and: 2,
    or: 2,
    eq: 2,
    ne: 2,
    lt: 2,
    le: 2,
    gt: 2,
    ge: 2,
  },
  ...{ index: 2, html: 1, js: 1, urlquery: 1, upper: 1, lower: 1, title: 1, trim: 1, trunc: 2 },
  ...{ substr: 3, replace: 3, contains: 2, hasPrefix: 2, quote: 2, squote: 1, cat: 2, indent: 2 },
  ...{ default: 2, empty: 1, coalesce: 2, ternary: 3, toJson: 1, toPrettyJson: 1, fromJson: 1 },
  ...{ toString: 1, join: 2, splitList: 2, split: 2, first: 1, rest: 1, last: 1, initial: 1 },
  ...{
    append: 2,
    prepend: 2,
    reverse: 1,
    uniq: 1,
    has: 2,
    without: 2,
    compact: 1,
    concat: 2,
    list: 2,
  },
  ...{
    dict: 2,
    get: 2,
    hasKey: 2,
    pick: 2,
    omit: 2,
    merge: 2,
    dig: 3,
    sortAlpha: 1,
    until: 1,
    seq: 2,
  },
  ...{
    add: 2,
    sub: 2,
    mul: 2,
    div: 2,
    mod: 2,
    max: 2,
    min: 2,
    addf: 2,
    mulf: 2,
    floor: 1,
    round: 2,
  },
  ...{ int: 1, int64: 1, float64: 1, atoi: 1, toDecimal: 1, typeOf: 1, kindOf: 1, deepEqual: 2 },
  ...{ b64enc: 1, b64dec: 1, b32enc: 1, sha256sum: 1, snakecase: 1, camelcase: 1, kebabcase: 1 },
  ...{
    swapcase: 1,
    initials: 1,
    nospace: 1,
    untitle: 1,
    abbrev: 2,
    wrap: 2,
    wrapWith: 3,
    plural: 3,
  },
  ...{
    regexMatch: 2,
    regexFindAll: 3,
    regexReplaceAll: 3,
    regexSplit: 3,
    base: 1,
    dir: 1,
    clean: 1,
  },
  ...{ chunk: 2, slice: 3, toStrings: 1, all: 2, any: 2, semverCompare: 2, duration: 1 },
}
const VERBS = [
  '%v',
  '%d',
  '%s',
  '%q',
  '%x',
  '%5v',
  '%-5s|',
  '%05d',
  '%.2f',
  '%+v',
  '%#v',
  '%T',
  '%t',
]

interface Parts {
  expression: string
  body: string
}

const { expression, body } = fc.letrec<Parts>((tie) => {
  const leaf = fc.constantFrom(...FIELDS, ...LITERALS)
  const argument = fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { arbitrary: leaf, weight: 4 },
    { arbitrary: tie('expression').map((inner) => `(${inner})`), weight: 2 },
  )
  const call = fc
    .tuple(
      fc.constantFrom(...Object.keys(FUNCTIONS)),
      fc.array(argument, { minLength: 3, maxLength: 3 }),
      fc.nat(9),
    )
    .map(([name, args, luck]) => {
      const count = FUNCTIONS[name]! + (luck === 0 ? -1 : luck === 1 ? 1 : 0)
      return [name, ...args.slice(0, Math.max(0, Math.min(3, count)))].join(' ')
    })
  const printf = fc
    .tuple(
      fc.array(fc.constantFrom(...VERBS), { maxLength: 3 }),
      fc.array(argument, { maxLength: 3 }),
    )
    .map(([verbs, args]) => `printf "${verbs.join(' ')}" ${args.join(' ')}`.trim())
  const piped = fc
    .tuple(
      argument,
      fc.constantFrom('upper', 'print', 'len', 'quote', 'toJson', 'default "d"', 'not', 'first'),
    )
    .map(([value, name]) => `${value} | ${name}`)
  const block = (keyword: string) =>
    fc.tuple(tie('expression'), tie('body'), fc.option(tie('body'))).map(([of, inner, other]) => {
      const rest = other === null ? '' : `{{else}}${other}`
      return `{{${keyword} ${of}}}${inner}${rest}{{end}}`
    })
  return {
    expression: fc.oneof(
      { depthSize: 'small' },
      { arbitrary: leaf, weight: 2 },
      { arbitrary: call, weight: 6 },
      printf,
      piped,
    ),
    body: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('text ', ' \n', '{{- "t" -}} ', '{{break}}', '{{/* c */}}', '{{$x}}'),
      { arbitrary: tie('expression').map((of) => `{{${of}}}`), weight: 5 },
      tie('expression').map((of) => `{{$x := ${of}}}{{$x}}`),
      block('if'),
      block('with'),
      block('range'),
      fc
        .tuple(tie('expression'), tie('body'))
        .map(([of, inner]) => `{{range $i, $e := ${of}}}{{$i}}{{$e}}${inner}{{end}}`),
      fc.tuple(tie('body'), tie('body')).map((two) => two.join('')),
    ),
  }
})

export const randomTemplate: fc.Arbitrary<string> = fc.oneof(
  body,
  expression.map((of) => `{{${of}}}`),
)
