// The table of the simple glob.
import { expect, it } from 'vitest'
import { globMatches } from './glob.ts'

it.each([
  ['a', 'a', true],
  ['a', 'b', false],
  ['', '', true],
  ['', 'a', false],
  ['*', '*', true],
  ['*', 'a', false],
  ['**', 'anything', true],
  ['**', '', true],
  ['prod-*', 'prod-db', true],
  ['prod-*', 'prod-', true],
  ['prod-*', 'dev-prod-', false],
  ['*-db', 'prod-db', true],
  ['*-db', 'prod-db2', false],
  ['*ro*', 'prod', true],
  ['*ro*', 'dev', false],
  ['a*b', 'axb', false],
  ['a*b', 'a*b', true],
  ['?', 'a', false],
])('%j against %j is %s', (pattern, value, matches) => {
  expect(globMatches(pattern, value)).toBe(matches)
})
