// Flags as pflag reads and prints them.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  boolFlag,
  countFlag,
  durationFlag,
  intFlag,
  PFlagError,
  parsePFlags,
  pflagUsages,
  stringArrayFlag,
  stringFlag,
  stringsFlag,
  uintFlag,
} from './pflag.ts'

const FLAGS = {
  all: boolFlag('everything', { shorthand: 'a' }),
  bare: boolFlag('nothing', { shorthand: 'b' }),
  config: stringFlag('a `file` to read', '', { shorthand: 'c' }),
  level: stringFlag('how loud', 'info'),
  count: intFlag('how many', 3, { shorthand: 'n' }),
  redact: uintFlag('percent', 0, { noOptionValue: '100' }),
  only: stringsFlag('names'),
  header: stringArrayFlag('a header', { shorthand: 'H' }),
  verbose: countFlag('louder', { shorthand: 'v' }),
  wait: durationFlag('how long', 60_000, '1m0s'),
  old: boolFlag('gone', { deprecated: 'use --all' }),
  secret: boolFlag('not shown', { isHidden: true }),
}
const parse = (...argv: string[]) => parsePFlags(FLAGS, argv)
const failure = (...argv: string[]): string => {
  try {
    parse(...argv)
  } catch (error) {
    if (error instanceof PFlagError) return error.message
    throw error
  }
  return ''
}

describe('parsePFlags', () => {
  it('reads every form of a flag', () => {
    expect(parse('-abc', 'x', 'p', '--count=0x10', '-n', '4').values).toMatchObject({
      all: true,
      bare: true,
      config: 'x',
      count: 4,
    })
    expect(parse('-cx').values.config).toBe('x')
    expect(parse('-c=x').values.config).toBe('x')
    expect(parse('--config=').values.config).toBe('')
    expect(parse('--all=false').values.all).toBe(false)
    expect(parse('-a=0').values.all).toBe(false)
    expect(parse('--redact', '20')).toMatchObject({ values: { redact: 100 }, args: ['20'] })
    expect(parse('--redact=20').values.redact).toBe(20)
    expect(parse('-vvv', '-v').values.verbose).toBe(4)
    expect(parse('--verbose=7').values.verbose).toBe(7)
    expect(parse('--wait', '1.5s').values.wait).toBe(1500)
    expect(parse('--only=a,b', '--only', '"c,d"').values.only).toEqual(['a', 'b', 'c,d'])
    expect(parse('-H', 'a: b,c', '-Hd').values.header).toEqual(['a: b,c', 'd'])
    expect([...parse('-a', '--count', '1').changed]).toEqual(['all', 'count'])
  })

  it('knows where arguments begin', () => {
    expect(parse('x', '-a', 'y', '--', '-b')).toMatchObject({
      args: ['x', 'y', '-b'],
      argsAtDash: 2,
    })
    expect(parsePFlags(FLAGS, ['x', '-a'], { isInterspersed: false }).args).toEqual(['x', '-a'])
    expect(parse('-').args).toEqual(['-'])
    expect(parse('').args).toEqual([''])
  })

  it('says what is wrong as pflag does', () => {
    expect(failure('--nope=1')).toBe('unknown flag: --nope')
    expect(failure('--constructor')).toBe('unknown flag: --constructor')
    expect(failure('-aZb')).toBe("unknown shorthand flag: 'Z' in -Zb")
    expect(failure('--config')).toBe('flag needs an argument: --config')
    expect(failure('-ac')).toBe("flag needs an argument: 'c' in -c")
    expect(failure('---x')).toBe('bad flag syntax: ---x')
    expect(failure('--=x')).toBe('bad flag syntax: --=x')
    expect(failure('--count=x')).toBe(
      'invalid argument "x" for "-n, --count" flag: strconv.ParseInt: parsing "x": invalid syntax',
    )
    expect(failure('--redact=-1')).toMatch(/strconv.ParseUint: parsing "-1": invalid syntax$/)
    expect(failure('--all=maybe')).toMatch(/strconv.ParseBool: parsing "maybe": invalid syntax$/)
    expect(failure('--wait=5')).toMatch(/time: missing unit in duration "5"$/)
    expect(failure('--wait=x')).toMatch(/time: invalid duration "x"$/)
    expect(failure('--only=a"b')).toMatch(/column 2: bare " in non-quoted-field$/)
    expect(failure('--help')).toBe('pflag: help requested')
    expect(parse('--old').notices).toEqual(['Flag --old has been deprecated, use --all'])
  })
})

describe('any line', () => {
  it('is taken or refused in words', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '-',
        '--',
        '=',
        'a',
        'n',
        'v',
        'H',
        'all',
        'count',
        'only',
        '0x',
        '1',
        '"',
        ',',
      ),
      fc.string({ maxLength: 3 }),
    )
    const word = fc.array(piece, { maxLength: 5 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
        try {
          expect(parse(...argv).args.length).toBeLessThanOrEqual(argv.length)
        } catch (error) {
          expect(error).toBeInstanceOf(PFlagError)
        }
      }),
      { numRuns: 3000 },
    )
  })
})

describe('pflagUsages', () => {
  it('lines up flags with their types and defaults', () => {
    expect(pflagUsages(FLAGS)).toBe(
      [
        '  -a, --all                  everything',
        '  -b, --bare                 nothing',
        '  -c, --config file          a file to read',
        '  -n, --count int            how many (default 3)',
        '  -H, --header stringArray   a header',
        '      --level string         how loud (default "info")',
        '      --only strings         names',
        '      --redact uint[=100]    percent',
        '  -v, --verbose count        louder',
        '      --wait duration        how long (default 1m0s)',
        '',
      ].join('\n'),
    )
  })
})
