// Password policies: a length and rules of characters. Source: Vault's concept page "Password policies".
// Characters are drawn without bias; a draw that breaks a rule is thrown away whole, so that no position
// is more likely to hold a required character than another.
import { badRequest } from '../../base/errors.ts'
import { type HclItem, parseHcl } from '../../base/hcl.ts'
import {
  readBlocks,
  readInteger,
  readText,
  refuseUnknown,
  uniqueItems,
} from '../../base/hcl-values.ts'
import type { Random } from '../../base/random.ts'

export interface CharsetRule {
  readonly charset: readonly string[]
  readonly minChars: number
}

export interface PasswordPolicy {
  readonly length: number
  readonly rules: readonly CharsetRule[]
  /** All characters of all rules, each once. */
  readonly alphabet: readonly string[]
}

export const MIN_PASSWORD_LENGTH = 4
export const MAX_PASSWORD_LENGTH = 100
/** Draws before a policy counts as impossible in practice. */
const MAX_DRAWS = 10_000

/** Throws 400 in words. */
export function parsePasswordPolicy(text: string): PasswordPolicy {
  try {
    return fromItems(parseHcl(text).items)
  } catch (error) {
    if (error instanceof Error && error.name === 'ApiError') throw error
    throw badRequest(
      `invalid password policy: ${error instanceof Error ? error.message : 'unreadable'}`,
    )
  }
}

function fromItems(items: readonly HclItem[]): PasswordPolicy {
  refuseUnknown(items, ['length', 'rule'])
  const others = items.filter((item) => item.keys[0]?.text !== 'rule')
  const length = readInteger(
    uniqueItems(others, 'password policy').get('length')?.value ?? missingLength(),
    'length',
  )
  if (length < MIN_PASSWORD_LENGTH || length > MAX_PASSWORD_LENGTH) {
    throw badRequest(
      `passwords must be between ${MIN_PASSWORD_LENGTH} and ${MAX_PASSWORD_LENGTH} characters`,
    )
  }
  const rules = readBlocks(items, 'rule', 1).map(({ labels, body: { items: body } }) => {
    if (labels[0] !== 'charset') throw badRequest(`unrecognized rule type "${labels[0]}"`)
    refuseUnknown(body, ['charset', 'min-chars'])
    const named = uniqueItems(body, 'rule "charset"')
    const charset = [
      ...new Set(readText(named.get('charset')?.value ?? missingCharset(), 'charset')),
    ]
    if (charset.length === 0) throw badRequest('a charset cannot be empty')
    const min = named.get('min-chars')
    return { charset, minChars: min ? readInteger(min.value, 'min-chars') : 0 }
  })
  if (rules.length === 0) throw badRequest('invalid password policy: no charset specified')
  const needed = rules.reduce((sum, rule) => sum + rule.minChars, 0)
  if (needed > length) {
    throw badRequest(
      `specified rules require at least ${needed} characters but length is ${length}`,
    )
  }
  return { length, rules, alphabet: [...new Set(rules.flatMap((rule) => rule.charset))] }
}

const missingLength = (): never => {
  throw badRequest('invalid password policy: length is missing')
}
const missingCharset = (): never => {
  throw badRequest('invalid password policy: a charset rule needs its charset')
}

/** Throws 400 when the rules are so tight that no password was found. */
export function generatePassword(policy: PasswordPolicy, random: Random): string {
  for (let draws = 0; draws < MAX_DRAWS; draws++) {
    const characters = draw(policy.alphabet, policy.length, random)
    if (policy.rules.every((rule) => satisfies(characters, rule))) return characters.join('')
  }
  throw badRequest('no password that satisfies the policy was found; loosen its rules')
}

function satisfies(characters: readonly string[], rule: CharsetRule): boolean {
  return characters.filter((one) => rule.charset.includes(one)).length >= rule.minChars
}

function draw(alphabet: readonly string[], count: number, random: Random): string[] {
  const characters: string[] = []
  // Two bytes each; what lies beyond the largest multiple of the alphabet's size would add a bias.
  const limit = 65_536 - (65_536 % alphabet.length)
  while (characters.length < count) {
    const bytes = random.bytes(2 * count)
    for (let at = 0; at < bytes.length && characters.length < count; at += 2) {
      const value = bytes.readUInt16BE(at)
      if (value < limit) characters.push(alphabet[value % alphabet.length]!)
    }
  }
  return characters
}

/** For engines without a policy: 20 characters with a lower, an upper, a digit and a dash. */
export const defaultPasswordPolicy: PasswordPolicy = parsePasswordPolicy(`
length = 20
rule "charset" {
  charset = "abcdefghijklmnopqrstuvwxyz"
  min-chars = 1
}
rule "charset" {
  charset = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
  min-chars = 1
}
rule "charset" {
  charset = "0123456789"
  min-chars = 1
}
rule "charset" {
  charset = "-"
  min-chars = 1
}`)
