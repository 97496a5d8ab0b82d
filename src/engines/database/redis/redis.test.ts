// Creation statements as ACL rules, as Vault's Redis plugin reads them.
import { expect, it } from 'vitest'
import { aclRules } from './redis.ts'

it.each([
  [[], ['~*', '+@read']],
  [
    [' ', ''],
    ['~*', '+@read'],
  ],
  [['["~a:*", "+get"]'], ['~a:*', '+get']],
  [['["+get"]', 'ignored'], ['+get']],
  [
    ['~a:*', ' +get '],
    ['~a:*', '+get'],
  ],
  [['+@admin'], ['+@admin']],
  [['[1]'], ['[1]']],
  [['[]'], []],
])('%j', (statements, rules) => {
  expect(aclRules(statements)).toEqual(rules)
})
