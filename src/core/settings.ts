// What the configuration file settles for core: lives, limits, what may be asked for over the API.

export interface Settings {
  readonly defaultTtlSeconds: number
  readonly maxTtlSeconds: number
  readonly clusterName: string
  /** Processes of this host that serve; absent: one. */
  readonly processes?: number
  readonly apiAddr: string
  readonly storageType: string
  readonly rawStorageEndpoint: boolean
  readonly introspectionEndpoint: boolean
  readonly allowAuditLogPrefixing: boolean
  /** Folders that an audit file named by a request must lie in; empty: anywhere. */
  readonly auditFileDirectories: readonly string[]
  /** Whether sys/metrics answers callers without a token. */
  readonly unauthenticatedMetrics: boolean
  /** Whether sys/in-flight-req answers callers without a token. */
  readonly unauthenticatedInFlight: boolean
  /** Whether rekeying and the making of a root token ask for shares alone, as Vault does, or a token too. */
  readonly unauthenticatedRekey: boolean
  readonly unauthenticatedGenerateRoot: boolean
  /** Tests: an answer that its row does not declare is a bug and fails. */
  readonly isStrict?: boolean
  /** The configuration as sys/config/state/sanitized shows it: without secrets. */
  readonly sanitized: Readonly<Record<string, unknown>>
}
