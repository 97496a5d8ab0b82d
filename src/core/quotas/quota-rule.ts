// Quotas as they are stored, one entry each, and the rule that applies to a place: the most specific one
// alone counts (role, then path, then mount, then namespace, then those inherited from above).

/** What a quota covers. The mount is kept by id, so that a remount moves it along. */
export interface QuotaScope {
  readonly namespaceId: string
  /** '' or with a trailing slash; a namespace never moves. */
  readonly namespacePath: string
  /** null: the whole namespace. */
  readonly mountId: string | null
  /** A path below the mount, '' for all; a '*' at its end takes whatever follows. */
  readonly suffix: string
  readonly role: string
  /** Of a namespace's quota: it also covers the namespaces below that have none. */
  readonly inheritable: boolean
}

interface QuotaRule {
  /** New with every change of what is counted. */
  readonly id: string
  readonly name: string
  /** As it was given, with the slash that was missing. */
  readonly path: string
  readonly scope: QuotaScope
}

export interface RateLimitRule extends QuotaRule {
  readonly kind: 'rate-limit'
  /** Requests of one client address in one interval. */
  readonly rate: number
  readonly intervalSeconds: number
  /** How long an address that went over is refused; 0: until the interval's end. */
  readonly blockSeconds: number
}

export interface LeaseCountRule extends QuotaRule {
  readonly kind: 'lease-count'
  readonly maxLeases: number
}

export type AnyQuotaRule = RateLimitRule | LeaseCountRule

/** Where a request or a lease belongs. */
export interface QuotaPlace {
  readonly namespaceId: string
  readonly namespacePath: string
  readonly mountId: string | null
  readonly mountPath: string
}

interface MountRules<R> {
  whole: R | null
  readonly byRole: Map<string, R>
  /** Longest first, so that the most specific is met first. */
  bySuffix: R[]
}

export class RuleTable<R extends QuotaRule> {
  readonly #byMount = new Map<string, MountRules<R>>()
  readonly #byNamespace = new Map<string, R>()
  /** Innermost first. */
  readonly #inherited: R[]

  constructor(rules: readonly R[]) {
    for (const rule of rules) this.#add(rule)
    this.#inherited = [...this.#byNamespace.values()]
      .filter((rule) => rule.scope.inheritable)
      .sort((a, b) => b.scope.namespacePath.length - a.scope.namespacePath.length)
  }

  /** Whether the role that a login asks for can matter at this mount. */
  asksForRole(mountId: string): boolean {
    return (this.#byMount.get(mountId)?.byRole.size ?? 0) > 0
  }

  ruleFor(place: QuotaPlace, role: string): R | null {
    const rules = place.mountId === null ? undefined : this.#byMount.get(place.mountId)
    const own =
      rules &&
      (rules.byRole.get(role) ??
        rules.bySuffix.find((rule) => covers(rule.scope.suffix, place.mountPath)) ??
        rules.whole)
    if (own) return own
    const ofNamespace = this.#byNamespace.get(place.namespaceId)
    if (ofNamespace) return ofNamespace
    const { namespacePath } = place
    return (
      this.#inherited.find((rule) => namespacePath.startsWith(rule.scope.namespacePath)) ?? null
    )
  }

  #add(rule: R): void {
    const { mountId, namespaceId, suffix, role } = rule.scope
    if (mountId === null) {
      this.#byNamespace.set(namespaceId, rule)
      return
    }
    let rules = this.#byMount.get(mountId)
    if (!rules) {
      rules = { whole: null, byRole: new Map(), bySuffix: [] }
      this.#byMount.set(mountId, rules)
    }
    if (role !== '') rules.byRole.set(role, rule)
    else if (suffix === '') rules.whole = rule
    else {
      rules.bySuffix.push(rule)
      rules.bySuffix.sort((a, b) => b.scope.suffix.length - a.scope.suffix.length)
    }
  }
}

function covers(suffix: string, path: string): boolean {
  return suffix.endsWith('*') ? path.startsWith(suffix.slice(0, -1)) : path === suffix
}

/** Two rules of one kind with the same scope would leave open which one counts. */
export function sameScope(a: QuotaScope, b: QuotaScope): boolean {
  return (
    a.namespaceId === b.namespaceId &&
    a.mountId === b.mountId &&
    a.suffix === b.suffix &&
    a.role === b.role
  )
}
