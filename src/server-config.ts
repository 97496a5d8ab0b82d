// The server's configuration: HCL or JSON, files or folders of them, to one typed value. Vault's keys
// keep their names and meaning. A key that nobody knows is an error with its line; one that Vault knows
// and that has no effect here is a warning, so that an existing file starts a server and says what it lost.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { HclError, type HclValue, parseHcl } from './base/hcl.ts'
import {
  type HclBlock,
  type HclHandlers,
  readBlocks,
  readBoolean,
  readInteger,
  readSeconds,
  readText,
  readTexts,
  refuseUnknown,
  uniqueItems,
} from './base/hcl-values.ts'
import {
  MAX_REQUEST_SECONDS,
  MAX_WORKERS,
  SYSTEM_DEFAULT_TTL_SECONDS,
  SYSTEM_MAX_TTL_SECONDS,
} from './base/limits.ts'
import {
  type AuditConfig,
  defaultTelemetry,
  readAudit,
  readSeal,
  readStorage,
  readTelemetry,
  readUserLockouts,
  type SealConfig,
  type StorageConfig,
  type TelemetryConfig,
  type UserLockoutConfig,
} from './server-config-blocks.ts'
import { type ListenerConfig, readListener } from './server-config-listener.ts'

export interface ServerConfig {
  /** null where no file names one; a server needs one. */
  readonly storage: StorageConfig | null
  readonly listeners: readonly ListenerConfig[]
  readonly seals: readonly SealConfig[]
  readonly audit: readonly AuditConfig[]
  readonly telemetry: TelemetryConfig
  readonly userLockouts: ReadonlyMap<string, UserLockoutConfig>
  readonly apiAddr: string
  readonly clusterAddr: string
  readonly clusterName: string
  readonly defaultLeaseTtlSeconds: number
  readonly maxLeaseTtlSeconds: number
  readonly defaultMaxRequestSeconds: number
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error'
  readonly logFormat: 'standard' | 'json'
  /** '' for the standard output. */
  readonly logFile: string
  readonly pidFile: string
  /** Processes that serve; 1 unless set. */
  readonly workers: number
  /** Where file audit devices that a request makes may write; empty: anywhere. */
  readonly auditFileDirectories: readonly string[]
  readonly ui: boolean
  readonly rawStorageEndpoint: boolean
  readonly introspectionEndpoint: boolean
  readonly enableResponseHeaderHostname: boolean
  readonly unsafeCrossNamespaceIdentity: boolean
  readonly unsafeAllowApiAuditCreation: boolean
  readonly unsafeRelativePaths: boolean
  readonly allowAuditLogPrefixing: boolean
  /** For the log, once it is up. */
  readonly warnings: readonly string[]
}

/** A configuration that can't be used; the message says the file, the place and what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** Storage types that a `storage` block may name; those of other servers are explained. */
const STORAGE_TYPES = ['lmdb', 'memory']

const BLOCKS: Readonly<Record<string, number>> = {
  storage: 1,
  backend: 1,
  listener: 1,
  seal: 1,
  kms: 1,
  hsm: 1,
  audit: 2,
  telemetry: 0,
  user_lockout: 1,
}
/** Keys and blocks that Vault or OpenBao know and that have no effect here. */
const WITHOUT_EFFECT = [
  ...['ha_storage', 'ha_backend', 'service_registration', 'plugin', 'initialize', 'entropy'],
  ...['sentinel', 'license_path', 'reporting', 'replication', 'cache_size', 'disable_cache'],
  ...['disable_clustering', 'cluster_cipher_suites', 'disable_performance_standby'],
  ...['disable_standby_reads', 'disable_printable_check', 'disable_sealwrap', 'disable_indexing'],
  ...['disable_sentinel_trace', 'detect_deadlocks', 'imprecise_lease_role_tracking'],
  ...['plugin_directory', 'plugin_tmpdir', 'plugin_file_uid', 'plugin_file_permissions'],
  ...['plugin_auto_download', 'plugin_auto_register', 'plugin_download_behavior'],
  ...['plugin_download_max_size', 'log_rotate_bytes', 'log_rotate_duration'],
  ...['log_rotate_max_files', 'log_requests_level', 'enable_response_header_raft_node_id'],
  ...['disable_ssc_tokens', 'experiments', 'administrative_namespace_path'],
  ...['allow_unauthenticated_workflows', 'enable_post_unseal_trace', 'post_unseal_trace_directory'],
  ...['activity_log_minimum_retention', 'adaptive_overload_protection', 'feature_flags'],
]
const LOG_LEVELS: Readonly<Record<string, ServerConfig['logLevel']>> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  notice: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  err: 'error',
}

type Draft = { -readonly [K in keyof ServerConfig]: ServerConfig[K] }

function newDraft(): Draft {
  return {
    storage: null,
    listeners: [],
    seals: [],
    audit: [],
    telemetry: defaultTelemetry(),
    userLockouts: readUserLockouts([]),
    apiAddr: '',
    clusterAddr: '',
    clusterName: '',
    defaultLeaseTtlSeconds: SYSTEM_DEFAULT_TTL_SECONDS,
    maxLeaseTtlSeconds: SYSTEM_MAX_TTL_SECONDS,
    defaultMaxRequestSeconds: MAX_REQUEST_SECONDS,
    logLevel: 'info',
    logFormat: 'standard',
    logFile: '',
    pidFile: '',
    workers: 1,
    auditFileDirectories: [],
    ui: false,
    rawStorageEndpoint: false,
    introspectionEndpoint: false,
    enableResponseHeaderHostname: false,
    unsafeCrossNamespaceIdentity: false,
    unsafeAllowApiAuditCreation: false,
    unsafeRelativePaths: false,
    allowAuditLogPrefixing: false,
    warnings: [],
  }
}

/**
 * Reads files and folders (of a folder, its *.hcl and *.json by name) in order; later ones win for single
 * keys and add to lists of blocks. Throws ConfigError.
 */
export function loadServerConfig(paths: readonly string[]): ServerConfig {
  const draft = newDraft()
  for (const path of paths.flatMap(configFiles)) {
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch (cause) {
      throw new ConfigError(`error loading configuration from ${path}: ${codeOf(cause)}`)
    }
    applyText(draft, text, path)
  }
  return settle(draft)
}

/** The same from text that is at hand; `name` stands in errors and warnings. */
export function parseServerConfig(text: string, name = 'configuration'): ServerConfig {
  const draft = newDraft()
  applyText(draft, text, name)
  return settle(draft)
}

function configFiles(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path]
    const files = readdirSync(path, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && /^[^.#].*\.(hcl|json)$/.test(entry.name))
      .map((entry) => join(path, entry.name))
      .sort()
    if (files.length === 0) {
      throw new ConfigError(`error loading configuration from ${path}: no .hcl or .json file in it`)
    }
    return files
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause
    throw new ConfigError(`error loading configuration from ${path}: ${codeOf(cause)}`)
  }
}

function codeOf(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException | null)?.code
  if (code === 'ENOENT') return 'no such file or directory'
  return code === 'EACCES' ? 'permission denied' : (code ?? 'cannot be read')
}

function applyText(draft: Draft, text: string, file: string): void {
  const warn = (words: string): void => {
    draft.warnings = [...draft.warnings, `${file}: ${words}`]
  }
  try {
    const { items } = parseHcl(text)
    const handlers = topHandlers(draft, warn)
    refuseUnknown(items, [...Object.keys(handlers), ...Object.keys(BLOCKS), ...WITHOUT_EFFECT])
    const keys = items.filter((item) => Object.hasOwn(handlers, item.keys[0]!.value))
    for (const [name, item] of uniqueItems(keys, '')) handlers[name]!(item.value, name)
    for (const item of items) {
      const name = item.keys[0]!.value
      if (WITHOUT_EFFECT.includes(name)) warn(`"${name}" has no effect here (line ${item.at.line})`)
    }
    applyBlocks(draft, (name) => readBlocks(items, name, BLOCKS[name]!), warn)
  } catch (fault) {
    if (!(fault instanceof HclError)) throw fault
    throw new ConfigError(`error loading configuration from ${file}: ${fault.message}`)
  }
}

function applyBlocks(
  draft: Draft,
  blocks: (name: string) => readonly HclBlock[],
  warn: (text: string) => void,
): void {
  const single = (name: string, found: readonly HclBlock[]): HclBlock | undefined => {
    if (found[1]) throw new HclError(found[1].at, `only one "${name}" block is permitted`)
    return found[0]
  }
  const storage = single('storage', [...blocks('storage'), ...blocks('backend')])
  if (storage) draft.storage = readStorage(storage, STORAGE_TYPES, warn)
  const telemetry = single('telemetry', blocks('telemetry'))
  if (telemetry) draft.telemetry = readTelemetry(telemetry, warn)
  const lockouts = blocks('user_lockout')
  if (lockouts.length > 0) draft.userLockouts = readUserLockouts(lockouts)
  draft.listeners = [
    ...draft.listeners,
    ...blocks('listener').map((one) => readListener(one, warn)),
  ]
  const seals = ['hsm', 'seal', 'kms'].flatMap(blocks)
  draft.seals = [...draft.seals, ...seals.map(readSeal)]
  draft.audit = [...draft.audit, ...blocks('audit').map(readAudit)]
}

function topHandlers(draft: Draft, warn: (text: string) => void): HclHandlers {
  type FieldsOf<T> = {
    [K in keyof Draft]: Draft[K] extends T ? (T extends Draft[K] ? K : never) : never
  }[keyof Draft]
  const text = (field: FieldsOf<string>) => (value: HclValue, name: string) => {
    draft[field] = readText(value, name)
  }
  const flag = (field: FieldsOf<boolean>) => (value: HclValue, name: string) => {
    draft[field] = readBoolean(value, name)
  }
  const seconds = (field: FieldsOf<number>) => (value: HclValue, name: string) => {
    const read = readSeconds(value, name)
    if (read === 0) throw new HclError(value.at, `"${name}" takes a duration above 0`)
    draft[field] = read
  }
  return {
    api_addr: text('apiAddr'),
    cluster_addr: text('clusterAddr'),
    cluster_name: text('clusterName'),
    log_file: text('logFile'),
    pid_file: text('pidFile'),
    default_lease_ttl: seconds('defaultLeaseTtlSeconds'),
    max_lease_ttl: seconds('maxLeaseTtlSeconds'),
    default_max_request_duration: seconds('defaultMaxRequestSeconds'),
    ui: flag('ui'),
    raw_storage_endpoint: flag('rawStorageEndpoint'),
    introspection_endpoint: flag('introspectionEndpoint'),
    enable_response_header_hostname: flag('enableResponseHeaderHostname'),
    unsafe_cross_namespace_identity: flag('unsafeCrossNamespaceIdentity'),
    unsafe_allow_api_audit_creation: flag('unsafeAllowApiAuditCreation'),
    unsafe_relative_paths: flag('unsafeRelativePaths'),
    allow_audit_log_prefixing: flag('allowAuditLogPrefixing'),
    audit_file_directories: (value, name) => {
      draft.auditFileDirectories = readTexts(value, name)
    },
    log_level: (value, name) => {
      const word = readText(value, name).trim().toLowerCase()
      const level = Object.hasOwn(LOG_LEVELS, word) ? LOG_LEVELS[word] : undefined
      if (!level) throw new HclError(value.at, `"${name}" takes trace, debug, info, warn or error`)
      draft.logLevel = level
    },
    log_format: (value, name) => {
      const format = readText(value, name).trim().toLowerCase()
      if (format !== 'standard' && format !== 'json') {
        throw new HclError(value.at, `"${name}" takes "standard" or "json"`)
      }
      draft.logFormat = format
    },
    workers: (value, name) => {
      draft.workers = readInteger(value, name, 1)
      if (draft.workers > MAX_WORKERS) {
        throw new HclError(value.at, `"${name}" takes at most ${MAX_WORKERS}`)
      }
    },
    disable_mlock: (value, name) => {
      if (readBoolean(value, name)) return
      warn(`"${name}" = false has no effect: memory is not locked; turn swap off, or encrypt it`)
    },
  }
}

/** What only all files together can tell. */
function settle(draft: Draft): ServerConfig {
  if (draft.defaultLeaseTtlSeconds > draft.maxLeaseTtlSeconds) {
    throw new ConfigError('default_lease_ttl is longer than max_lease_ttl')
  }
  const addresses = new Set<string>()
  for (const { address, port, type } of draft.listeners) {
    if ((type === 'unix' || port !== 0) && addresses.has(address)) {
      throw new ConfigError(`two listeners have the address ${address}`)
    }
    addresses.add(address)
  }
  const paths = new Set<string>()
  for (const { path } of draft.audit) {
    if (paths.has(path)) throw new ConfigError(`two audit blocks have the path "${path}"`)
    paths.add(path)
  }
  if (draft.seals.filter((seal) => !seal.disabled).length > 1) {
    throw new ConfigError('more than one seal is enabled; set disabled = true for all but one')
  }
  return draft
}
