// A token as it is stored, under ns/<namespace>/token/<hash>. Fields that hold their default are left
// out, since an entry is written and read on the hottest paths. The token's text is nowhere in it.

export interface TokenEntry {
  readonly policies: readonly string[]
  /** 'auth/token/create', 'auth/userpass/login/ann': where it was made, relative to its namespace. */
  readonly path: string
  readonly displayName: string
  readonly metadata: Readonly<Record<string, string>> | null
  readonly createdAtMs: number
  /** Its life when it was made (creation_ttl); 0: it never ends. */
  readonly ttlSeconds: number
  /** 0: never. */
  readonly expiresAtMs: number
  readonly explicitMaxTtlSeconds: number
  readonly periodSeconds: number
  /** Uses left; 0: no limit; -1: the last one was spent, and the token is about to be revoked. */
  readonly numUses: number
  /** When the last use was spent; 0 before. */
  readonly spentAtMs: number
  readonly renewable: boolean
  /** 0: never renewed. */
  readonly renewedAtMs: number
  /** The token role it was made by; ''. */
  readonly role: string
  readonly boundCidrs: readonly string[]
  readonly entityId: string
  /** Accessors from the root of its tree down to its parent; empty for an orphan. */
  readonly ancestors: readonly string[]
  /** Marks that are set in the same commit as the first of each, and never taken back. */
  readonly hasChildren: boolean
  readonly hasLeases: boolean
  readonly hasCubbyhole: boolean
  /** A wrapping token: a response is stored with it. */
  readonly isWrapping: boolean
  /** Of a login: the auth mount and what it keeps for the renewal. */
  readonly mountId: string
  readonly internal: Readonly<Record<string, unknown>> | null
  readonly maxTtlSeconds: number
  readonly noIdentityPolicies: boolean
}

/** Where the root token of the initialisation says that it was made. */
export const ROOT_TOKEN_PATH = 'auth/token/root'

/** The defaults; what equals them is not stored. */
export const EMPTY_TOKEN: TokenEntry = {
  policies: [],
  path: '',
  displayName: '',
  metadata: null,
  createdAtMs: 0,
  ttlSeconds: 0,
  expiresAtMs: 0,
  explicitMaxTtlSeconds: 0,
  periodSeconds: 0,
  numUses: 0,
  spentAtMs: 0,
  renewable: false,
  renewedAtMs: 0,
  role: '',
  boundCidrs: [],
  entityId: '',
  ancestors: [],
  hasChildren: false,
  hasLeases: false,
  hasCubbyhole: false,
  isWrapping: false,
  mountId: '',
  internal: null,
  maxTtlSeconds: 0,
  noIdentityPolicies: false,
}

/** The entry as JSON text, without what is default. */
export function encodeEntry(entry: TokenEntry): string {
  return JSON.stringify({
    policies: entry.policies,
    path: entry.path,
    displayName: entry.displayName,
    metadata: entry.metadata ?? undefined,
    createdAtMs: entry.createdAtMs,
    ttlSeconds: entry.ttlSeconds || undefined,
    expiresAtMs: entry.expiresAtMs || undefined,
    explicitMaxTtlSeconds: entry.explicitMaxTtlSeconds || undefined,
    periodSeconds: entry.periodSeconds || undefined,
    numUses: entry.numUses || undefined,
    spentAtMs: entry.spentAtMs || undefined,
    renewable: entry.renewable || undefined,
    renewedAtMs: entry.renewedAtMs || undefined,
    role: entry.role || undefined,
    boundCidrs: entry.boundCidrs.length > 0 ? entry.boundCidrs : undefined,
    entityId: entry.entityId || undefined,
    ancestors: entry.ancestors.length > 0 ? entry.ancestors : undefined,
    hasChildren: entry.hasChildren || undefined,
    hasLeases: entry.hasLeases || undefined,
    hasCubbyhole: entry.hasCubbyhole || undefined,
    isWrapping: entry.isWrapping || undefined,
    mountId: entry.mountId || undefined,
    internal: entry.internal ?? undefined,
    maxTtlSeconds: entry.maxTtlSeconds || undefined,
    noIdentityPolicies: entry.noIdentityPolicies || undefined,
  })
}

export const decodeEntry = (text: string): TokenEntry => ({
  ...EMPTY_TOKEN,
  ...(JSON.parse(text) as Partial<TokenEntry>),
})

/** Accessor of the parent; null for an orphan. */
export const parentOf = (entry: TokenEntry): string | null => entry.ancestors.at(-1) ?? null

/** Over by the clock, or its last use is spent. */
export const isOver = (entry: TokenEntry, nowMs: number): boolean =>
  entry.numUses < 0 || (entry.expiresAtMs !== 0 && entry.expiresAtMs <= nowMs)
