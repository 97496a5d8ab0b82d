import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemRandom } from '../../base/random.ts'
import { defaultPasswordPolicy, generatePassword, parsePasswordPolicy } from './password-policy.ts'

describe('password policies', () => {
  it.each([
    ['length = 2\nrule "charset" { charset = "abc" }', 'between 4 and 100'],
    ['length = 20', 'no charset specified'],
    ['rule "charset" { charset = "abc" }', 'length is missing'],
    ['length = 20\nrule "charset" { min-chars = 1 }', 'needs its charset'],
    ['length = 20\nrule "words" { charset = "a" }', 'unrecognized rule type'],
    ['length = 5\nrule "charset" { charset = "a" min-chars = 6 }', 'at least 6 characters'],
    ['length = ', 'invalid password policy'],
  ])('refuses %j', (text, words) => {
    expect(() => parsePasswordPolicy(text)).toThrow(words)
  })

  it('gives passwords that keep every rule', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 40 }),
        fc.integer({ min: 0, max: 2 }),
        (length, min) => {
          const policy = parsePasswordPolicy(`length = ${length}
          rule "charset" { charset = "abcdef" min-chars = ${min} }
          rule "charset" { charset = "012é" min-chars = ${min} }`)
          const characters = [...generatePassword(policy, systemRandom)]
          expect(characters).toHaveLength(length)
          expect(characters.filter((one) => 'abcdef'.includes(one)).length).toBeGreaterThanOrEqual(
            min,
          )
          expect(characters.filter((one) => '012é'.includes(one)).length).toBeGreaterThanOrEqual(
            min,
          )
        },
      ),
      { numRuns: 50 },
    )
  })

  it('says so when the rules are too tight to be met by chance', () => {
    const policy = parsePasswordPolicy(`length = 100
      rule "charset" { charset = "a" min-chars = 99 }
      rule "charset" { charset = "bcdefghijklmnopqrstuvwxyz" }`)
    expect(() => generatePassword(policy, systemRandom)).toThrow('loosen')
  })

  it('draws without a visible bias', () => {
    const counts = new Map<string, number>()
    for (let round = 0; round < 500; round++) {
      for (const one of generatePassword(defaultPasswordPolicy, systemRandom)) {
        counts.set(one, (counts.get(one) ?? 0) + 1)
      }
    }
    expect(counts.size).toBe(63)
  })
})
