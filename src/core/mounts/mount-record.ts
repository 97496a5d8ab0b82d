// A mount as it is stored, one entry per mount: ns/<namespace>/mount/<id>. Its data lives under its id,
// so that a remount changes one field of one record.
import type { MountInfo } from '../../sdk/context.ts'

export interface MountConfig {
  /** 0: the system's default applies. Seconds. */
  readonly defaultTtlSeconds: number
  readonly maxTtlSeconds: number
  readonly forceNoCache: boolean
  readonly auditNonHmacRequestKeys?: readonly string[]
  readonly auditNonHmacResponseKeys?: readonly string[]
  /** '' means hidden, as in Vault. */
  readonly listingVisibility?: 'hidden' | 'unauth' | ''
  readonly passthroughRequestHeaders?: readonly string[]
  readonly allowedResponseHeaders?: readonly string[]
  readonly tokenType?: 'default-service' | 'default-batch' | 'service' | 'batch'
}

export interface MountRecord {
  readonly id: string
  readonly accessor: string
  readonly class: 'secret' | 'auth'
  readonly type: string
  /** With its trailing slash and, for auth methods, with 'auth/' in front. */
  readonly path: string
  readonly description: string
  readonly createdAtMs: number
  readonly config: MountConfig
  readonly options: Readonly<Record<string, string>> | null
  readonly local: boolean
  readonly sealWrap: boolean
  readonly externalEntropyAccess: boolean
  readonly pluginVersion: string
}

export const defaultMountConfig: MountConfig = {
  defaultTtlSeconds: 0,
  maxTtlSeconds: 0,
  forceNoCache: false,
}

export function mountInfo(record: MountRecord): MountInfo {
  return {
    id: record.id,
    accessor: record.accessor,
    type: record.type,
    path: record.path,
    class: record.class,
    options: record.options ?? {},
    defaultTtlSeconds: record.config.defaultTtlSeconds,
    maxTtlSeconds: record.config.maxTtlSeconds,
  }
}
