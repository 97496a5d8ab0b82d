// Random arguments for the functions that have a little language of their own: printf, expressions, layouts of times,
// versions, URLs, JSON, and words. Each alphabet holds the pieces that such a language is made of.
import fc from 'fast-check'

const texts = (pieces: readonly string[], maxLength: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...pieces), { maxLength }).map((parts) => parts.join(''))

interface TextCase {
  readonly template: string
  readonly data: unknown
}

const each = (
  templates: readonly string[],
  data: fc.Arbitrary<Record<string, unknown>>,
): fc.Arbitrary<TextCase> => fc.record({ template: fc.constantFrom(...templates), data })

const EXPRESSION = (
  'a b c . * + ? ( ) | [ab] [^a] \\b ^ $ (?: (?i) \\w \\d {2} {1,3} ?? *? \\pL é (?P<n> (?s) (?m) ' +
  '[a- ] \\x41 \\Q \\E [[:alpha:]] { } ,'
).split(' ')
const expressions = each(
  [
    '{{regexFindAll .r .s -1 | toJson}}',
    '{{regexReplaceAll .r .s "<$1|$n|$0>"}}',
    '{{regexSplit .r .s -1 | toJson}}',
  ],
  fc.record({
    r: texts(EXPRESSION, 8),
    s: texts(['a', 'b', 'c', 'A', 'é', ' ', '\n', '1', '_'], 10),
  }),
)

const WORDS = [
  'a',
  'B',
  'Cd',
  'é',
  'É',
  '_',
  '-',
  ' ',
  '1',
  '23',
  '.',
  '!',
  'ABC',
  '\t',
  '✓',
  "'",
  '٣',
  'ǆ',
]
const FUNCTIONS =
  'snakecase kebabcase camelcase title untitle swapcase initials nospace upper lower trim quote js html urlquery toJson b64dec b32dec clean dir base ext semver'
    .split(' ')
    .concat('abbrev 6', 'abbrevboth 2 9', 'abbrevboth 6 9', 'wrap 4', 'wrapWith 4 "|"', 'indent 2')
    .concat('trunc 4', 'trunc -4', 'substr 1 3', 'splitList ""')
const words = each(
  FUNCTIONS.map((name) => `{{${name} .s}}`),
  fc.record({ s: texts(WORDS, 9) }),
)

const VALUES =
  '1 -42 255 1.5 -0.001 1e21 123456789.5 "ab" "é✓" true nil .list .dict 100000.0 \'x\' 0.0 1e-7 2.5 3i 0'.split(
    ' ',
  )
const formats = fc
  .tuple(
    texts(['#', '0', '+', '-', ' ', '5', '.', '3', '12', '*', '[1]', '[2]'], 5),
    fc.constantFrom(...'vdsqxXtTgGeEfFbcoOU%w'),
    fc.array(fc.constantFrom(...VALUES), { minLength: 1, maxLength: 3 }),
  )
  .map(([flags, verb, values]) => ({
    template: `{{printf "%${flags}${verb}" ${values.join(' ')}}}`,
    data: { list: [1, 'a', null, true], dict: { a: 1, b: ['x'] } },
  }))

const part = fc.oneof(
  { arbitrary: fc.nat(3).map(String), weight: 8 },
  fc.constantFrom('x', '*', 'X'),
)
const version = fc
  .tuple(
    fc.constantFrom('', '', '', 'v'),
    fc.array(part, { minLength: 1, maxLength: 3 }),
    fc.constantFrom('', '', '', '-alpha', '-beta.2', '-1', '-rc.10', '-01', '+m'),
  )
  .map(([prefix, parts, tail]) => prefix + parts.join('.') + tail)
const constraint = fc
  .tuple(
    fc.array(
      fc
        .tuple(
          fc.constantFrom(...'= != > < >= <= ~ ^ => =< ~>'.split(' '), ''),
          fc.constantFrom('', '', ' '),
          version,
        )
        .map((parts) => parts.join('')),
      { minLength: 1, maxLength: 3 },
    ),
    fc.constantFrom(' ', ', ', ' || ', ',', ' - ', '||'),
  )
  .map(([parts, between]) => parts.join(between))
const versions = each(['{{semverCompare .c .v}}'], fc.record({ c: constraint, v: version }))

const LAYOUT = (
  '2006 06 01 1 Jan January 02 2 _2 15 03 3 04 4 05 5 PM pm MST -0700 -07:00 Z07:00 .000 .999 Mon ' +
  'Monday 002 - : T x'
)
  .split(' ')
  .concat(' ')
const times = each(
  [
    '{{date .l (int64 .t)}}',
    '{{$d := date .l (int64 .t)}}{{toDate .l $d}} {{mustToDate .l $d}}',
    '{{dateInZone .l (int64 .t) "America/New_York"}}',
  ],
  fc.record({ l: texts(LAYOUT, 8), t: fc.nat(2_000_000_000) }),
)

const URL_PIECES = 'http https : / / // a b.c @ ? # %41 % [ ] ::1 80 é & = + ~ *'
  .split(' ')
  .concat(' ')
const urls = each(
  ['{{urlParse .s | toJson}}', '{{urlParse .s | urlJoin}}'],
  fc
    .tuple(fc.constantFrom('', 'http://'), texts(URL_PIECES, 8))
    .map(([scheme, rest]) => ({ s: scheme + rest })),
)

const JSON_PIECES = '{ } [ ] , : "a" 1 - 1.5 e3 true null " \\ u0041 x 0 "\\n"'
  .split(' ')
  .concat(' ')
const jsons = each(['{{mustFromJson .s | toJson}}'], fc.record({ s: texts(JSON_PIECES, 8) }))

export const randomTextCase: fc.Arbitrary<TextCase> = fc.oneof(
  expressions,
  words,
  formats,
  versions,
  times,
  urls,
  jsons,
)
