// What V8 would do otherwise than RE2, or never finish. The bulk is compared with Go in test/live/gitleaks-findings.test.ts.
import { describe, expect, it } from 'vitest'
import { toByteString } from '../../template/byte-strings.ts'
import { alphabetOfText, ByteRegexp } from './byte-regexp.ts'

const matches = (expression: string, text: string): string[] => {
  const bytes = toByteString(text)
  return new ByteRegexp(expression)
    .findAll(bytes, alphabetOfText(bytes))
    .map(({ start, end }) => bytes.slice(start, end))
}

describe('ByteRegexp', () => {
  it('counts runes, not bytes', () => {
    expect(matches('^.{3}$', 'äöü')).toHaveLength(1)
    expect(matches('[^a]', 'aé')).toEqual([toByteString('é')])
    expect(matches('(?i)É', 'é')).toHaveLength(1)
  })

  it('folds as Unicode does, and only where the flag says so', () => {
    expect(matches('(?i:k)ey', '\u212aey Key key')).toHaveLength(3)
    expect(matches('k(?i)EY', 'key Key')).toEqual(['key'])
  })

  it('reads bytes that are no UTF-8 one by one', () => {
    const regexp = new ByteRegexp('a.b')
    expect(regexp.test('a\xffb')).toBe(true)
    expect(regexp.test('a\xc3\xa9b')).toBe(true)
    expect(regexp.test('a\xc3\x28b')).toBe(false)
  })

  it('knows groups that an earlier turn of a loop set', () => {
    expect(new ByteRegexp('(?:(a)|b)+').groupsOf('ab')).toEqual(['ab', 'a'])
  })

  it.each(['(a+)+b', '(?:a|a)*b', '(?:\\w*)*=', '\\w*\\w*\\w*\\w*x=', '(.*)(.*)(.*)(.*)(.*)!'])(
    '%s ends on a text made to stall it',
    (expression) => {
      const regexp = new ByteRegexp(expression)
      expect(regexp.isNative).toBe(false)
      expect(regexp.findAll('a'.repeat(20_000), 'ascii')).toEqual([])
    },
    20_000,
  )

  it.each([
    ['a(b', 'error parsing regexp: missing closing ): `a(b`'],
    ['(?=a)', 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
    ['a{1001}', 'error parsing regexp: invalid repeat count: `{1001}`'],
    ['(?:(?:a{100}){100}){10}', 'error parsing regexp: invalid repeat count: `{100}`'],
  ])('%s is refused in words', (expression, message) => {
    expect(() => new ByteRegexp(expression)).toThrow(message)
  })
})
