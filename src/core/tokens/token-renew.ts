// Extends a token's life: the entry gets its new end and the due mark moves, in one commit.
import { badRequest } from '../../base/errors.ts'
import { dueKey } from '../jobs/due-index.ts'
import { DUE_TOKEN, type TokenCore } from './token-core.ts'
import {
  decodeEntry,
  encodeEntry,
  isOver,
  ROOT_TOKEN_PATH,
  type TokenEntry,
} from './token-entry.ts'
import type { TokenRecord } from './token-record.ts'
import { calculateTtl } from './token-ttl.ts'

export interface Renewal {
  /** Asked for; 0: nothing. */
  readonly incrementSeconds: number
  /** The limits of the mount that made the token. */
  readonly mount: { readonly defaultSeconds: number; readonly maxSeconds: number }
  /** What its role or auth method says now; absent: what the token was made with. */
  readonly ttlSeconds?: number
  readonly periodSeconds?: number
  readonly explicitMaxTtlSeconds?: number
  readonly maxTtlSeconds?: number
}

export interface Renewed {
  readonly entry: TokenEntry
  readonly ttlSeconds: number
  readonly warnings: readonly string[]
}

/** Throws 400 in Vault's words where the token can't be renewed. */
export function renewToken(
  core: TokenCore,
  record: TokenRecord,
  renewal: Renewal,
): Promise<Renewed> {
  return core.storage.transaction(async (tx) => {
    const stored = await tx.get(record.key)
    if (!stored) throw badRequest('token not found')
    const entry = decodeEntry(stored.text())
    const now = core.clock.now()
    // The root token of the initialisation has no lease in Vault.
    if (entry.path === ROOT_TOKEN_PATH) throw badRequest('invalid lease ID')
    if (entry.expiresAtMs === 0 || !entry.renewable) throw badRequest('lease is not renewable')
    if (isOver(entry, now)) throw badRequest('lease expired')
    const { seconds, warnings } = calculateTtl({
      mount: renewal.mount,
      incrementSeconds: renewal.incrementSeconds,
      ttlSeconds: renewal.ttlSeconds ?? grantedSeconds(entry),
      periodSeconds: renewal.periodSeconds ?? entry.periodSeconds,
      explicitMaxTtlSeconds: renewal.explicitMaxTtlSeconds ?? entry.explicitMaxTtlSeconds,
      maxTtlSeconds: renewal.maxTtlSeconds ?? entry.maxTtlSeconds,
      createdAtMs: entry.createdAtMs,
      nowMs: now,
    })
    const next: TokenEntry = { ...entry, expiresAtMs: now + seconds * 1000, renewedAtMs: now }
    tx.put(record.key, encodeEntry(next))
    const { namespaceId, hash } = record
    core.due.unschedule(tx, dueKey(DUE_TOKEN, namespaceId, hash, entry.expiresAtMs))
    core.due.schedule(tx, DUE_TOKEN, namespaceId, hash, next.expiresAtMs)
    return { entry: next, ttlSeconds: seconds, warnings }
  })
}

/** The life it was last given: what a renewal gives again unless it is asked for another. */
const grantedSeconds = (entry: TokenEntry): number =>
  Math.round((entry.expiresAtMs - (entry.renewedAtMs || entry.createdAtMs)) / 1000)
