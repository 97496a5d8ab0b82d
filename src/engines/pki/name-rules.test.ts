// Which names roles let through. The cases follow the documentation of Vault's role options.
import { describe, expect, it } from 'vitest'
import { toAscii } from './host-name.ts'
import { globMatches } from './name-glob.ts'
import {
  isCommonNameAllowed,
  isIpAllowed,
  isUserIdAllowed,
  type NameRole,
  refusedName,
} from './name-rules.ts'
import { PERMISSIVE_ROLE } from './verbatim-role.ts'

const strict: NameRole = {
  allow_any_name: false,
  allow_bare_domains: false,
  allow_glob_domains: false,
  allow_localhost: false,
  allow_subdomains: false,
  allow_wildcard_certificates: true,
  allowed_domains_template: false,
  allowed_domains: ['example.com'],
  cn_validations: ['email', 'hostname'],
  enforce_hostnames: true,
}
const allows = (name: string, role: Partial<NameRole> = {}): boolean =>
  refusedName({ ...strict, ...role }, [name]) === null

describe('refusedName', () => {
  it('takes a domain itself only where bare domains are allowed', () => {
    expect(allows('example.com')).toBe(false)
    expect(allows('example.com', { allow_bare_domains: true })).toBe(true)
    expect(allows('EXAMPLE.com', { allow_bare_domains: true })).toBe(true)
    expect(allows('me@example.com', { allow_bare_domains: true })).toBe(true)
    expect(allows('a.example.com', { allow_bare_domains: true })).toBe(false)
  })

  it('takes what lies below a domain where subdomains are allowed', () => {
    const below = { allow_subdomains: true }
    for (const name of ['a.example.com', 'b.a.example.com', '*.example.com', 'me@a.example.com'])
      expect(allows(name, below), name).toBe(true)
    for (const name of ['example.com', 'badexample.com', 'example.com.evil.org', 'a.example.org'])
      expect(allows(name, below), name).toBe(false)
  })

  it('takes wildcards in the leftmost label only, and none where they are not allowed', () => {
    const any = { allow_any_name: true }
    for (const name of ['*.example.com', 'a*.example.com', '*a.example.com', 'a*b.example.com'])
      expect(allows(name, any), name).toBe(true)
    for (const name of ['a.*.com', '**.example.com', '*.*.com', 'me@*.com', '*-.example.com'])
      expect(allows(name, any), name).toBe(false)
    expect(allows('*.example.com', { ...any, allow_wildcard_certificates: false })).toBe(false)
  })

  it('takes globs only where they are allowed', () => {
    const domains = { allowed_domains: ['ftp*.example.com'] }
    expect(allows('ftp1.example.com', domains)).toBe(false)
    expect(allows('ftp1.example.com', { ...domains, allow_glob_domains: true })).toBe(true)
    expect(allows('xftp1.example.com', { ...domains, allow_glob_domains: true })).toBe(false)
  })

  it('takes localhost by its own option', () => {
    expect(allows('localhost', { allow_localhost: true })).toBe(true)
    expect(allows('a.localhost', { allow_localhost: true })).toBe(false)
    expect(allows('a.localhost', { allow_localhost: true, allow_subdomains: true })).toBe(true)
  })

  it('wants host names, unless told otherwise', () => {
    const any = { allow_any_name: true }
    const bad = ['a b', 'a_b.com', '-a.com', 'a-.com', 'a..com', '.com', `${'a'.repeat(64)}.com`]
    for (const name of bad) expect(allows(name, any), name).toBe(false)
    for (const name of bad)
      expect(allows(name, { ...any, enforce_hostnames: false }), name).toBe(true)
    expect(allows('müller.de', any)).toBe(true)
    expect(allows('a.com.', any)).toBe(true)
  })

  it('writes names beyond ASCII in lower case', () => {
    expect(toAscii('MÜLLER.de')).toBe('xn--mller-kva.de')
    expect(toAscii('müller.DE')).toBe('xn--mller-kva.DE')
  })

  it('takes no identity template for a name', () => {
    const role = { allowed_domains: ['{{identity.entity.name}}.com'], allow_bare_domains: true }
    expect(allows('bob.com', role)).toBe(false)
    const lax = { allow_bare_domains: true, enforce_hostnames: false }
    const template = { ...lax, allowed_domains: ['{{a}}'], allowed_domains_template: true }
    expect(allows('{{a}}', template)).toBe(false)
    expect(allows('{{a}}', { ...template, allowed_domains_template: false })).toBe(true)
    expect(allows('{{identity.entity.name}}.com', role)).toBe(false)
  })

  it('is quick with hostile names', () => {
    const begun = performance.now()
    const any = { allow_any_name: true, allow_glob_domains: true, allowed_domains: ['*a*a*a*a*b'] }
    allows(`${'a-'.repeat(50_000)}!`, any)
    allows('a.'.repeat(50_000), any)
    globMatches('*a'.repeat(1000), 'a'.repeat(100_000))
    globMatches(`${'*a'.repeat(1000)}b`, 'a'.repeat(100_000))
    expect(performance.now() - begun).toBeLessThan(500)
  })
})

describe('the other rules', () => {
  it('tell mail addresses from host names in common names', () => {
    const role = { ...strict, allow_any_name: true }
    const only = (kind: string) => ({ ...role, cn_validations: [kind] })
    expect(isCommonNameAllowed(only('email'), 'a.com')).toBe(false)
    expect(isCommonNameAllowed(only('hostname'), 'me@a.com')).toBe(false)
    expect(isCommonNameAllowed(only('hostname'), 'a.com')).toBe(true)
    expect(isCommonNameAllowed({ ...strict, cn_validations: ['disabled'] }, 'x y')).toBe(true)
  })

  it('know networks and user ids', () => {
    const networks = { allowed_ip_sans_cidr: ['10.0.0.0/8', '2001:db8::/32'] }
    expect(isIpAllowed(networks, '10.1.2.3')).toBe(true)
    expect(isIpAllowed(networks, '11.1.2.3')).toBe(false)
    expect(isIpAllowed(networks, '2001:db8::1')).toBe(true)
    expect(isIpAllowed(networks, '2001:db9::1')).toBe(false)
    expect(isIpAllowed({ allowed_ip_sans_cidr: [] }, '11.1.2.3')).toBe(true)
    expect(isUserIdAllowed({ allowed_user_ids: ['Bob', 'svc-*'] }, 'bob')).toBe(true)
    expect(isUserIdAllowed({ allowed_user_ids: ['Bob', 'svc-*'] }, 'svc-1')).toBe(true)
    expect(isUserIdAllowed({ allowed_user_ids: [] }, 'bob')).toBe(false)
    expect(isUserIdAllowed(PERMISSIVE_ROLE, 'anybody')).toBe(true)
  })

  it('let a star stand for any text', () => {
    const cases = [
      ['*', '', true],
      ['a*', 'a', true],
      ['a*a', 'a', false],
      ['a*a', 'aa', true],
      ['*b*', 'abc', true],
      ['a*b*c', 'abbc', true],
      ['a*b*c', 'acb', false],
      ['abc', 'abc', true],
      ['a.c', 'abc', false],
      ['*.x', 'y.x.x', true],
    ] as const
    for (const [pattern, value, matches] of cases)
      expect(globMatches(pattern, value), `${pattern} ${value}`).toBe(matches)
  })
})
