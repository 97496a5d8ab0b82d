// Vault's parameter rules by table: names in any case, empty lists, globs, nested values, merging.
import { describe, expect, it } from 'vitest'
import { type JsonObject, parseJson } from '../../base/json.ts'
import type { Acl } from './acl.ts'
import { compileAcl } from './compile-acl.ts'
import { type AccessRequest, type AclOperation, type Decision, decide } from './decide.ts'
import { parsePolicy } from './parse-policy.ts'

const aclOf = (...texts: string[]): Acl =>
  compileAcl(
    texts.map((text, at) => ({
      policy: parsePolicy(`p${at}`, text),
      namespace: { id: 'root', path: '' },
    })),
    0,
  )
const ask = (
  acl: Acl,
  operation: AclOperation,
  path: string,
  more: Partial<AccessRequest> = {},
): Decision => decide(acl, { path, operation, ...more })
const json = (text: string): JsonObject => parseJson(text) as JsonObject

describe('parameters', () => {
  const rule = (more: string): Acl => aclOf(`path "a" { policy = "write" ${more} }`)
  it.each([
    ['allowed_parameters = { "foo" = [] }', '{}', true],
    ['allowed_parameters = { "foo" = [] }', '{"foo":"x"}', true],
    ['allowed_parameters = { "foo" = [] }', '{"FOO":"x"}', true],
    ['allowed_parameters = { "foo" = [] }', '{"bar":"x"}', false],
    ['allowed_parameters = { "foo" = [] }', '{"foo":"x","bar":"x"}', false],
    ['allowed_parameters = { "foo" = ["x", "y*"] }', '{"foo":"x"}', true],
    ['allowed_parameters = { "foo" = ["x", "y*"] }', '{"foo":"yes"}', true],
    ['allowed_parameters = { "foo" = ["x", "y*"] }', '{"foo":"z"}', false],
    ['allowed_parameters = { "foo" = ["x"] }', '{"foo":["x"]}', false],
    ['allowed_parameters = { "foo" = ["x"] "*" = [] }', '{"bar":1}', true],
    ['allowed_parameters = { "foo" = ["x"] "*" = [] }', '{"foo":"z"}', false],
    ['allowed_parameters = { "*" = [] }', '{"bar":1}', true],
    ['allowed_parameters = { "foo" = [5, true, ["a", "b"], { k = "v" }] }', '{"foo":5}', true],
    ['allowed_parameters = { "foo" = [5, true, ["a", "b"], { k = "v" }] }', '{"foo":5.0}', true],
    ['allowed_parameters = { "foo" = [5, true, ["a", "b"], { k = "v" }] }', '{"foo":"5"}', false],
    ['allowed_parameters = { "foo" = [5, true, ["a", "b"], { k = "v" }] }', '{"foo":true}', true],
    [
      'allowed_parameters = { "foo" = [5, true, ["a", "b"], { k = "v" }] }',
      '{"foo":["a","b"]}',
      true,
    ],
    [
      'allowed_parameters = { "foo" = [5, true, ["a", "b"], { k = "v" }] }',
      '{"foo":["b","a"]}',
      false,
    ],
    [
      'allowed_parameters = { "foo" = [5, true, ["a", "b"], { k = "v" }] }',
      '{"foo":{"k":"v"}}',
      true,
    ],
    [
      'allowed_parameters = { "foo" = [5, true, ["a", "b"], { k = "v" }] }',
      '{"foo":{"k":"v","l":1}}',
      false,
    ],
    ['allowed_parameters = { "foo" = [9007199254740993] }', '{"foo":9007199254740993}', true],
    ['allowed_parameters = { "foo" = [9007199254740993] }', '{"foo":9007199254740992}', false],
    ['allowed_parameters = { "foo" = [] }', '{"__proto__":1}', false],
    ['allowed_parameters = { "foo" = [] }', '{"constructor":1}', false],
    ['denied_parameters = { "foo" = [] }', '{"foo":null}', false],
    ['denied_parameters = { "foo" = [] }', '{"Foo":1}', false],
    ['denied_parameters = { "foo" = [] }', '{"bar":1}', true],
    ['denied_parameters = { "foo" = ["x*"] }', '{"foo":"xyz"}', false],
    ['denied_parameters = { "foo" = ["x*"] }', '{"foo":"abc"}', true],
    ['denied_parameters = { "*" = [] }', '{"foo":"abc"}', false],
    ['denied_parameters = { "*" = [] }', '{}', true],
    ['denied_parameters = { "foo" = [5] }', '{"foo":5}', false],
    ['denied_parameters = { "foo" = [5] }', '{"foo":"5"}', false],
    ['denied_parameters = { "foo" = [5] }', '{"foo":5.0}', false],
    ['denied_parameters = { "foo" = ["5"] }', '{"foo":5}', false],
    ['denied_parameters = { "foo" = [true] }', '{"foo":"true"}', false],
    ['denied_parameters = { "policies" = ["root"] }', '{"policies":["dev","root"]}', false],
    [
      'denied_parameters = { "foo" = ["x"] } allowed_parameters = { "foo" = [] }',
      '{"foo":"x"}',
      false,
    ],
    ['required_parameters = ["foo"]', '{"foo":null}', true],
    ['required_parameters = ["foo"]', '{}', false],
    ['required_parameters = ["foo"]', '{"bar":1}', false],
    ['required_parameters = ["foo"]', '{"FOO":1}', false],
    ['required_parameters = ["Foo"]', '{"foo":1}', true],
    ['required_parameters = ["Foo"]', '{"Foo":1}', true],
    ['required_parameters = ["constructor"]', '{"a":1}', false],
  ])('%s with %s: %s', (text, body, allowed) => {
    const data = json(body)
    for (const operation of ['update', 'create', 'read'] as const) {
      expect(ask(rule(text), operation, 'a', { data }).allowed).toBe(allowed)
    }
    expect(ask(rule(text), 'delete', 'a', { data }).allowed).toBe(true)
  })

  it('demands what is required also of a request without data', () => {
    expect(ask(rule('required_parameters = ["foo"]'), 'update', 'a').allowed).toBe(false)
    expect(ask(rule('allowed_parameters = { x = [] }'), 'update', 'a').allowed).toBe(true)
  })

  it('names the parameter and not its value', () => {
    const { reason } = ask(rule('denied_parameters = { foo = [] }'), 'update', 'a', {
      data: { foo: 's3cret' },
    })
    expect(reason).toBe('parameter "foo" is denied')
  })

  it('merges over policies', () => {
    const write = (more: string): string => `path "a" { policy = "write" ${more} }`
    const values = aclOf(
      write('allowed_parameters = { a = ["1"] }'),
      write('allowed_parameters = { a = ["2"] b = [] }'),
    )
    const update = (acl: Acl, data: JsonObject): boolean =>
      ask(acl, 'update', 'a', { data }).allowed
    expect(['1', '2', '3'].map((a) => update(values, { a }))).toEqual([true, true, false])
    expect(update(values, { b: 1 })).toBe(true)
    const any = aclOf(
      write('allowed_parameters = { a = ["1"] }'),
      write('allowed_parameters = { a = [] }'),
    )
    expect(update(any, { a: '9' })).toBe(true)
    const one = aclOf(write('allowed_parameters = { a = ["1"] }'), write(''))
    expect(update(one, { a: '9' })).toBe(false)
    const denied = aclOf(
      write('denied_parameters = { a = ["1"] }'),
      write('denied_parameters = { a = [] }'),
    )
    expect(update(denied, { a: '9' })).toBe(false)
    const required = aclOf(
      write('required_parameters = ["a"]'),
      write('required_parameters = ["b"]'),
    )
    expect([{ a: 1 }, { b: 1 }, { a: 1, b: 1 }].map((data) => update(required, data))).toEqual([
      false,
      false,
      true,
    ])
  })
})
