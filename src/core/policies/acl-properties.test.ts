// The compiled ACL against a slow twin that is written straight from the documented rules, and what must
// hold whatever the policies say.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { capabilities, hasRightBelow, resultantAcl } from './acl-views.ts'
import { ROOT_POLICY } from './builtin-policies.ts'
import { type AclPolicy, compileAcl } from './compile-acl.ts'
import { type AclOperation, decide } from './decide.ts'
import { parsePolicy } from './parse-policy.ts'
import { type Capability, capabilityNames } from './policy.ts'

const ROOT_NS = { id: 'root', path: '' }
interface Rule {
  readonly path: string
  readonly names: readonly Capability[]
}
type Rules = readonly Rule[]

const policyOf = (rules: Rules, name: string, namespace = ROOT_NS): AclPolicy => {
  const lines = rules.map(
    ({ path, names }) => `path ${JSON.stringify(path)} { capabilities = ${JSON.stringify(names)} }`,
  )
  return { policy: parsePolicy(name, lines.join('\n')), namespace }
}

// Few words, so that rules meet.
const segment = fc.constantFrom('a', 'ab', 'b', 'c')
const pathArb = fc
  .array(segment, { minLength: 1, maxLength: 4 })
  .chain((parts) => fc.constantFrom(parts.join('/'), `${parts.join('/')}/`))
const patternArb = fc
  .tuple(
    fc.array(fc.oneof({ weight: 3, arbitrary: segment }, fc.constant('+')), { maxLength: 4 }),
    fc.constantFrom('', '', '*', '/', '/*'),
  )
  .map(([parts, end]): string =>
    parts.length === 0
      ? end.replace('/', '')
      : parts.join('/') + (parts.at(-1) === '+' && end === '*' ? '/*' : end),
  )
const namesArb = fc.oneof(
  { weight: 3, arbitrary: fc.subarray<Capability>(['read', 'list', 'update', 'sudo']) },
  { weight: 1, arbitrary: fc.constant<Capability[]>(['deny']) },
)
const rulesArb = fc.array(fc.record({ path: patternArb, names: namesArb }), { maxLength: 8 })
const policiesArb = fc.array(rulesArb, { minLength: 1, maxLength: 3 })
const operationArb = fc.constantFrom<AclOperation>('read', 'list', 'update')

/** The twin: every rule is looked at, in the words of the documentation. */
function matches(pattern: string, path: string): boolean {
  const isPrefix = pattern.endsWith('*')
  const want = (isPrefix ? pattern.slice(0, -1) : pattern).split('/')
  const have = path.split('/')
  if (isPrefix ? have.length < want.length : have.length !== want.length) return false
  return want.every((part, at) => {
    if (part === '+') return true
    return isPrefix && at === want.length - 1 ? have[at]!.startsWith(part) : have[at] === part
  })
}

function isBetter(a: string, b: string): boolean {
  const text = (pattern: string): string => (pattern.endsWith('*') ? pattern.slice(0, -1) : pattern)
  const firstWildcard = (pattern: string): number => {
    let at = 0
    for (const part of text(pattern).split('/')) {
      if (part === '+') return at
      at += part.length + 1
    }
    return text(pattern).length
  }
  if (firstWildcard(a) !== firstWildcard(b)) return firstWildcard(a) > firstWildcard(b)
  if (a.endsWith('*') !== b.endsWith('*')) return !a.endsWith('*')
  const pluses = (pattern: string): number =>
    text(pattern)
      .split('/')
      .filter((part) => part === '+').length
  if (pluses(a) !== pluses(b)) return pluses(a) < pluses(b)
  if (a.length !== b.length) return a.length > b.length
  return a > b
}

const isPattern = (path: string): boolean => path.endsWith('*') || path.split('/').includes('+')

function namesFor(rules: Rules, path: string): Set<Capability> {
  const names = new Set(rules.filter((rule) => rule.path === path).flatMap((rule) => rule.names))
  return names.has('deny') ? new Set<Capability>(['deny']) : names
}

function bestPattern(rules: Rules, path: string): string | null {
  let best: string | null = null
  for (const rule of rules) {
    if (!isPattern(rule.path) || !matches(rule.path, path)) continue
    if (best === null || isBetter(rule.path, best)) best = rule.path
  }
  return best
}

function twin(rules: Rules, asked: string, operation: AclOperation): boolean {
  const listing = operation === 'list'
  const path = listing && !asked.endsWith('/') ? `${asked}/` : asked
  const allows = (rule: string | null): boolean =>
    rule !== null && namesFor(rules, rule).has(operation as Capability)
  const denies = (rule: string | null): boolean =>
    rule !== null && namesFor(rules, rule).has('deny')
  const hasExact = (text: string): boolean =>
    rules.some((rule) => rule.path === text && !isPattern(text))
  if (hasExact(path)) return allows(path)
  const best = bestPattern(rules, path)
  if (!listing) return allows(best)
  const bare = path.slice(0, -1)
  if (hasExact(bare)) return allows(bare) && !(best === `${path}*` && denies(best))
  const bestBare = bestPattern(rules, bare)
  if (best === null) return allows(bestBare)
  return allows(best) && !(bestBare !== null && denies(bestBare) && isBetter(bestBare, best))
}

describe('the compiled ACL', () => {
  it('decides as its slow twin does', () => {
    fc.assert(
      fc.property(policiesArb, pathArb, operationArb, (policies, path, operation) => {
        const acl = compileAcl(
          policies.map((rules, at) => policyOf(rules, `p${at}`)),
          0,
        )
        expect(decide(acl, { path, operation }).allowed).toBe(
          twin(policies.flat(), path, operation),
        )
      }),
      { numRuns: 2000 },
    )
  })

  it('never allows more when a denial is added', () => {
    fc.assert(
      fc.property(
        policiesArb,
        patternArb,
        pathArb,
        operationArb,
        (policies, denied, path, operation) => {
          const before = policies.map((rules, at) => policyOf(rules, `p${at}`))
          const after = [...before, policyOf([{ path: denied, names: ['deny'] }], 'denial')]
          if (decide(compileAcl(after, 0), { path, operation }).allowed) {
            expect(decide(compileAcl(before, 0), { path, operation }).allowed).toBe(true)
          }
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('does not depend on the order of policies, nor on one given twice', () => {
    fc.assert(
      fc.property(policiesArb, pathArb, operationArb, (policies, path, operation) => {
        const forth = policies.map((rules, at) => policyOf(rules, `p${at}`))
        const back = [...forth, ...forth].reverse()
        const [a, b] = [forth, back].map((list) => decide(compileAcl(list, 0), { path, operation }))
        expect(a).toEqual(b)
      }),
    )
  })

  it('says the same under a namespace, and nothing beside it', () => {
    fc.assert(
      fc.property(rulesArb, pathArb, operationArb, (rules, path, operation) => {
        const here = compileAcl([policyOf(rules, 'p')], 0)
        const there = compileAcl([policyOf(rules, 'p', { id: 'n', path: 'ns/' })], 0)
        const allowed = decide(here, { path, operation }).allowed
        expect(decide(there, { path: `ns/${path}`, operation }).allowed).toBe(allowed)
        expect(decide(there, { path, operation }).allowed).toBe(false)
      }),
    )
  })

  it('shows the capabilities that it decides by', () => {
    fc.assert(
      fc.property(policiesArb, pathArb, (policies, path) => {
        const acl = compileAcl(
          policies.map((rules, at) => policyOf(rules, `p${at}`)),
          0,
        )
        const names = capabilities(acl, path)
        expect(names).toEqual([...names].sort())
        expect(names.includes('list')).toBe(
          path.endsWith('/')
            ? decide(acl, { path, operation: 'list' }).allowed
            : names.includes('list'),
        )
        if (!path.endsWith('/')) {
          expect(names.includes('read')).toBe(decide(acl, { path, operation: 'read' }).allowed)
        }
      }),
    )
  })

  it('finds every right below a mount', () => {
    fc.assert(
      fc.property(
        policiesArb,
        segment,
        pathArb,
        operationArb,
        (policies, mount, rest, operation) => {
          const acl = compileAcl(
            policies.map((rules, at) => policyOf(rules, `p${at}`)),
            0,
          )
          fc.pre(decide(acl, { path: `${mount}/${rest}`, operation }).allowed)
          expect(hasRightBelow(acl, `${mount}/`)).toBe(true)
        },
      ),
    )
  })
})

describe('hasRightBelow', () => {
  it.each([
    [[['secret/a', 'read']], 'secret/', true],
    [[['secret/a', 'read']], 'other/', false],
    [[['secret/a', 'read']], 'secret/b/', false],
    [[['secret', 'read']], 'secret/', true],
    [[['sec*', 'read']], 'secret/', true],
    [[['*', 'read']], 'secret/', true],
    [
      [
        ['*', 'read'],
        ['secret/*', 'deny'],
      ],
      'secret/',
      false,
    ],
    [
      [
        ['sec*', 'read'],
        ['secret/+', 'deny'],
      ],
      'secret/',
      true,
    ],
    [
      [
        ['*', 'read'],
        ['secret/*', 'deny'],
        ['secret/a/*', 'list'],
      ],
      'secret/',
      true,
    ],
    [[['+/data/x', 'read']], 'secret/', true],
    [[['+/data/x', 'deny']], 'secret/', false],
    [[['kv/+/x', 'read']], 'secret/', false],
    [[['auth/+/login', 'update']], 'auth/userpass/', true],
    [[], 'secret/', false],
  ] as [[string, Capability][], string, boolean][])(
    '%j below %s: %s',
    (rules, prefix, expected) => {
      const acl = compileAcl(
        [
          policyOf(
            rules.map(([path, name]) => ({ path, names: [name] })),
            'p',
          ),
        ],
        0,
      )
      expect(hasRightBelow(acl, prefix)).toBe(expected)
    },
  )

  it('knows root and its namespace', () => {
    const acl = compileAcl([{ policy: ROOT_POLICY, namespace: { id: 'n', path: 'ns/' } }], 0)
    expect(
      ['ns/secret/', 'ns/', '', 'secret/'].map((prefix) => hasRightBelow(acl, prefix)),
    ).toEqual([true, true, true, false])
    expect(capabilities(acl, 'ns/secret/x')).toEqual(['root'])
    expect(capabilities(acl, 'secret/x')).toEqual(['deny'])
    expect(resultantAcl(acl)).toEqual({ root: true })
  })
})

it('capabilities tells a denied list from the rest', () => {
  const text = 'path "a/*" { policy = "read" }\npath "a/+" { policy = "deny" }'
  const acl = compileAcl([{ policy: parsePolicy('p', text), namespace: ROOT_NS }], 0)
  expect(decide(acl, { path: 'a/b/', operation: 'list' }).allowed).toBe(false)
  expect(decide(acl, { path: 'a/b/', operation: 'read' }).allowed).toBe(true)
  expect(capabilities(acl, 'a/b/')).toEqual(['read'])
  expect(capabilities(acl, '/a/b')).toEqual(['deny'])
})

it('resultantAcl lists every rule', () => {
  const text = `path "a/b" { policy = "write" allowed_parameters = { x = ["1"] } min_wrapping_ttl = 60 }
    path "a/*" { policy = "deny" }
    path "a/+/c*" { policy = "read" required_parameters = ["y"] }
    path "d" {}`
  expect(
    resultantAcl(compileAcl([{ policy: parsePolicy('p', text), namespace: ROOT_NS }], 0)),
  ).toEqual({
    root: false,
    exact_paths: {
      'a/b': {
        capabilities: ['create', 'delete', 'list', 'read', 'update'],
        allowed_parameters: { x: ['1'] },
        min_wrapping_ttl: 60,
      },
      d: { capabilities: ['deny'] },
    },
    glob_paths: {
      'a/': { capabilities: ['deny'] },
      'a/+/c': { capabilities: ['list', 'read'], required_parameters: ['y'] },
    },
  })
})

it('capabilityNames are sorted', () => {
  expect(capabilityNames(0)).toEqual([])
  expect(capabilityNames(2 | 4 | 64)).toEqual(['create', 'read', 'sudo'])
})
