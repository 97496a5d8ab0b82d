// The smaller blocks of the server's configuration: storage, seal, audit, telemetry, user_lockout.
import { HclError } from './base/hcl.ts'
import {
  applyHandlers,
  type HclBlock,
  type HclHandlers,
  readBoolean,
  readInteger,
  readPairs,
  readSeconds,
  readText,
  readTexts,
  toJson,
  uniqueItems,
} from './base/hcl-values.ts'
import { setOwn, stringifyJson } from './base/json.ts'
import { didYouMean } from './base/nearest.ts'

export interface StorageConfig {
  /** 'lmdb', 'memory', … */
  readonly type: string
  readonly options: Readonly<Record<string, string>>
}
export interface SealConfig {
  readonly type: string
  readonly disabled: boolean
  /** May hold secrets: never printed. */
  readonly options: Readonly<Record<string, string>>
}
export interface AuditConfig {
  readonly type: string
  /** Ends in a slash. */
  readonly path: string
  readonly description: string
  readonly options: Readonly<Record<string, string>>
  readonly local: boolean
}
export interface TelemetryConfig {
  readonly prometheusRetentionSeconds: number
  readonly disableHostname: boolean
  readonly enableHostnameLabel: boolean
  readonly metricsPrefix: string
  /** 0 turns the gauges off. */
  readonly usageGaugePeriodSeconds: number
  readonly maximumGaugeCardinality: number
  readonly leaseMetricsEpsilonSeconds: number
  readonly leaseMetricsBuckets: number
  readonly leaseMetricsNamespaceLabels: boolean
  readonly filterDefault: boolean
  readonly prefixFilter: readonly string[]
}
export interface UserLockoutConfig {
  readonly threshold: number
  readonly durationSeconds: number
  readonly counterResetSeconds: number
  readonly disabled: boolean
}

export type Warn = (text: string) => void

/** Other servers' storages that keep their data in a folder, as ours does. */
const FOLDER_STORAGES = ['file', 'raft']

export function readStorage(block: HclBlock, known: readonly string[], warn: Warn): StorageConfig {
  const options: Record<string, string> = {}
  for (const [name, item] of uniqueItems(block.body.items, 'storage')) {
    const value = toJson(item.value)
    setOwn(options, name, typeof value === 'string' ? value : stringifyJson(value))
  }
  const written = block.labels[0] ?? ''
  if (FOLDER_STORAGES.includes(written) && !known.includes(written)) {
    if (!options.path) throw new HclError(block.at, `storage "${written}" takes "path", a folder`)
    warn(
      `storage "${written}" is read as storage "lmdb" in the folder it names: a store of its own, ` +
        'which does not read what another server left there',
    )
    return { type: 'lmdb', options: { path: options.path } }
  }
  const type = written === 'inmem' ? 'memory' : written
  if (!known.includes(type)) {
    const got = written === '' ? 'none' : `"${written}"`
    const hint = didYouMean(written, known)
    const names = known.map((name) => `"${name}"`).join(', ')
    throw new HclError(block.at, `storage is of type ${names}, got ${got}${hint}`)
  }
  if (type === 'lmdb' && !options.path) {
    throw new HclError(block.at, 'storage "lmdb" takes "path", the folder for its data')
  }
  return { type, options }
}

export function readSeal(block: HclBlock): SealConfig {
  const type = (block.labels[0] ?? '').toLowerCase()
  if (type === '')
    throw new HclError(block.at, 'expected the type of the seal in quotes after "seal"')
  const options: Record<string, string> = {}
  let disabled = false
  for (const [name, { value }] of uniqueItems(block.body.items, 'seal')) {
    if (name === 'disabled') disabled = readBoolean(value, name)
    else if (name === 'purpose') readTexts(value, name, true)
    else setOwn(options, name, readText(value, name))
  }
  return { type, disabled, options }
}

export function readAudit(block: HclBlock): AuditConfig {
  let [type = '', path = ''] = block.labels
  let description = ''
  let local = false
  let options: Record<string, string> = {}
  applyHandlers(
    block.body.items,
    {
      type: (value, name) => {
        type = readText(value, name)
      },
      path: (value, name) => {
        path = readText(value, name)
      },
      description: (value, name) => {
        description = readText(value, name)
      },
      local: (value, name) => {
        local = readBoolean(value, name)
      },
      options: (value, name) => {
        options = readPairs(value, name)
      },
    },
    'audit',
  )
  if (type === '' || path === '') {
    throw new HclError(
      block.at,
      'an audit block takes a type and a path: audit "file" "to-disk" { … }',
    )
  }
  return { type, path: path.endsWith('/') ? path : `${path}/`, description, options, local }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export function defaultTelemetry(): Mutable<TelemetryConfig> {
  return {
    prometheusRetentionSeconds: 24 * 3600,
    disableHostname: false,
    enableHostnameLabel: false,
    metricsPrefix: '',
    usageGaugePeriodSeconds: 600,
    maximumGaugeCardinality: 500,
    leaseMetricsEpsilonSeconds: 3600,
    leaseMetricsBuckets: 168,
    leaseMetricsNamespaceLabels: false,
    filterDefault: true,
    prefixFilter: [],
  }
}

/** Sinks of other metrics systems, which have no effect here: Prometheus is what is served. */
const OTHER_SINKS = /^(statsite|statsd|circonus|dogstatsd|stackdriver)_/

export function readTelemetry(block: HclBlock, warn: Warn): TelemetryConfig {
  const draft = defaultTelemetry()
  const handlers: Record<string, HclHandlers[string]> = {
    prometheus_retention_time: (value, name) => {
      draft.prometheusRetentionSeconds = readSeconds(value, name)
    },
    disable_hostname: (value, name) => {
      draft.disableHostname = readBoolean(value, name)
    },
    enable_hostname_label: (value, name) => {
      draft.enableHostnameLabel = readBoolean(value, name)
    },
    metrics_prefix: (value, name) => {
      draft.metricsPrefix = readText(value, name)
    },
    usage_gauge_period: (value, name) => {
      const isNone = value.kind === 'string' && value.value === 'none'
      draft.usageGaugePeriodSeconds = isNone ? 0 : readSeconds(value, name)
    },
    maximum_gauge_cardinality: (value, name) => {
      draft.maximumGaugeCardinality = readInteger(value, name)
    },
    lease_metrics_epsilon: (value, name) => {
      draft.leaseMetricsEpsilonSeconds = readSeconds(value, name)
    },
    num_lease_metrics_buckets: (value, name) => {
      draft.leaseMetricsBuckets = readInteger(value, name, 1)
    },
    add_lease_metrics_namespace_labels: (value, name) => {
      draft.leaseMetricsNamespaceLabels = readBoolean(value, name)
    },
    filter_default: (value, name) => {
      draft.filterDefault = readBoolean(value, name)
    },
    prefix_filter: (value, name) => {
      draft.prefixFilter = readTexts(value, name)
    },
  }
  for (const { keys, at } of block.body.items) {
    const name = keys[0]!.value
    if (!OTHER_SINKS.test(name)) continue
    handlers[name] = () => warn(`telemetry "${name}" has no effect here (line ${at.line})`)
  }
  applyHandlers(block.body.items, handlers, 'telemetry')
  return draft
}

const LOCKOUT_TYPES = ['all', 'userpass', 'ldap', 'approle']
const LOCKOUT_DEFAULTS: UserLockoutConfig = {
  threshold: 5,
  durationSeconds: 900,
  counterResetSeconds: 900,
  disabled: false,
}

/** By type of auth method; 'all' is always there, and what a type leaves out comes from it. */
export function readUserLockouts(blocks: readonly HclBlock[]): Map<string, UserLockoutConfig> {
  const parts = new Map<string, Partial<Mutable<UserLockoutConfig>>>()
  for (const block of blocks) {
    const type = (block.labels[0] ?? '').toLowerCase()
    if (!LOCKOUT_TYPES.includes(type)) {
      const names = LOCKOUT_TYPES.map((name) => `"${name}"`).join(', ')
      throw new HclError(block.at, `user_lockout is for one of ${names}`)
    }
    const part: Partial<Mutable<UserLockoutConfig>> = {}
    const handlers: HclHandlers = {
      lockout_threshold: (value, name) => {
        part.threshold = readInteger(value, name, 1)
      },
      lockout_duration: (value, name) => {
        part.durationSeconds = readSeconds(value, name)
      },
      lockout_counter_reset: (value, name) => {
        part.counterResetSeconds = readSeconds(value, name)
      },
      disable_lockout: (value, name) => {
        part.disabled = readBoolean(value, name)
      },
    }
    applyHandlers(block.body.items, handlers, 'user_lockout')
    parts.set(type, part)
  }
  const all: UserLockoutConfig = { ...LOCKOUT_DEFAULTS, ...parts.get('all') }
  const result = new Map([['all', all]])
  for (const [type, part] of parts) if (type !== 'all') result.set(type, { ...all, ...part })
  return result
}
