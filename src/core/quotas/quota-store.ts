// Quotas and their settings in storage, and compiled in memory for the core epoch that was followed last.
import { badRequest } from '../../base/errors.ts'
import { CORE_EPOCH_KEY } from '../keys.ts'
import type { CoreStorage, CoreTx } from '../store.ts'
import {
  type AnyQuotaRule,
  type LeaseCountRule,
  type RateLimitRule,
  RuleTable,
  sameScope,
} from './quota-rule.ts'

export interface QuotaConfig {
  readonly exemptPaths: readonly string[]
  /** Refusals leave audit lines too. */
  readonly auditsRefusals: boolean
  /** Replies say what is left of the limit. */
  readonly sendsHeaders: boolean
}

/** Paths that must answer whoever floods the server: its health and its unsealing. */
const DEFAULT_CONFIG: QuotaConfig = {
  exemptPaths: [
    'sys/generate-recovery-token/attempt',
    'sys/generate-recovery-token/update',
    'sys/generate-root/attempt',
    'sys/generate-root/update',
    'sys/health',
    'sys/seal-status',
    'sys/unseal',
  ],
  auditsRefusals: false,
  sendsHeaders: false,
}

const QUOTA_PREFIX = 'core/quota/'
const CONFIG_KEY = 'core/quota-config'
const prefixOf = (kind: AnyQuotaRule['kind']): string => `${QUOTA_PREFIX}${kind}/`

export interface ActiveQuotas {
  readonly rates: RuleTable<RateLimitRule>
  /** null: no lease is counted. */
  readonly leaseCounts: RuleTable<LeaseCountRule> | null
  readonly config: QuotaConfig
  isExempt(path: string): boolean
}

export class QuotaStore {
  readonly #storage: CoreStorage
  #active: ActiveQuotas | null = null

  constructor(storage: CoreStorage) {
    this.#storage = storage
  }

  /** null while there is no quota at all: what every request asks. */
  get active(): ActiveQuotas | null {
    return this.#active
  }

  /** Reads what is stored; the answer makes it current. */
  async load(): Promise<() => void> {
    const active = await this.fresh()
    return () => {
      this.#active = active
    }
  }

  /** As stored right now. */
  async fresh(): Promise<ActiveQuotas | null> {
    const keys = await this.#storage.range(QUOTA_PREFIX)
    const rules: AnyQuotaRule[] = []
    for (const key of keys) {
      const entry = await this.#storage.get(key)
      if (entry) rules.push(entry.json<AnyQuotaRule>())
    }
    return rules.length === 0 ? null : compile(rules, await this.config())
  }

  async config(): Promise<QuotaConfig> {
    return (await this.#storage.get(CONFIG_KEY))?.json<QuotaConfig>() ?? DEFAULT_CONFIG
  }

  async setConfig(change: Partial<QuotaConfig>): Promise<void> {
    const config = { ...(await this.config()), ...change }
    await this.#storage.transaction(async (tx) => {
      tx.put(CONFIG_KEY, { json: config })
      tx.touch(CORE_EPOCH_KEY)
    })
  }

  async names(kind: AnyQuotaRule['kind']): Promise<readonly string[]> {
    return this.#storage.list(prefixOf(kind))
  }

  async get<K extends AnyQuotaRule['kind']>(
    kind: K,
    name: string,
  ): Promise<Extract<AnyQuotaRule, { kind: K }> | null> {
    const entry = await this.#storage.get(prefixOf(kind) + name)
    return entry?.json<Extract<AnyQuotaRule, { kind: K }>>() ?? null
  }

  /** Throws 400 where another rule has the same scope. `alongside` joins the commit. */
  async put(
    rule: AnyQuotaRule,
    alongside?: (tx: CoreTx, old: AnyQuotaRule | null) => void,
  ): Promise<void> {
    const prefix = prefixOf(rule.kind)
    await this.#storage.transaction(async (tx) => {
      // Reading the epoch makes changes of quotas serial, so that the look at the others holds.
      await tx.get(CORE_EPOCH_KEY)
      const old = (await tx.get(prefix + rule.name))?.json<AnyQuotaRule>() ?? null
      for (const name of await tx.list(prefix)) {
        if (name === rule.name) continue
        const other = (await this.#storage.get(prefix + name))?.json<AnyQuotaRule>()
        if (other && sameScope(other.scope, rule.scope)) {
          throw badRequest(`quota rule with similar properties exists under the name "${name}"`)
        }
      }
      tx.put(prefix + rule.name, { json: rule })
      tx.touch(CORE_EPOCH_KEY)
      alongside?.(tx, old)
    })
  }

  async remove(
    kind: AnyQuotaRule['kind'],
    name: string,
    alongside?: (tx: CoreTx, old: AnyQuotaRule) => void,
  ): Promise<void> {
    await this.#storage.transaction(async (tx) => {
      const old = (await tx.get(prefixOf(kind) + name))?.json<AnyQuotaRule>()
      if (!old) return
      tx.delete(prefixOf(kind) + name)
      tx.touch(CORE_EPOCH_KEY)
      alongside?.(tx, old)
    })
  }
}

function compile(rules: readonly AnyQuotaRule[], config: QuotaConfig): ActiveQuotas {
  const exact = new Set(config.exemptPaths.filter((path) => !path.endsWith('*')))
  const starts = config.exemptPaths
    .filter((path) => path.endsWith('*'))
    .map((path) => path.slice(0, -1))
  const counts = rules.filter((rule) => rule.kind === 'lease-count')
  return {
    rates: new RuleTable(rules.filter((rule) => rule.kind === 'rate-limit')),
    leaseCounts: counts.length === 0 ? null : new RuleTable(counts),
    config,
    isExempt: (path) => exact.has(path) || starts.some((start) => path.startsWith(start)),
  }
}
