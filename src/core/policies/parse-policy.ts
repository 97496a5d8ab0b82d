// A policy's text (HCL or JSON) to rules. What is not understood is refused with its place, never
// skipped: a misspelt key or capability must not turn into another policy than the one that was meant.

import { badRequest } from '../../base/errors.ts'
import { HclError, type HclItem, type HclObject, type HclValue, parseHcl } from '../../base/hcl.ts'
import {
  type HclBlock,
  readBlocks,
  readInteger,
  readList,
  readObject,
  readSeconds,
  readText,
  readTexts,
  refuseUnknown,
  toJson,
  uniqueItems,
} from '../../base/hcl-values.ts'
import type { Json } from '../../base/json.ts'
import { didYouMean } from '../../base/nearest.ts'
import { parseTemplate, type Template } from './identity-template.ts'
import { listFilterFault } from './list-filter.ts'
import { parseControlGroup } from './parse-control-group.ts'
import { CAPABILITY_BITS, type Capability, type Policy, type PolicyRule } from './policy.ts'

const RULE_KEYS = [
  'comment',
  'policy',
  'capabilities',
  'allowed_parameters',
  'denied_parameters',
  'required_parameters',
  'min_wrapping_ttl',
  'max_wrapping_ttl',
  'mfa_methods',
  'control_group',
  'pagination_limit',
  'expiration',
  'list_scan_response_keys_filter_path',
  'subscribe_event_types',
] as const

/** The words of Vault before 0.5, still in use: `policy = "read"`. */
const OLD_POLICIES: Readonly<Record<string, readonly Capability[]>> = {
  deny: ['deny'],
  list: ['list'],
  read: ['read', 'list'],
  write: ['create', 'read', 'update', 'delete', 'list'],
  sudo: ['create', 'read', 'update', 'delete', 'list', 'sudo'],
}

/** Parses a policy. Throws 400 "failed to parse policy: At line:column: …". */
export function parsePolicy(name: string, text: string): Policy {
  try {
    const { items } = parseHcl(text)
    refuseUnknown(items, ['name', 'path'])
    const rules = readBlocks(items, 'path', 1).map(parseRule)
    return { name, rules, templated: rules.some((rule) => rule.template !== null) }
  } catch (fault) {
    if (fault instanceof HclError) throw badRequest(`failed to parse policy: ${fault.message}`)
    throw fault
  }
}

function parseRule(block: HclBlock): PolicyRule {
  const { labels, body, at } = block
  const written = labels[0]
  if (written === undefined || labels.length > 1) {
    throw new HclError(
      at,
      'expected one path in quotes after "path", such as path "secret/*" { … }',
    )
  }
  const inPath = <T>(read: () => T): T => {
    try {
      return read()
    } catch (fault) {
      if (!(fault instanceof HclError)) throw fault
      throw new HclError(fault, `path ${JSON.stringify(written)}: ${fault.reason}`)
    }
  }
  return inPath(() => {
    const path = written.startsWith('/') ? written.slice(1) : written
    if (path.includes('+*')) {
      throw new HclError(at, "invalid use of wildcards ('+*' is forbidden)")
    }
    refuseUnknown(body.items, RULE_KEYS)
    return { path, template: readTemplate(path, block), line: at.line, ...readRule(body) }
  })
}

function readTemplate(path: string, { at }: HclBlock): Template | null {
  try {
    return parseTemplate(path)
  } catch (fault) {
    const reason = fault instanceof Error ? fault.message : ''
    throw new HclError(at, `failed to validate policy templating: ${reason}`)
  }
}

function readRule(body: HclObject): Omit<PolicyRule, 'path' | 'template' | 'line'> {
  const items = uniqueItems(body.items, '')
  const read = <T>(
    name: (typeof RULE_KEYS)[number],
    as: (value: HclValue, name: string) => T,
    or: T,
  ): T => {
    const item = items.get(name)
    return item ? as(item.value, name) : or
  }
  const capabilities = readCapabilities(items)
  const min = read('min_wrapping_ttl', readSeconds, 0)
  const max = read('max_wrapping_ttl', readSeconds, 0)
  if (min > 0 && max > 0 && max < min) {
    const { at } = items.get('max_wrapping_ttl')!
    throw new HclError(at, 'max_wrapping_ttl cannot be less than min_wrapping_ttl')
  }
  const listFilter = read('list_scan_response_keys_filter_path', readListFilter, '')
  if (listFilter !== '' && (capabilities & (CAPABILITY_BITS.list | CAPABILITY_BITS.deny)) === 0) {
    const { at } = items.get('list_scan_response_keys_filter_path')!
    const reason =
      'list_scan_response_keys_filter_path needs to be used on a path with the list capability'
    throw new HclError(at, reason)
  }
  read('comment', readText, '')
  return {
    capabilities,
    listFilter,
    minWrappingTtlSeconds: min,
    maxWrappingTtlSeconds: max,
    allowedParameters: read('allowed_parameters', readParameters, null),
    deniedParameters: read('denied_parameters', readParameters, null),
    requiredParameters: read('required_parameters', readTexts, []),
    paginationLimit: read('pagination_limit', readInteger, 0),
    mfaMethods: read('mfa_methods', readTexts, []),
    controlGroup: read('control_group', parseControlGroup, null),
    subscribeEventTypes: read('subscribe_event_types', readTexts, []),
    expiresAtMs: read('expiration', readExpiration, null),
  }
}

function readCapabilities(items: ReadonlyMap<string, HclItem>): number {
  let bits = 0
  const old = items.get('policy')
  if (old) {
    const word = readText(old.value, 'policy')
    const names = Object.hasOwn(OLD_POLICIES, word) ? OLD_POLICIES[word]! : null
    if (!names) {
      const known = Object.keys(OLD_POLICIES)
      throw new HclError(
        old.value.at,
        `invalid policy ${JSON.stringify(word)}: expected ${oneOf(known)}`,
      )
    }
    for (const name of names) bits |= CAPABILITY_BITS[name]
  }
  const list = items.get('capabilities')
  for (const value of list ? readList(list.value, 'capabilities') : []) {
    const name = readText(value, 'capabilities')
    if (!Object.hasOwn(CAPABILITY_BITS, name)) {
      const known = Object.keys(CAPABILITY_BITS)
      const hint = didYouMean(name, known) || `: expected ${oneOf(known)}`
      throw new HclError(value.at, `invalid capability ${JSON.stringify(name)}${hint}`)
    }
    bits |= CAPABILITY_BITS[name as Capability]
  }
  return (bits & CAPABILITY_BITS.deny) !== 0 ? CAPABILITY_BITS.deny : bits
}

function oneOf(names: readonly string[]): string {
  return `one of ${names.join(', ')}`
}

/** Names in any case count as one; an object without members is no rule, as in Vault. */
function readParameters(value: HclValue, name: string): Map<string, readonly Json[]> | null {
  const { items } = readObject(value, name)
  if (items.length === 0) return null
  const rules = new Map<string, readonly Json[]>()
  for (const [key, item] of uniqueItems(items, name)) {
    const folded = key.toLowerCase()
    if (rules.has(folded)) {
      throw new HclError(
        item.at,
        `"${key}" in "${name}" differs from another name only by its case`,
      )
    }
    rules.set(folded, readList(item.value, key).map(toJson))
  }
  return rules
}

function readListFilter(value: HclValue, name: string): string {
  const text = readText(value, name)
  // Without the key, every entry of a list would be measured by one and the same path.
  if (!/\{\{[^}]*\.key\b[^}]*\}\}/.test(text)) {
    throw new HclError(
      value.at,
      `"${name}" takes a template that uses .key, such as "{{ .path }}{{ .key }}"`,
    )
  }
  const fault = listFilterFault(text)
  if (fault) throw new HclError(value.at, `"${name}": ${fault}`)
  return text
}

function readExpiration(value: HclValue, name: string): number {
  const time = parseExpiration(readText(value, name))
  if (time === null) {
    throw new HclError(
      value.at,
      'invalid expiration time: expected a time such as "2030-01-31T12:00:00Z"',
    )
  }
  return time
}

/** Milliseconds since the Unix epoch of RFC 3339 text or Unix seconds; null where it is neither. */
export function parseExpiration(text: string): number | null {
  if (/^-?\d{1,12}$/.test(text)) return Number(text) * 1000
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)) return null
  const time = Date.parse(text)
  return Number.isNaN(time) ? null : time
}
