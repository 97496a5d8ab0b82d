// Creation statements as ACL rules, as Vault's Redis plugin reads them; passwords that are given back.
import { expect, it } from 'vitest'
import { aclRules, passwordRules } from './redis.ts'

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

it.each([
  [['flags', ['on', 'nopass'], 'passwords', []], ['NOPASS']],
  [
    ['flags', ['on'], 'passwords', ['ab', 'cd'], 'keys', '~*'],
    ['RESETPASS', '#ab', '#cd'],
  ],
  [['flags', ['off'], 'passwords', []], ['RESETPASS']],
])('passwords of %j', (told, rules) => {
  expect(passwordRules(told)).toEqual(rules)
})
