// Policies as they are stored, one entry each under their namespace, and the ACLs made from them. Parsed
// policies and ACLs are kept per namespace for the version of its epoch: tokens with the same policies
// share one ACL, and any change to a policy moves the epoch.

import type { Clock } from '../../base/clock.ts'
import { ApiError, badRequest } from '../../base/errors.ts'
import { namespaceEpochKey, policyPrefix } from '../keys.ts'
import type { NamespaceRecord } from '../mounts/topology.ts'
import type { CoreStorage } from '../store.ts'
import type { Acl } from './acl.ts'
import {
  DEFAULT_POLICY_TEXT,
  IMMUTABLE_POLICIES,
  RESPONSE_WRAPPING_POLICY_TEXT,
  ROOT_POLICY,
} from './builtin-policies.ts'
import { type AclPolicy, compileAcl } from './compile-acl.ts'
import { NO_IDENTITY, type TemplateIdentity } from './identity-template.ts'
import { parsePolicy } from './parse-policy.ts'
import type { Policy } from './policy.ts'

export interface StoredPolicy {
  readonly name: string
  readonly text: string
  readonly modifiedAtMs: number
  /** Counts up with each change. */
  readonly version: number
  /** Every change must say which version it changes. */
  readonly casRequired?: boolean
  /** From then on it grants and denies nothing. */
  readonly expiresAtMs?: number
}

/** What a change says beside the text; what is absent stays as it was, null takes it back. */
export interface PolicyChange {
  readonly text?: string
  readonly cas?: number
  readonly casRequired?: boolean
  readonly expiresAtMs?: number | null
}

interface LivePolicy {
  readonly policy: Policy
  readonly expiresAtMs: number | null
}

/** Namespaces whose policies are kept in memory, and ACLs of each, before the oldest go. */
const MAX_CACHED_NAMESPACES = 500
const MAX_CACHED_ACLS = 5000

interface Compiled {
  readonly epoch: string
  readonly policies: Map<string, Promise<LivePolicy | null>>
  readonly acls: Map<string, Acl>
}

export class PolicyStore {
  readonly #storage: CoreStorage
  readonly #clock: Clock
  readonly #startedAtMs: number
  readonly #compiled = new Map<string, Compiled>()

  constructor(storage: CoreStorage, clock: Clock) {
    this.#storage = storage
    this.#clock = clock
    this.#startedAtMs = clock.now()
  }

  /** null where there is none; `root` has no text. */
  async get(namespace: NamespaceRecord, name: string): Promise<StoredPolicy | null> {
    const known = canonical(name)
    if (known === 'root') return builtIn('root', '', this.#startedAtMs)
    if (known === 'response-wrapping')
      return builtIn(known, RESPONSE_WRAPPING_POLICY_TEXT, this.#startedAtMs)
    const entry = await this.#storage.get(keyOf(namespace, known))
    if (entry) return entry.json<StoredPolicy>()
    return known === 'default' ? builtIn('default', DEFAULT_POLICY_TEXT, this.#startedAtMs) : null
  }

  async list(
    namespace: NamespaceRecord,
    page: { after?: string; limit?: number },
  ): Promise<string[]> {
    const stored = await this.#storage.list(policyPrefix(namespace.id), page)
    const names = new Set(stored)
    for (const builtIn of ['default', ...(namespace.path === '' ? ['root'] : [])]) {
      if (page.after === undefined || builtIn > page.after) names.add(builtIn)
    }
    return [...names].sort().slice(0, page.limit)
  }

  /** Throws 400 where the text doesn't parse or another version is there. Answers warnings. */
  async put(
    namespace: NamespaceRecord,
    name: string,
    change: PolicyChange & { readonly text: string },
  ): Promise<readonly string[]> {
    return this.#change(namespace, name, change, (old, known) => ({
      name: known,
      text: change.text,
      modifiedAtMs: this.#clock.now(),
      version: (old?.version ?? 0) + 1,
      ...(change.casRequired ? { casRequired: true } : undefined),
      ...(change.expiresAtMs ? { expiresAtMs: change.expiresAtMs } : undefined),
    }))
  }

  /** Changes what is named and leaves the rest. Throws 400 where there is none. */
  async patch(
    namespace: NamespaceRecord,
    name: string,
    change: PolicyChange,
  ): Promise<readonly string[]> {
    return this.#change(namespace, name, change, (old) => {
      if (!old) throw badRequest('policy not found')
      const { casRequired, expiresAtMs, ...rest } = old
      const required = change.casRequired ?? casRequired
      const until = change.expiresAtMs === undefined ? expiresAtMs : change.expiresAtMs
      return {
        ...rest,
        text: change.text ?? old.text,
        modifiedAtMs: this.#clock.now(),
        version: old.version + 1,
        ...(required ? { casRequired: true } : undefined),
        ...(until ? { expiresAtMs: until } : undefined),
      }
    })
  }

  async #change(
    namespace: NamespaceRecord,
    name: string,
    { text, cas, expiresAtMs }: PolicyChange,
    make: (old: StoredPolicy | null, known: string) => StoredPolicy,
  ): Promise<readonly string[]> {
    const known = canonical(name)
    if (IMMUTABLE_POLICIES.includes(known)) throw badRequest(`cannot update "${known}" policy`)
    if (known === '' || known.includes('/'))
      throw badRequest('a policy name cannot be empty or hold "/"')
    if (text !== undefined) parseOrRefuse(known, text)
    if (expiresAtMs && expiresAtMs <= this.#clock.now()) {
      throw badRequest('refusing to update policy as expiration time has already elapsed')
    }
    await this.#storage.transaction(async (tx) => {
      const key = keyOf(namespace, known)
      const old = (await tx.get(key))?.json<StoredPolicy>() ?? null
      if (cas === undefined && old?.casRequired) {
        throw badRequest('check-and-set parameter required for this call')
      }
      if (cas !== undefined && cas !== (old?.version ?? -1)) {
        throw badRequest('check-and-set parameter did not match the current version')
      }
      tx.put(key, { json: make(old, known) })
      tx.touch(namespaceEpochKey(namespace.id))
    })
    return known === name ? [] : [`policy name was converted to ${known}`]
  }

  async remove(namespace: NamespaceRecord, name: string): Promise<void> {
    const known = canonical(name)
    if (IMMUTABLE_POLICIES.includes(known) || known === 'default') {
      throw badRequest(`cannot delete "${known}" policy`)
    }
    await this.#storage.transaction(async (tx) => {
      const key = keyOf(namespace, known)
      if (!(await tx.get(key))) return
      tx.delete(key)
      tx.touch(namespaceEpochKey(namespace.id))
    })
  }

  /** The ACL of these policies in their namespace, as of the epoch; names without a policy add nothing. */
  async aclOf(
    names: readonly string[],
    namespace: NamespaceRecord,
    epoch: string,
    identity: TemplateIdentity = NO_IDENTITY,
  ): Promise<Acl> {
    const compiled = this.#compiledOf(namespace, epoch)
    const shared = names.join('\n')
    const nowMs = this.#clock.now()
    const known = identity === NO_IDENTITY ? compiled.acls.get(shared) : undefined
    if (known && nowMs < known.validUntilMs) return known
    const policies: AclPolicy[] = []
    for (const name of names) {
      const live = await this.#parsed(compiled, namespace, name)
      if (live) policies.push({ ...live, namespace: { id: namespace.id, path: namespace.path } })
    }
    const acl = compileAcl(policies, nowMs, identity)
    if (compiled.acls.size >= MAX_CACHED_ACLS) compiled.acls.clear()
    if (identity === NO_IDENTITY) compiled.acls.set(shared, acl)
    return acl
  }

  /** The version of a namespace's epoch right now; '' before the first change. */
  async epochOf(namespaceId: string): Promise<string> {
    const key = namespaceEpochKey(namespaceId)
    return (await this.#storage.readRaw([key])).get(key)?.version ?? ''
  }

  /** Forgets everything (seal). */
  clear(): void {
    this.#compiled.clear()
  }

  #compiledOf(namespace: NamespaceRecord, epoch: string): Compiled {
    const known = this.#compiled.get(namespace.id)
    if (known?.epoch === epoch) return known
    const fresh: Compiled = { epoch, policies: new Map(), acls: new Map() }
    if (this.#compiled.size >= MAX_CACHED_NAMESPACES) {
      const [oldest] = this.#compiled.keys()
      this.#compiled.delete(oldest!)
    }
    this.#compiled.delete(namespace.id)
    this.#compiled.set(namespace.id, fresh)
    return fresh
  }

  #parsed(
    compiled: Compiled,
    namespace: NamespaceRecord,
    name: string,
  ): Promise<LivePolicy | null> {
    // Outside the root namespace nobody is root: a policy of that name would be an ordinary one.
    if (name === 'root') return Promise.resolve(namespace.path === '' ? LIVE_ROOT : null)
    let policy = compiled.policies.get(name)
    if (!policy) {
      policy = this.get(namespace, name).then((stored) =>
        stored
          ? {
              policy: parsePolicy(stored.name, stored.text),
              expiresAtMs: stored.expiresAtMs ?? null,
            }
          : null,
      )
      compiled.policies.set(name, policy)
      // A failed read must not be remembered: the next request tries again.
      policy.catch(() => compiled.policies.delete(name))
    }
    return policy
  }
}

const LIVE_ROOT: LivePolicy = { policy: ROOT_POLICY, expiresAtMs: null }

/** The policies that come with the server: as old as the process as far as anybody can tell. */
const builtIn = (name: string, text: string, modifiedAtMs: number): StoredPolicy => ({
  name,
  text,
  modifiedAtMs,
  version: 1,
})

/** Policy names are case-insensitive, as in Vault. */
const canonical = (name: string): string => name.trim().toLowerCase()

const keyOf = (namespace: NamespaceRecord, name: string): string =>
  `${policyPrefix(namespace.id)}${name}`

function parseOrRefuse(name: string, text: string): void {
  try {
    parsePolicy(name, text)
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw badRequest(
      `failed to parse policy: ${error instanceof Error ? error.message : 'unreadable'}`,
    )
  }
}
