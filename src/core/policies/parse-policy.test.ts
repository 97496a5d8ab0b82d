// Policy texts in every notation, and the exact words and places of what is refused.
import { describe, expect, it } from 'vitest'
import { ApiError } from '../../base/errors.ts'
import { RawNumber } from '../../base/json.ts'
import { DEFAULT_POLICY_TEXT, RESPONSE_WRAPPING_POLICY } from './builtin-policies.ts'
import { parseExpiration, parsePolicy } from './parse-policy.ts'
import { capabilityNames, type PolicyRule } from './policy.ts'

const rules = (text: string): readonly PolicyRule[] => parsePolicy('p', text).rules
const first = (text: string): PolicyRule => rules(text)[0]!
const summary = (text: string): [string, string[]][] =>
  rules(text).map((rule) => [rule.path, capabilityNames(rule.capabilities)])

function faultOf(text: string): string {
  try {
    parsePolicy('p', text)
  } catch (fault) {
    expect(fault).toBeInstanceOf(ApiError)
    expect((fault as ApiError).status).toBe(400)
    return (fault as ApiError).message
  }
  return 'parsed'
}

describe('notations', () => {
  it.each([
    ['HCL', 'path "secret/*" {\n  capabilities = ["read", "list"]\n}'],
    ['one line', 'path "secret/*" { capabilities = ["read", "list"] }'],
    ['assigned block', 'path "secret/*" { "capabilities" = ["read", "list",] }'],
    ['leading slash', 'path "/secret/*" { capabilities = ["list", "read", "read"] }'],
    [
      'comments',
      '# a\n// b\n/* c */ path "secret/*" { # d\n capabilities = ["read", /* e */ "list"] }',
    ],
    ['Windows lines', 'path "secret/*" {\r\n  capabilities = ["read", "list"]\r\n}\r\n'],
    ['old word', 'path "secret/*" { policy = "read" }'],
    ['JSON', '{"path": {"secret/*": {"capabilities": ["read", "list"]}}}'],
    ['JSON list', '{"path": [{"secret/*": {"capabilities": ["read", "list"]}}]}'],
    ['JSON, list inside', '{"path": {"secret/*": [{"capabilities": ["read", "list"]}]}}'],
    ['with a name', 'name = "x"\npath "secret/*" { capabilities = ["read", "list"] }'],
  ])('%s', (_, text) => expect(summary(text)).toEqual([['secret/*', ['list', 'read']]]))

  it('keeps repeated blocks apart and in order', () => {
    const text =
      'path "b" { policy = "read" }\npath "a" { policy = "deny" }\npath "b" { policy = "write" }'
    expect(summary(text)).toEqual([
      ['b', ['list', 'read']],
      ['a', ['deny']],
      ['b', ['create', 'delete', 'list', 'read', 'update']],
    ])
    expect(rules(text).map((rule) => rule.line)).toEqual([1, 2, 3])
  })

  it('takes an empty policy and a rule without capabilities', () => {
    expect(rules('')).toEqual([])
    expect(rules('# nothing')).toEqual([])
    expect(rules('{}')).toEqual([])
    expect(summary('path "a" {}')).toEqual([['a', []]])
    expect(summary('{"path": {"a": {}}}')).toEqual([['a', []]])
  })

  it('drops every other capability beside deny', () => {
    expect(summary('path "a" { capabilities = ["read", "deny", "sudo"] }')).toEqual([
      ['a', ['deny']],
    ])
    expect(summary('path "a" { policy = "write" capabilities = ["deny"] }')).toEqual([
      ['a', ['deny']],
    ])
  })

  it('knows every capability', () => {
    const all = 'create,read,update,patch,delete,list,scan,sudo,subscribe'.split(',')
    expect(summary(`path "a" { capabilities = ${JSON.stringify(all)} }`)[0]![1]).toEqual(all.sort())
    expect(summary('path "a" { policy = "sudo" }')[0]![1]).toContain('sudo')
    expect(summary('path "a" { policy = "list" }')[0]![1]).toEqual(['list'])
  })
})

describe('the other keys', () => {
  it('reads parameters with names in lower case and values as they are', () => {
    const rule = first(`path "a" {
      allowed_parameters = { "Foo" = ["a*", 1, true, ["x"], { y = 9007199254740993 }] bar = [] }
      denied_parameters { "*" = [] }
      required_parameters = ["Foo"]
    }`)
    expect([...rule.allowedParameters!]).toEqual([
      ['foo', ['a*', 1, true, ['x'], { y: new RawNumber('9007199254740993') }]],
      ['bar', []],
    ])
    expect([...rule.deniedParameters!]).toEqual([['*', []]])
    expect(rule.requiredParameters).toEqual(['Foo'])
    expect(first('path "a" { allowed_parameters = {} }').allowedParameters).toBeNull()
    expect([
      ...first('{"path":{"a":{"allowed_parameters":{"__proto__":[1]}}}}').allowedParameters!,
    ]).toEqual([['__proto__', [1]]])
  })

  it('reads bounds, limits and times', () => {
    const rule = first(`path "a" {
      capabilities = ["list"]
      min_wrapping_ttl = "1m"
      max_wrapping_ttl = 3600
      pagination_limit = 100
      list_scan_response_keys_filter_path = "{{ .path }}{{ .key }}"
      expiration = "2030-01-01T00:00:00Z"
      mfa_methods = ["totp"]
      subscribe_event_types = ["*"]
      comment = "why"
    }`)
    expect(rule).toMatchObject({
      minWrappingTtlSeconds: 60,
      maxWrappingTtlSeconds: 3600,
      paginationLimit: 100,
      listFilter: '{{ .path }}{{ .key }}',
      expiresAtMs: Date.UTC(2030, 0, 1),
      mfaMethods: ['totp'],
      subscribeEventTypes: ['*'],
    })
  })

  it('reads control groups', () => {
    const text = `path "a" {
      capabilities = ["read"]
      control_group = {
        ttl = "4h"
        factor "ops" {
          identity { group_names = ["managers"] approvals = 2 }
          controlled_capabilities = ["read"]
        }
        factor "audit" { identity = { group_ids = ["id1"] approvals = 1 } }
      }
    }`
    const [ops, audit] = first(text).controlGroup!.factors
    expect(first(text).controlGroup!.ttlSeconds).toBe(4 * 3600)
    expect(ops).toMatchObject({ name: 'ops', groupNames: ['managers'], approvals: 2 })
    expect(audit).toMatchObject({ name: 'audit', groupIds: ['id1'], approvals: 1 })
  })

  it('sees which paths hold templates', () => {
    expect(parsePolicy('p', DEFAULT_POLICY_TEXT).templated).toBe(true)
    expect(parsePolicy('p', 'path "a/{b}" {}').templated).toBe(false)
    expect(RESPONSE_WRAPPING_POLICY.rules).toHaveLength(2)
  })
})

describe('what is refused, where and in which words', () => {
  it.each([
    [
      'path "a" { capabilites = [] }',
      '1:12: path "a": invalid key "capabilites" on line 1, did you mean "capabilities"?',
    ],
    ['paths "a" {}', '1:1: invalid key "paths" on line 1, did you mean "path"?'],
    [
      'path "a" {\n  capabilities = ["raed"]\n}',
      '2:19: path "a": invalid capability "raed", did you mean "read"?',
    ],
    [
      'path "a" { capabilities = ["x"] }',
      '1:28: path "a": invalid capability "x": expected one of deny, create,',
    ],
    ['path "a" { capabilities = "read" }', '1:27: path "a": "capabilities" takes a list, such as'],
    [
      'path "a" { policy = "admin" }',
      '1:21: path "a": invalid policy "admin": expected one of deny, list',
    ],
    ['path "a" { policy = "constructor" }', '1:21: path "a": invalid policy "constructor"'],
    [
      'path "a" { capabilities = ["constructor"] }',
      '1:28: path "a": invalid capability "constructor"',
    ],
    ['path "a" {', '1:11: expected a name or "}", got the end of the text'],
    ['path "a"', '1:9: expected "{" after path and its label, got the end of the text'],
    ['path', '1:5: expected "=" or "{" after path, got the end of the text'],
    ['path = "a"', '1:8: "path" takes an object'],
    ['path { capabilities = ["read"] }', '1:1: expected one path in quotes after "path"'],
    ['path "a" "b" { }', '1:1: expected one path in quotes after "path"'],
    ['path "a" = { }', '1:10: expected "{" after the labels of a block, got "="'],
    [
      'path "a" { capabilities = ["read" "list"] }',
      '1:35: expected "," or "]" in a list, got a string',
    ],
    [
      'path "a" { capabilities = [read] }',
      '1:28: expected a value: a quoted string, a number, true, false, "[" or "{", got an unquoted word',
    ],
    ['path "a {', '1:10: string not terminated: expected a closing quote'],
    ["path 'a' {}", `1:6: unexpected character "'"; strings take double quotes`],
    ['path "a" {}\n}', '2:1: expected a name, got "}"'],
    ['path "a/+*" {}', `1:1: path "a/+*": invalid use of wildcards ('+*' is forbidden)`],
    [
      'path "a/{{identity.entity.id" {}',
      '1:1: path "a/{{identity.entity.id": failed to validate policy templating: unbalanced',
    ],
    ['path "a/{{x}}" {}', 'unknown template "x": expected identity.entity.'],
    [
      'path "a" { min_wrapping_ttl = "2h" max_wrapping_ttl = "1h" }',
      '1:36: path "a": max_wrapping_ttl cannot be less than min_wrapping_ttl',
    ],
    [
      'path "a" { max_wrapping_ttl = "soon" }',
      '1:31: path "a": "max_wrapping_ttl" takes a duration such as "30m"',
    ],
    [
      'path "a" { max_wrapping_ttl = 10m }',
      '1:33: expected a space after the number; put a value with a unit in quotes',
    ],
    [
      'path "a" { capabilities = ["read"] capabilities = ["list"] }',
      '1:36: path "a": the argument "capabilities" was already set at 1:12',
    ],
    ['path "a" { allowed_parameters = { a = "x" } }', '1:39: path "a": "a" takes a list'],
    [
      'path "a" { allowed_parameters = { a = [] A = [] } }',
      'differs from another name only by its case',
    ],
    ['path "a" { pagination_limit = -1 }', '"pagination_limit" takes a whole number of at least 0'],
    ['path "a" { expiration = "tomorrow" }', 'invalid expiration time'],
    [
      'path "a" { list_scan_response_keys_filter_path = "{{ .key }}" }',
      'needs to be used on a path with the list capability',
    ],
    [
      'path "a" { policy = "read" list_scan_response_keys_filter_path = "x" }',
      'takes a template that uses .key',
    ],
    [
      'path "a" { control_group = { factor "x" { identity { group_names = ["g"] approvals = 0 } } } }',
      '"approvals" takes a whole number of at least 1',
    ],
    [
      'path "a" { control_group = { factor "x" { identity { group_names = ["g"] } } } }',
      'identity takes "approvals"',
    ],
    [
      'path "a" { control_group = { factor "x" { identity { group_names = [] approvals = 1 } } } }',
      'that are not empty',
    ],
    ['path "a" { control_group = { ttl = "1h" } }', 'takes at least one factor'],
    ['{"path": {"a": {"capabilities": ["read",]}}}', '1:41: expected a value, got "]"'],
    [
      '{"path": {"a": {}}} x',
      '1:21: expected JSON (the text starts with "{"), got an unquoted word',
    ],
    ['{"path": {"a": {"x": 1}}}', '1:17: path "a": invalid key "x" on line 1'],
    ['{"path": "a"}', '1:10: "path" takes an object'],
    ['path "a" { capabilities = ["read"]\n  # c\n  policy: "x" }', '3:9: unexpected character ":"'],
  ])('%s', (text, words) => {
    const message = faultOf(text)
    expect(message).toMatch(/^failed to parse policy: At \d+:\d+: /)
    expect(message).toContain(words)
  })

  it('never throws anything else, however deep', () => {
    expect(faultOf(`path "a" { allowed_parameters = { a = ${'['.repeat(5000)} } }`)).toContain(
      'nested deeper',
    )
    expect(faultOf(`{"path": ${'{"a":'.repeat(5000)}`)).toContain('nested deeper')
    expect(faultOf('a {'.repeat(5000))).toContain('nested deeper')
  })
})

it.each([
  ['2030-01-01T00:00:00Z', Date.UTC(2030, 0, 1)],
  ['2030-01-01T02:00:00.5+02:00', Date.UTC(2030, 0, 1) + 500],
  ['1893456000', 1893456000000],
  ['2030-01-01', null],
  ['2030-13-01T00:00:00Z', null],
  ['', null],
])('parseExpiration(%j)', (text, time) => expect(parseExpiration(text)).toBe(time))
