// What a handler sees of the world: its mount, the request, the caller. Nothing is ambient; all of it is
// passed. Core builds these; plugins never construct them.
import type { Clock } from '../base/clock.ts'
import type { Json } from '../base/json.ts'
import type { Random } from '../base/random.ts'
import type { JobKind } from './job.ts'
import type { Lease, LeaseKind, LeaseRequest } from './lease.ts'
import type { Log } from './log.ts'
import type { ResourceKind } from './resource.ts'
import type { Rotations } from './rotation.ts'
import type { Storage, Tx } from './storage.ts'

export interface Namespace {
  /** Five characters, or 'root'. */
  readonly id: string
  /** '' for the root namespace, else 'a/b/' (ends in a slash). */
  readonly path: string
}

export interface MountInfo {
  readonly id: string
  readonly accessor: string
  readonly type: string
  /** 'secret/' or 'auth/userpass/', relative to its namespace. */
  readonly path: string
  readonly class: 'secret' | 'auth'
  readonly options: Readonly<Record<string, string>>
  /** The mount's own TTLs in seconds; 0 where the system's apply. */
  readonly defaultTtlSeconds: number
  readonly maxTtlSeconds: number
}

/** What core does for a mount beyond storage. */
export interface MountServices {
  /** The TTLs that apply to this mount: its own or the system's. */
  ttls(): { readonly defaultSeconds: number; readonly maxSeconds: number }
  /** How many processes of this host serve the mount: what is bounded for the host is divided by it. */
  readonly processes: number
  /** A password by a named password policy of the namespace; without a name, 20 characters of ours. */
  password(policy?: string): Promise<string>
}

export interface MountContext {
  readonly namespace: Namespace
  readonly mount: MountInfo
  readonly storage: Storage
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Aborts on disconnect, revocation of the caller and seal. */
  readonly signal: AbortSignal
  readonly services: MountServices
  /** Secrets of this mount that are replaced in their time. */
  readonly rotation: Rotations
  /**
   * Schedules a job of this plugin as part of the transaction's commit. A job of that kind and id that
   * still waits is replaced.
   */
  schedule<I>(
    tx: Tx,
    kind: JobKind<I>,
    job: { readonly id: string; readonly atMs: number; readonly item: I },
  ): Promise<void>
  /** Takes a waiting job back as part of the commit; one that runs right now runs to its end. */
  unschedule<I>(tx: Tx, kind: JobKind<I>, id: string): Promise<void>
  /** Uses a long-lived thing (connection pool, parsed key) that lives while what built it still stands. */
  use<R, T>(kind: ResourceKind<R>, key: string, body: (resource: R) => Promise<T>): Promise<T>
}

/** The authenticated caller. */
export interface Auth {
  readonly accessor: string
  readonly tokenType: 'service' | 'batch'
  readonly displayName: string
  /** All policies that count, sorted; tokenPolicies and identityPolicies are their two sources. */
  readonly policies: readonly string[]
  readonly tokenPolicies: readonly string[]
  readonly identityPolicies: readonly string[]
  /** '' where the token belongs to no entity. */
  readonly entityId: string
  readonly metadata: Readonly<Record<string, string>>
  readonly namespace: Namespace
}

export interface ClientInfo {
  readonly remoteAddress: string
  readonly remotePort: number
  /** An allow-listed request header, lower-case name. */
  header(name: string): string | undefined
  /** DER certificates that the TLS peer sent, leaf first; empty without TLS. */
  peerCertificates(): readonly Buffer[]
}

export interface RequestContext extends MountContext {
  /** The request's id, as in the envelope and the audit log. */
  readonly id: string
  /** null where the row takes no token. */
  readonly auth: Auth | null
  readonly client: ClientInfo
  /** The path below the mount, decoded, without a leading slash. */
  readonly path: string
  /** True when an earlier `exists` said that the thing is not there yet. */
  readonly creating: boolean
  /** The whole body of a row with body 'free' (a JSON object), 'bytes' (a Buffer); else null. */
  readonly body: Json | Buffer
  /** Stores a lease as pending; answering with it activates it, a throw queues its revocation. */
  lease<I>(kind: LeaseKind<I>, of: LeaseRequest<I>): Promise<Lease>
}
