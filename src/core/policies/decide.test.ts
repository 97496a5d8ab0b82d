// The decision by tables: Vault's documented priority and merging rules, its parameter rules, and the
// mistakes that other servers made with them.
import { describe, expect, it } from 'vitest'
import type { Acl } from './acl.ts'
import { DEFAULT_POLICY_TEXT, ROOT_POLICY } from './builtin-policies.ts'
import { type AclPolicy, compileAcl } from './compile-acl.ts'
import { type AccessRequest, type AclOperation, type Decision, decide } from './decide.ts'
import type { TemplateIdentity } from './identity-template.ts'
import { parsePolicy } from './parse-policy.ts'

const ROOT_NS = { id: 'root', path: '' }
const policy = (text: string, name = 'p', namespace = ROOT_NS): AclPolicy => ({
  policy: parsePolicy(name, text),
  namespace,
})
const aclOf = (...texts: string[]): Acl =>
  compileAcl(
    texts.map((text, at) => policy(text, `p${at}`)),
    0,
  )
const ask = (
  acl: Acl,
  operation: AclOperation,
  path: string,
  more: Partial<AccessRequest> = {},
): Decision => decide(acl, { path, operation, ...more })

describe('operations', () => {
  const operations: [AclOperation, string][] = [
    ['read', 'read'],
    ['head', 'read'],
    ['list', 'list'],
    ['scan', 'scan'],
    ['create', 'create'],
    ['update', 'update'],
    ['patch', 'patch'],
    ['delete', 'delete'],
    ['subscribe', 'subscribe'],
    ['renew', 'update'],
    ['revoke', 'update'],
    ['rollback', 'update'],
  ]
  it.each(operations)('%s takes %s and nothing else', (operation, capability) => {
    const every = [...new Set(operations.map(([, name]) => name)), 'sudo']
    expect(
      ask(aclOf(`path "a" { capabilities = ["${capability}"] }`), operation, 'a').allowed,
    ).toBe(true)
    const others = every.filter((name) => name !== capability)
    const acl = aclOf(`path "a" { capabilities = ${JSON.stringify(others)} }`)
    expect(ask(acl, operation, 'a').allowed).toBe(false)
  })

  it('denies what it does not know, and whatever no rule names', () => {
    const acl = aclOf('path "*" { policy = "sudo" }')
    expect(ask(acl, 'constructor' as AclOperation, 'a').allowed).toBe(false)
    expect(ask(aclOf(''), 'read', 'a')).toMatchObject({
      allowed: false,
      reason: 'no rule matches the path',
    })
  })

  it('tells sudo and the granting policies', () => {
    const acl = aclOf(
      'path "a" { capabilities = ["read", "sudo"] }',
      'path "a" { capabilities = ["list", "read"] }',
    )
    const { rootPrivileges, grantingPolicies } = ask(acl, 'read', 'a')
    expect(rootPrivileges).toBe(true)
    expect(grantingPolicies.map(({ name }) => name)).toEqual(['p0', 'p1'])
    expect(ask(acl, 'list', 'a').grantingPolicies.map(({ name }) => name)).toEqual(['p1'])
    expect(ask(acl, 'update', 'a')).toMatchObject({ allowed: false, grantingPolicies: [] })
  })

  it('always shows help', () => expect(ask(aclOf(''), 'help', 'a').allowed).toBe(true))
})

describe('which rule decides', () => {
  // Each line: path, the patterns from the strongest to the weakest that match it.
  it.each([
    ['secret/foo', 'secret/foo secret/fo* secret/f* secret/+ secret/* +/foo +/+ *'],
    [
      'foo/bar/x/baz',
      'foo/bar/+/baz foo/bar/* foo/bar/+/baz* foo/bar/+/b* foo/+/x/baz foo/+/+/baz',
    ],
    [
      'foo/bar/x/baz',
      'foo/+/x/baz foo/+/+/baz foo/+/+/+ foo/* foo/+/x/ba* foo/+/x/* foo/+/x* foo/+/*',
    ],
    ['a/b/c', 'a/b/c a/b/c* a/b/+ a/b/* a/b* a/+/c a/+/+ a/* a/+/c* a/+/* +/b/c +/+/+ * +/b/*'],
  ])('of %s (%#)', (path, patterns) => {
    const matching = patterns.split(' ')
    for (const pattern of matching) {
      expect(ask(aclOf(`path "${pattern}" { policy = "read" }`), 'read', path).allowed).toBe(true)
    }
    for (const [at, stronger] of matching.entries()) {
      for (const weaker of matching.slice(at + 1)) {
        const rules = [
          `path "${stronger}" { policy = "deny" }`,
          `path "${weaker}" { policy = "read" }`,
        ]
        expect(ask(aclOf(...rules), 'read', path).allowed, `${stronger} over ${weaker}`).toBe(false)
        const swapped = [
          `path "${stronger}" { policy = "read" }`,
          `path "${weaker}" { policy = "deny" }`,
        ]
        expect(ask(aclOf(...swapped), 'read', path).allowed, `${stronger} over ${weaker}`).toBe(
          true,
        )
      }
    }
  })

  it.each([
    ['secret/foo', 'secret/foo', true],
    ['secret/foo', 'secret/foo/', false],
    ['secret/foo', 'secret/foobar', false],
    ['secret/*', 'secret/', true],
    ['secret/*', 'secret', false],
    ['secret*', 'secret', true],
    ['secret/f*', 'secret/foo/bar', true],
    ['*', 'anything/at/all', true],
    ['+', 'a', true],
    ['+', 'a/b', false],
    ['a/+', 'a/', true],
    ['a/+', 'a/b', true],
    ['a/+', 'a/b/', false],
    ['a/+/c', 'a/b/c', true],
    ['a/+/c', 'a/b/b/c', false],
    ['a/+/c*', 'a/b/cd/e', true],
    ['a/+/*', 'a/b', false],
    ['a/+/*', 'a/b/', true],
    ['+/+', 'a/b', true],
    ['a+/b', 'a+/b', true],
    ['a+/b', 'ax/b', false],
    ['a/b+', 'a/b+', true],
    ['a/*/c', 'a/b/c', false],
    ['a/*/c', 'a/*/c', true],
  ])('%s matches %s: %s', (pattern, path, matches) => {
    expect(ask(aclOf(`path "${pattern}" { policy = "read" }`), 'read', path).allowed).toBe(matches)
  })

  it('takes leading slashes off', () => {
    expect(ask(aclOf('path "/a/b" { policy = "read" }'), 'read', '//a/b').allowed).toBe(true)
  })
})

describe('wrapping TTLs', () => {
  const acl = aclOf(
    'path "a" { policy = "read" min_wrapping_ttl = "1m" max_wrapping_ttl = "1h" }',
    'path "b" { policy = "read" min_wrapping_ttl = 60 }',
    'path "b" { policy = "read" max_wrapping_ttl = 30 }',
    'path "c" { policy = "read" max_wrapping_ttl = 300 }',
    'path "c" { policy = "read" max_wrapping_ttl = 200 }',
  )
  it.each([
    ['a', undefined, false],
    ['a', 59, false],
    ['a', 60, true],
    ['a', 3600, true],
    ['a', 3601, false],
    ['b', 30, false],
    ['b', 60, false],
    ['c', 200, true],
    ['c', 201, false],
    ['c', undefined, false],
  ])('%s wrapped for %s: %s', (path, ttl, allowed) => {
    const more = ttl === undefined ? {} : { wrapTtlSeconds: ttl }
    expect(ask(acl, 'read', path, more).allowed).toBe(allowed)
  })
})

describe('root', () => {
  it('may do everything in its namespace and below, and nothing elsewhere', () => {
    const acl = compileAcl([{ policy: ROOT_POLICY, namespace: { id: 'n1', path: 'ns1/' } }], 0)
    expect(ask(acl, 'delete', 'ns1/sys/x')).toMatchObject({
      allowed: true,
      isRoot: true,
      rootPrivileges: true,
    })
    expect(ask(acl, 'delete', 'ns1/ns2/secret/x').allowed).toBe(true)
    expect(ask(acl, 'read', 'secret/x').allowed).toBe(false)
    expect(ask(acl, 'read', 'ns10/secret/x').allowed).toBe(false)
  })
  it('stands alone', () => {
    expect(() => compileAcl([{ policy: ROOT_POLICY, namespace: ROOT_NS }, policy('')], 0)).toThrow(
      'along with root',
    )
  })
})

describe('namespaces', () => {
  it('keeps a policy within its own', () => {
    const acl = compileAcl(
      [policy('path "*" { policy = "read" }', 'p', { id: 'n1', path: 'ns1/' })],
      0,
    )
    expect(ask(acl, 'read', 'ns1/secret/x').allowed).toBe(true)
    expect(ask(acl, 'read', 'secret/x').allowed).toBe(false)
    expect(ask(acl, 'read', 'ns10/x').allowed).toBe(false)
  })
  it('tells policies of one name in two namespaces apart', () => {
    const other = { id: 'n1', path: 'ns1/' }
    const acl = compileAcl(
      [policy('path "a" { policy = "read" }'), policy('path "a" { policy = "deny" }', 'p', other)],
      0,
    )
    expect(ask(acl, 'read', 'a').allowed).toBe(true)
    expect(ask(acl, 'read', 'ns1/a').allowed).toBe(false)
  })
})

describe('time', () => {
  const text = 'path "a" { policy = "read" expiration = "100" }\npath "b" { policy = "read" }'
  it('drops rules and policies that expired, and says until when the ACL is good', () => {
    const compiled = (nowMs: number): Acl =>
      compileAcl(
        [{ ...policy(text), expiresAtMs: 200_000 }, policy('path "c" { policy = "read" }', 'q')],
        nowMs,
      )
    const early = compiled(99_999)
    expect(['a', 'b', 'c'].map((path) => ask(early, 'read', path).allowed)).toEqual([
      true,
      true,
      true,
    ])
    expect(early.validUntilMs).toBe(100_000)
    const later = compiled(100_000)
    expect(['a', 'b', 'c'].map((path) => ask(later, 'read', path).allowed)).toEqual([
      false,
      true,
      true,
    ])
    expect(later.validUntilMs).toBe(200_000)
    const last = compiled(200_000)
    expect(['a', 'b', 'c'].map((path) => ask(last, 'read', path).allowed)).toEqual([
      false,
      false,
      true,
    ])
    expect(last.validUntilMs).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('mistakes that others made', () => {
  const ada = (metadata: Record<string, string>): TemplateIdentity => ({
    entity: { id: 'e1', name: 'ada', metadata, aliases: [] },
    groups: [],
  })
  const templated = (more = ''): AclPolicy =>
    policy(`path "secret/{{identity.entity.metadata.team}}/*" { policy = "read" } ${more}`)

  it.each([['*'], ['+'], ['a/b'], ['']])('metadata %j opens nothing', (team) => {
    const acl = compileAcl([templated()], 0, ada({ team }))
    for (const path of ['secret/a/x', 'secret/a/b/x', 'secret//x', 'secret/*/x', 'secret/+/x']) {
      expect(ask(acl, 'read', path).allowed).toBe(false)
    }
    expect(
      ask(compileAcl([templated()], 0, ada({ team: 'core' })), 'read', 'secret/core/x').allowed,
    ).toBe(true)
  })

  it('a templated denial that cannot be resolved is not dropped silently', () => {
    const deny =
      'path "secret/*" { policy = "read" }\npath "secret/{{identity.entity.metadata.ban}}" { policy = "deny" }'
    const open = compileAcl([policy(deny)], 0, ada({ ban: 'x' }))
    expect(ask(open, 'read', 'secret/x').allowed).toBe(false)
    expect(ask(open, 'read', 'secret/y').allowed).toBe(true)
    const closed = compileAcl(
      [policy(deny), policy('path "other" { policy = "read" }', 'q')],
      0,
      ada({}),
    )
    for (const path of ['secret/x', 'secret/y', 'other'])
      expect(ask(closed, 'read', path).allowed).toBe(false)
    expect(ask(closed, 'read', 'other').reason).toBe(
      'policy "p", line 2: no value for the path of a rule that denies',
    )
  })

  it('a relative path is no path', () => {
    const acl = aclOf('path "secret/app/*" { policy = "sudo" }', 'path "*" { policy = "read" }')
    for (const path of ['secret/app/../db', 'secret/app/..', './a', 'a/./b', '..']) {
      expect(ask(acl, 'read', path).allowed).toBe(false)
    }
    for (const path of ['secret/app/a..b', 'secret/app/...', 'secret/app/.env']) {
      expect(ask(acl, 'read', path).allowed).toBe(true)
    }
  })

  it('approval and MFA that a policy demands are never passed by', () => {
    const acl = aclOf(`path "a" {
      policy = "read"
      control_group = { factor "f" { identity { group_names = ["g"] approvals = 1 } } }
    }`)
    expect(ask(acl, 'read', 'a')).toMatchObject({ allowed: false, needs: { approvals: [{}] } })
    const mfa = ask(aclOf('path "a" { policy = "read" mfa_methods = ["totp"] }'), 'read', 'a')
    expect(mfa).toMatchObject({ allowed: false, needs: { mfaMethods: ['totp'] } })
  })

  it('a denial in one policy outlasts what others give, in any order', () => {
    const texts = [
      'path "a" { policy = "sudo" }',
      'path "a" { capabilities = ["deny"] }',
      'path "a" { policy = "write" }',
    ]
    for (const order of [texts, [...texts].reverse(), [texts[1]!, texts[0]!, texts[2]!]]) {
      expect(ask(aclOf(...order), 'read', 'a')).toMatchObject({
        allowed: false,
        rootPrivileges: false,
      })
    }
  })
})

it('default gives what it says, and no more', () => {
  const who: TemplateIdentity = {
    entity: { id: 'e1', name: 'ada', metadata: {}, aliases: [] },
    groups: [],
  }
  const acl = compileAcl([policy(DEFAULT_POLICY_TEXT, 'default')], 0, who)
  const rights: [AclOperation, string, boolean][] = [
    ['read', 'auth/token/lookup-self', true],
    ['update', 'auth/token/renew-self', true],
    ['update', 'auth/token/revoke-self', true],
    ['update', 'auth/token/revoke', false],
    ['update', 'auth/token/create', false],
    ['update', 'sys/capabilities-self', true],
    ['read', 'identity/entity/id/e1', true],
    ['read', 'identity/entity/id/e2', false],
    ['read', 'identity/entity/name/ada', true],
    ['read', 'sys/internal/ui/resultant-acl', true],
    ['update', 'sys/leases/renew', true],
    ['update', 'sys/leases/lookup', true],
    ['update', 'sys/leases/revoke', false],
    ['create', 'cubbyhole/a/b', true],
    ['list', 'cubbyhole/', true],
    ['update', 'sys/wrapping/wrap', true],
    ['update', 'sys/wrapping/lookup', true],
    ['update', 'sys/wrapping/unwrap', true],
    ['update', 'sys/tools/hash', true],
    ['update', 'sys/tools/hash/sha2-256', true],
    ['read', 'identity/oidc/provider/p/authorize', true],
    ['read', 'secret/data/x', false],
  ]
  for (const [operation, path, allowed] of rights) {
    expect(ask(acl, operation, path).allowed, `${operation} ${path}`).toBe(allowed)
  }
  const nobody = compileAcl([policy(DEFAULT_POLICY_TEXT, 'default')], 0)
  expect(ask(nobody, 'read', 'auth/token/lookup-self').allowed).toBe(true)
})
