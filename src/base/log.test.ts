// An error in a plain line always says something.
import { describe, expect, it } from 'vitest'
import { Logs } from './log.ts'

const logged = (err: unknown): string => {
  let text = ''
  const logs = new Logs({
    level: 'info',
    format: 'standard',
    sink: { write: (line) => void (text += line) },
  })
  logs.of('').warn('it failed', { err })
  return text.slice(text.indexOf('it failed')).trim()
}

describe('an error in a log line', () => {
  it.each([
    [new Error('gone'), 'gone'],
    [new (class KeyAbsent extends Error {})(), 'KeyAbsent'],
    [
      new AggregateError([new Error('refused ::1'), new Error('refused')], ''),
      'refused ::1; refused',
    ],
    [Object.assign(new Error(''), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
  ])('%o', (error, words) => {
    expect(logged(error)).toContain(`error=${JSON.stringify(words)}`)
  })
})
