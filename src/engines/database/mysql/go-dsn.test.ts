// DSNs of MySQL mean what they mean to Go's driver. The expectations in go-dsn-cases.json are its own
// answers (tools/oracles/connection-strings); test/live/connection-strings.test.ts asks it anew.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type DsnCase, dsnAnswer } from '../../../../test/support/go-dsn-answer.ts'
import { type GoDsn, parseGoDsn, splitHostPort } from './go-dsn.ts'

const cases: readonly DsnCase[] = JSON.parse(
  readFileSync(new URL('./go-dsn-cases.json', import.meta.url), 'utf8'),
)

/** What the cases leave out because most have it. */
const usual = dsnAnswer('x@/').config!

describe('a Go MySQL DSN', () => {
  it('has more than 60 cases', () => expect(cases.length).toBeGreaterThan(60))

  it.each(cases)('$dsn', ({ dsn, config, error }) => {
    expect(dsnAnswer(dsn)).toEqual(config ? { config: { ...usual, ...config } } : { error })
  })

  it('splits hosts and ports as Go does', () => {
    expect(splitHostPort('db:3306')).toEqual({ host: 'db', port: '3306' })
    expect(splitHostPort('[::1]:3306')).toEqual({ host: '::1', port: '3306' })
    for (const bad of ['db', '::1', '[::1]', '[::1', 'a:b:c', '[a]b:1', 'a]:1', '[[a]:1']) {
      expect(splitHostPort(bad)).toBeNull()
    }
  })

  it('keeps parameters with names of Object', () => {
    const dsn: GoDsn = parseGoDsn('v@tcp(db:1)/d?__proto__=1&constructor=2')
    expect(Object.keys(dsn.params)).toEqual(['__proto__', 'constructor'])
  })
})
