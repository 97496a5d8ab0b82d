// Connection strings mean what they mean to Go's pgx. The expectations in connection-string-cases.json are its
// own answers (tools/oracles/connection-strings); test/live/connection-strings.test.ts asks it anew.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DEFAULTS, type PgCase, pgAnswer } from '../../../../test/support/pg-string-answer.ts'
import { ConnectionStringFault, parseConnectionString } from './connection-string.ts'
import { serviceSettings } from './machine-defaults.ts'

const cases: readonly PgCase[] = JSON.parse(
  readFileSync(new URL('./connection-string-cases.json', import.meta.url), 'utf8'),
)

describe('a PostgreSQL connection string', () => {
  it('has more than 60 cases', () => expect(cases.length).toBeGreaterThan(60))

  it.each(cases)('$text', ({ text, config, error }) => {
    expect(pgAnswer(text)).toEqual(error ? { error } : { config })
  })

  it('takes from the environment what it leaves out', () => {
    const environment = { PGPORT: '7', PGSSLMODE: 'disable', PGTZ: 'UTC', PGUSER: 'e' }
    const target = parseConnectionString('host=h user=u', { ...DEFAULTS, environment })
    expect(target.attempts).toEqual([{ host: 'h', port: 7, tls: false }])
    expect([target.user, target.runtimeParams]).toEqual(['u', { timezone: 'UTC' }])
  })

  it('takes from its service what it leaves out', () => {
    const file = '# ours\n[other]\nhost=x\n[main]\nhost=h1\n dbname = d \nport=7\n'
    const service = (name: string) => serviceSettings(file, name)
    const target = parseConnectionString('service=main port=8 sslmode=disable', {
      ...DEFAULTS,
      service,
    })
    expect(target.database).toBe('d')
    expect(target.attempts).toEqual([{ host: 'h1', port: 8, tls: false }])
    expect(() => service('none')).toThrow(ConnectionStringFault)
  })

  it('shows no part of a string that it refuses', () => {
    for (const text of [
      'postgres://u:s3cret@h:x/',
      "host=h password='s3cret",
      'postgres://u:s3c{ret@h',
    ]) {
      expect(() => parseConnectionString(text, DEFAULTS)).toThrow(ConnectionStringFault)
      try {
        parseConnectionString(text, DEFAULTS)
      } catch (error) {
        expect((error as Error).message).not.toContain('s3c')
      }
    }
  })
})
