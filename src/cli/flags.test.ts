// Go's flag rules, by example and for any arguments.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { environment } from './environment.ts'
import {
  booleanFlag,
  durationFlag,
  integerFlag,
  listFlag,
  mapFlag,
  optionalBooleanFlag,
  parseFlags,
  stringFlag,
  trailingFlagWarning,
} from './flags.ts'

const flags = {
  field: stringFlag('', { env: 'FIELD' }),
  force: booleanFlag('', { aliases: ['f'] }),
  count: integerFlag('', { initial: -1, aliases: ['n'] }),
  ttl: durationFlag(''),
  policy: listFlag(''),
  meta: mapFlag(''),
  cas: optionalBooleanFlag(''),
}
const empty = environment('vault', {})
const parse = (...argv: string[]) => parseFlags(flags, argv, empty)

describe('parseFlags', () => {
  it('takes one dash and two, a value after = and as the next argument', () => {
    expect(parse('-field=a', 'x').values.field).toBe('a')
    expect(parse('--field', 'a', 'x').values.field).toBe('a')
    expect(parse('-field=a=b').values.field).toBe('a=b')
    expect(parse('-field=', 'x').args).toEqual(['x'])
  })

  it('gives a boolean a value only after =', () => {
    expect(parse('-force', 'false')).toMatchObject({ values: { force: true }, args: ['false'] })
    expect(parse('-f=false').values.force).toBe(false)
    expect(parse('-force=T').values.force).toBe(true)
    expect(parse('-cas=false').values.cas).toBe(false)
    expect(parse().values.cas).toBeNull()
  })

  it('ends at the first argument, at "-" and after "--"', () => {
    expect(parse('x', '-force').args).toEqual(['x', '-force'])
    expect(parse('-', '-force').args).toEqual(['-', '-force'])
    expect(parse('-force', '--', '-field').args).toEqual(['-field'])
  })

  it('collects what is repeated and lets the last of the others count', () => {
    expect(parse('-policy=a', '-policy', 'b').values.policy).toEqual(['a', 'b'])
    expect([...parse('-meta=a=1', '-meta=b=2=3').values.meta]).toEqual([
      ['a', '1'],
      ['b', '2=3'],
    ])
    expect(parse('-n=1', '-count=2').values.count).toBe(2)
  })

  it('knows what was given, by name and not by alias', () => {
    expect([...parse('-f', '-n', '3').given]).toEqual(['force', 'count'])
  })

  it('reads durations as Go does, and plain seconds', () => {
    expect(parse('-ttl=90').values.ttl).toBe(90e9)
    expect(parse('-ttl=1h30m').values.ttl).toBe(5400e9)
    expect(parse('-ttl=system').values.ttl).toBe(-1e9)
    expect(parse('-ttl=1d').values.ttl).toBe(86400e9)
  })

  it('says what is wrong in the words of Go', () => {
    expect(parse('-nope').error).toBe('flag provided but not defined: -nope')
    expect(parse('-field').error).toBe('flag needs an argument: -field')
    expect(parse('-=x').error).toBe('bad flag syntax: -=x')
    expect(parse('---x').error).toBe('bad flag syntax: ---x')
    expect(parse('-count=x').error).toContain('invalid value "x" for flag -count')
    expect(parse('-force=x').error).toContain('invalid boolean value "x" for -force')
    expect(parse('-meta=x').error).toContain('missing = in KV pair')
    expect(parse('-__proto__=x').error).toBe('flag provided but not defined: -__proto__')
  })

  it('takes a value from the environment, which a flag replaces', () => {
    const env = environment('vault', { VAULT_FIELD: 'v', BAO_FIELD: 'b' })
    expect(parseFlags(flags, [], env).values.field).toBe('v')
    expect(parseFlags(flags, ['-field=x'], env).values.field).toBe('x')
    expect(parseFlags(flags, [], env).given.size).toBe(0)
  })

  it('never throws and never loses an argument that is no flag', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (argv) => {
        const { args, error } = parse(...argv)
        expect(argv.slice(argv.length - args.length)).toEqual(args)
        if (error === null && argv.length > 0 && !argv[0]!.startsWith('-')) {
          expect(args).toEqual(argv)
        }
      }),
    )
  })
})

describe('environment', () => {
  it('lets the prefix of the name it was called by come first', () => {
    const variables = { VAULT_ADDR: 'v', BAO_ADDR: 'b', STRONGROOM_ADDR: 's' }
    expect(environment('vault', variables).read('ADDR')).toBe('v')
    expect(environment('bao', variables).read('ADDR')).toBe('b')
    expect(environment('strongroom', variables).read('ADDR')).toBe('s')
    expect(environment('strongroom', { BAO_ADDR: 'b', VAULT_ADDR: '' }).read('ADDR')).toBe('b')
  })
})

describe('trailingFlagWarning', () => {
  it('leaves out "-" and the flags that count anywhere', () => {
    expect(trailingFlagWarning(['x', '-', '-format=json', '-detailed'])).toBe('')
    expect(trailingFlagWarning(['x', '-field=a'])).toContain('-field=a')
  })
})
