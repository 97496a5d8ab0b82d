// Policies to an ACL. The order of the policies never matters, and a denial for a path outlasts
// everything that other policies say about the same path.
//
// A rule whose identity template can't be resolved (no entity, no such metadata, a value that may not
// stand in a path) gives nothing. If that rule denies, leaving it out would open what it was to close,
// so the whole ACL denies everything until the identity or the policy is mended.
import type { Acl, Permissions, PolicyInfo } from './acl.ts'
import { NO_IDENTITY, resolveTemplate, type TemplateIdentity } from './identity-template.ts'
import { plantPatterns, rankPatterns, shapeOf } from './pattern-tree.ts'
import {
  CAPABILITY_BITS,
  type ControlGroup,
  type ParameterRules,
  type Policy,
  type PolicyRule,
} from './policy.ts'

/** A policy and what is stored beside its text. */
export interface AclPolicy {
  readonly policy: Policy
  /** Paths of the policy are relative to it; path is '' or ends in a slash. */
  readonly namespace: { readonly id: string; readonly path: string }
  /** From then on the policy counts no more. */
  readonly expiresAtMs?: number | null
  /** Lets values of identity templates hold `*` and `+`, or `/`. */
  readonly allowWildcardsInTemplates?: boolean
  readonly allowSlashesInTemplates?: boolean
}

const ALL_BITS = Object.values(CAPABILITY_BITS)

interface Draft {
  readonly text: string
  readonly isPrefix: boolean
  readonly first: number
  readonly pluses: number
  rank: number
  capabilities: number
  allowedParameters: Map<string, readonly unknown[]> | null
  deniedParameters: Map<string, readonly unknown[]> | null
  requiredParameters: string[]
  minWrappingTtlSeconds: number
  maxWrappingTtlSeconds: number
  paginationLimit: number
  listFilter: string
  mfaMethods: string[]
  controlGroups: ControlGroup[]
  subscribeEventTypes: string[]
  granting: Map<number, PolicyInfo[]>
}

/**
 * Compiles the policies of one caller. `root` counts only alone, as in Vault; beside others it is a bug
 * of whoever gave the token its policies, and throws.
 */
export function compileAcl(
  policies: readonly AclPolicy[],
  nowMs: number,
  identity: TemplateIdentity = NO_IDENTITY,
): Acl {
  const distinct = sortDistinct(policies)
  const root = distinct.find((one) => one.policy.name === 'root')
  if (root && distinct.length > 1) throw new Error('other policies present along with root')
  const drafts = new Map<string, Draft>()
  let broken: string | null = null
  let validUntilMs = Number.POSITIVE_INFINITY
  for (const one of distinct) {
    const until = one.expiresAtMs ?? Number.POSITIVE_INFINITY
    if (nowMs >= until) continue
    validUntilMs = Math.min(validUntilMs, until)
    const info = infoOf(one)
    for (const rule of one.policy.rules) {
      if (rule.expiresAtMs !== null) {
        if (nowMs >= rule.expiresAtMs) continue
        validUntilMs = Math.min(validUntilMs, rule.expiresAtMs)
      }
      const path = rulePath(rule, one, identity)
      if (path !== null) addRule(drafts, path, rule, info)
      else if ((rule.capabilities & CAPABILITY_BITS.deny) !== 0) {
        broken ??= `policy "${info.name}", line ${rule.line}: no value for the path of a rule that denies`
      }
    }
  }
  const exact = new Map<string, Permissions>()
  const ranked: Draft[] = []
  for (const [path, draft] of drafts) {
    if (draft.first >= 0) ranked.push(draft)
    else exact.set(path, draft as Permissions)
  }
  rankPatterns(ranked)
  const patterns = plantPatterns(ranked as readonly Permissions[])
  return {
    root: root ? infoOf(root) : null,
    broken,
    exact,
    patterns,
    ranked: ranked as readonly Permissions[],
    validUntilMs,
  }
}

function infoOf({ policy, namespace }: AclPolicy): PolicyInfo {
  return {
    name: policy.name,
    namespaceId: namespace.id,
    namespacePath: namespace.path,
    type: 'acl',
  }
}

/** Each policy once, in an order of their own, so that the order they came in can't show. */
function sortDistinct(policies: readonly AclPolicy[]): AclPolicy[] {
  const byKey = new Map<string, AclPolicy>()
  for (const one of policies) byKey.set(`${one.namespace.path}\0${one.policy.name}`, one)
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
}

/** The rule's path with its namespace in front, or null where its template can't be resolved. */
function rulePath(rule: PolicyRule, one: AclPolicy, identity: TemplateIdentity): string | null {
  if (rule.template === null) return one.namespace.path + rule.path
  const path = resolveTemplate(rule.template, identity, {
    namespaceId: one.namespace.id,
    allowWildcards: one.allowWildcardsInTemplates ?? false,
    allowSlashes: one.allowSlashesInTemplates ?? false,
  })
  if (path === null || path.includes('+*')) return null
  return one.namespace.path + (path.startsWith('/') ? path.slice(1) : path)
}

function addRule(
  drafts: Map<string, Draft>,
  path: string,
  rule: PolicyRule,
  info: PolicyInfo,
): void {
  let draft = drafts.get(path)
  if (!draft) {
    draft = newDraft(path)
    drafts.set(path, draft)
  }
  if ((draft.capabilities & CAPABILITY_BITS.deny) !== 0) return
  if ((rule.capabilities & CAPABILITY_BITS.deny) !== 0) {
    drafts.set(path, { ...newDraft(path), capabilities: CAPABILITY_BITS.deny })
    return
  }
  mergeRule(draft, rule, info)
}

function newDraft(path: string): Draft {
  const { text, isPrefix, first, pluses } = shapeOf(path)
  return {
    text,
    isPrefix,
    first,
    pluses,
    rank: -1,
    capabilities: 0,
    allowedParameters: null,
    deniedParameters: null,
    requiredParameters: [],
    minWrappingTtlSeconds: 0,
    maxWrappingTtlSeconds: 0,
    paginationLimit: 0,
    listFilter: '',
    mfaMethods: [],
    controlGroups: [],
    subscribeEventTypes: [],
    granting: new Map(),
  }
}

function mergeRule(draft: Draft, rule: PolicyRule, info: PolicyInfo): void {
  draft.capabilities |= rule.capabilities
  for (const bit of ALL_BITS) {
    if ((rule.capabilities & bit) === 0) continue
    const granting = draft.granting.get(bit)
    if (!granting) draft.granting.set(bit, [info])
    else if (!granting.includes(info)) granting.push(info)
  }
  // Of two bounds that are set the lower one counts, of the lower bound too: as in Vault.
  draft.minWrappingTtlSeconds = lowestSet(draft.minWrappingTtlSeconds, rule.minWrappingTtlSeconds)
  draft.maxWrappingTtlSeconds = lowestSet(draft.maxWrappingTtlSeconds, rule.maxWrappingTtlSeconds)
  draft.paginationLimit = lowestSet(draft.paginationLimit, rule.paginationLimit)
  draft.allowedParameters = mergeParameters(draft.allowedParameters, rule.allowedParameters)
  draft.deniedParameters = mergeParameters(draft.deniedParameters, rule.deniedParameters)
  addMissing(draft.requiredParameters, rule.requiredParameters)
  addMissing(draft.mfaMethods, rule.mfaMethods)
  addMissing(draft.subscribeEventTypes, rule.subscribeEventTypes)
  if (rule.controlGroup) draft.controlGroups.push(rule.controlGroup)
  if (draft.listFilter === '') draft.listFilter = rule.listFilter
}

function lowestSet(a: number, b: number): number {
  return a === 0 || b === 0 ? a + b : Math.min(a, b)
}

function addMissing(texts: string[], more: readonly string[]): void {
  for (const text of more) if (!texts.includes(text)) texts.push(text)
}

/** Values of both; an empty list means any value and takes over. */
function mergeParameters(
  into: Map<string, readonly unknown[]> | null,
  rules: ParameterRules | null,
): Map<string, readonly unknown[]> | null {
  if (rules === null) return into
  if (into === null) return new Map(rules)
  for (const [name, values] of rules) {
    const before = into.get(name)
    const isAny = values.length === 0 || before?.length === 0
    into.set(name, isAny ? [] : [...(before ?? []), ...values])
  }
  return into
}
