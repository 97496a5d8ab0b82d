// Every built-in expression is one that the matcher runs: RE2's syntax, its limits included.
import { describe, expect, it } from 'vitest'
import { ByteRegexp } from '../match/byte-regexp.ts'
import { READER_RULES } from '../readers/reader-rules.ts'
import { defaultConfig } from './default-config.ts'

describe('the built-in rules', () => {
  const config = defaultConfig()
  const rules = [...config.rules.values()]
  it.each(rules.map((rule) => [rule.id, rule] as const))(
    '%s has expressions that compile',
    (_, rule) => {
      const lists = rule.allowlists.flatMap(({ regexes, paths }) => [...regexes, ...paths])
      for (const text of [rule.regex, rule.path, ...lists]) if (text !== null) new ByteRegexp(text)
      const isReader = READER_RULES.has(rule.id)
      expect(rule.regex !== null || rule.path !== null || isReader).toBe(true)
    },
  )

  it('and so have the allowlists over all rules', () => {
    for (const { regexes, paths } of config.allowlists)
      for (const text of [...regexes, ...paths]) expect(() => new ByteRegexp(text)).not.toThrow()
  })
})
