// LIST and SCAN: the two forms of a path, denials that must not be passed by, and page limits.
import { describe, expect, it } from 'vitest'
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

describe('list and scan', () => {
  const deny = (path: string): string => `path "${path}" { capabilities = ["deny"] }`
  const list = (path: string): string => `path "${path}" { capabilities = ["list", "scan"] }`
  it.each([
    ['the form without a slash counts too', [list('a/b')], 'a/b/', true],
    ['the form with a slash', [list('a/b/')], 'a/b/', true],
    ['a denial of the bare form', [list('a/*'), deny('a/b')], 'a/b/', false],
    ['a denial of all below', [list('a/*'), deny('a/b/*')], 'a/b/', false],
    ['granted again deeper down', [list('a/*'), deny('a/b/*'), list('a/b/c/*')], 'a/b/c/', true],
    ['a denied segment', [list('a/*'), deny('a/+')], 'a/b/', false],
    ['a more specific grant beats a denied segment', [list('a/b/*'), deny('a/+')], 'a/b/', true],
    [
      'a bare grant does not open what is denied below',
      [list('a/b'), deny('a/b/*')],
      'a/b/',
      false,
    ],
    ['a bare grant beats a wide denial', [list('a/b'), deny('a/*')], 'a/b/', true],
    ['a bare denial beats a grant below', [deny('a/b'), list('a/b/*')], 'a/b/', false],
    ['exact forms are two paths', [deny('a/b'), list('a/b/')], 'a/b/', true],
    ['a path that came without its slash', [list('a/*'), deny('a/b/*')], 'a/b', false],
  ])('%s', (_, texts, path, allowed) => {
    expect(ask(aclOf(...texts), 'list', path).allowed).toBe(allowed)
    expect(ask(aclOf(...texts), 'scan', path).allowed).toBe(allowed)
  })

  it('is not what read is measured by', () => {
    expect(ask(aclOf('path "a" { policy = "read" }'), 'read', 'a/').allowed).toBe(false)
  })

  it.each([
    [undefined, true, 10],
    ['5', true, null],
    [5, true, null],
    ['10', true, null],
    ['11', false, null],
    ['-1', false, null],
    ['0', true, 10],
    [0, true, 10],
    ['', true, 10],
    ['max', true, 10],
    ['many', false, null],
    [true, false, null],
  ])('limit %j of at most 10: %s, becomes %j', (limit, allowed, becomes) => {
    const acl = aclOf(
      'path "a/" { capabilities = ["list"] pagination_limit = 10 }',
      'path "a/" { pagination_limit = 20 }',
    )
    const data = limit === undefined ? {} : { limit }
    expect(ask(acl, 'list', 'a/', { data })).toMatchObject({ allowed, limit: becomes })
  })

  it('may demand a limit, and reads max as none where there is no bound', () => {
    const acl = aclOf(
      'path "a/" { capabilities = ["list"] pagination_limit = 10 required_parameters = ["limit"] }',
    )
    expect(ask(acl, 'list', 'a/').allowed).toBe(false)
    expect(ask(acl, 'list', 'a/', { data: { limit: '1' } }).allowed).toBe(true)
    expect(ask(aclOf(list('a/')), 'list', 'a/', { data: { limit: 'max' } }).limit).toBe(0)
    expect(ask(aclOf(list('a/')), 'list', 'a/', { data: { limit: 'x' } })).toMatchObject({
      allowed: true,
      limit: null,
    })
  })

  it('hands the filter for listed keys on', () => {
    const acl = aclOf(
      'path "a/" { capabilities = ["list", "read"] list_scan_response_keys_filter_path = "a/{{ .key }}" }',
    )
    expect(ask(acl, 'list', 'a/').listFilter).toBe('a/{{ .key }}')
    expect(ask(acl, 'read', 'a/').listFilter).toBe('')
  })
})
