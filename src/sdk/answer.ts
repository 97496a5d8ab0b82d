// What a handler answers: exactly one of these shapes. Core makes of it the reply, the audit line, the
// lease, the token or the wrapping.
import type { RawJson } from '../base/json.ts'
import type { Lease } from './lease.ts'

type Warnings = { readonly warnings?: readonly string[] }

/** The fields of `data`, in the order in which they are to be printed. */
export type Data = Readonly<Record<string, unknown>>

/** A successful login; core mints the token from it. */
export interface Login {
  /** Who logged in, unique below the mount: becomes the entity's alias. */
  readonly alias: { readonly name: string; readonly metadata?: Readonly<Record<string, string>> }
  readonly displayName: string
  readonly policies: readonly string[]
  readonly metadata?: Readonly<Record<string, string>>
  readonly ttlSeconds?: number
  readonly maxTtlSeconds?: number
  readonly explicitMaxTtlSeconds?: number
  readonly periodSeconds?: number
  readonly numUses?: number
  readonly boundCidrs?: readonly string[]
  readonly tokenType?: 'service' | 'batch' | 'default'
  readonly noDefaultPolicy?: boolean
  /** Kept with the token for `renew`. */
  readonly internal?: Readonly<Record<string, unknown>>
}

/** The `auth` block of a reply: what token create and renew answer. */
export interface AuthBlock {
  readonly client_token: string
  readonly accessor: string
  readonly policies: readonly string[]
  readonly token_policies: readonly string[]
  readonly identity_policies: readonly string[] | undefined
  readonly metadata: Readonly<Record<string, string>> | null
  readonly lease_duration: number
  readonly renewable: boolean
  readonly entity_id: string
  readonly token_type: 'service' | 'batch'
  readonly orphan: boolean
  readonly mfa_requirement: null
  readonly num_uses: number
}

/** What a caller gets in place of a wrapped response. */
export interface WrapInfo {
  readonly token: string
  readonly accessor: string
  /** Seconds. */
  readonly ttl: number
  readonly creation_time: string
  readonly creation_path: string
  readonly wrapped_accessor?: string
}

export interface RawReply {
  readonly status: number
  /** Flat list of names and values. */
  readonly headers: readonly string[]
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array> | null
}

export type Answer =
  | (Warnings & {
      /** RawJson is the text of an object; null goes with a status or warnings of its own. */
      readonly data: Data | RawJson | null
      /** 200 unless said otherwise. */
      readonly status?: number
      readonly lease?: Lease
      /** For data that is no lease but whose envelope names a life (KV v1: 2764800). */
      readonly leaseSeconds?: number
    })
  | (Warnings & { readonly login: Login })
  | (Warnings & {
      readonly auth: AuthBlock
      /** The token was there before: it stays, whatever becomes of this answer. */
      readonly isRenewal?: true
      readonly data?: Data
    })
  /** A response that is wrapped already (sys/wrapping/rewrap). */
  | (Warnings & { readonly wrapInfo: WrapInfo })
  /** 404 {"errors":[]} for read, list and scan; else 204. */
  | (Warnings & { readonly empty: true })
  | { readonly redirect: string }
  | { readonly raw: RawReply }
