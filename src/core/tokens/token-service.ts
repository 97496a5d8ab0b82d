// The token service: what the request pipeline, the endpoints, wrapping and the jobs call. It holds the
// secrets behind the token hashes, so it is made when the server is unsealed and closed when it is sealed.
import type { CoreTx } from '../store.ts'
import {
  DUE_TOKEN,
  DUE_TOKEN_CUT,
  DUE_TOKEN_END,
  DUE_TOKEN_SWEEP,
  openTokenCore,
  type TokenCore,
  type TokenDeps,
} from './token-core.ts'
import type { TokenEntry } from './token-entry.ts'
import {
  type Holding,
  hold,
  type MintedToken,
  mintInto,
  mintToken,
  type NewToken,
} from './token-mint.ts'
import type { TokenRecord } from './token-record.ts'
import { type Renewal, type Renewed, renewToken } from './token-renew.ts'
import {
  findToken,
  type LocatedToken,
  locateAccessor,
  locateToken,
  resolveToken,
  type Snapshot,
} from './token-resolve.ts'
import { expireToken, revokeOrphan, revokeToken, spendUse } from './token-revoke.ts'
import { clearCubbyhole, sweepCut, sweepTree } from './token-sweep.ts'
import type { TokenRef } from './token-text.ts'

/** Runs what a due mark of a token stands for. True: done, the mark can go. */
export type DueHandler = (ref: TokenRef, signal: AbortSignal) => Promise<boolean>

export interface TokenService {
  /** No storage. null: the text can't be a token of this server. */
  locate(text: string): LocatedToken | null
  locateAccessor(accessor: string): LocatedToken | null
  /**
   * `snapshot` holds namespaceEpochKey(located.namespaceId) and located.keys, read after the request
   * came in. null: unknown, revoked, over, or below a dead token. Mostly answers without a promise.
   */
  resolve(
    located: LocatedToken,
    snapshot: Snapshot,
  ): TokenRecord | null | Promise<TokenRecord | null>
  /** Reads and resolves a token that is named by its text or accessor. */
  find(text: string): Promise<TokenRecord | null>
  findByAccessor(accessor: string): Promise<TokenRecord | null>
  /** Makes a token; 403 where the parent is gone. */
  mint(of: NewToken): Promise<MintedToken>
  mintInto(tx: CoreTx, of: NewToken, trustsRecord: boolean): Promise<MintedToken>
  /**
   * Ties a commit to the living token and flags what hangs on it (its first lease, cubbyhole entry).
   * `trustsRecord`: true in the first run of a transaction, false when it is repeated.
   */
  hold(tx: CoreTx, record: TokenRecord, what: Holding, trustsRecord: boolean): Promise<TokenEntry>
  renew(record: TokenRecord, renewal: Renewal): Promise<Renewed>
  /** The token and everything below it; false where there is none. */
  revoke(ref: TokenRef): Promise<boolean>
  /** The token alone; its children become orphans. */
  revokeOrphan(ref: TokenRef): Promise<boolean>
  /** Before a request runs; after 'last' it calls revoke when it is done, at 'gone' it answers 403. */
  spendUse(record: TokenRecord): Promise<'unlimited' | 'spent' | 'last' | 'gone'>
  /** By the kind of due mark; the mark's id is the token's hash. */
  readonly due: Readonly<Record<string, DueHandler>>
  /** Forgets all that was decoded. */
  close(): void
}

export interface TokenServiceDeps extends TokenDeps {
  /** Ends the leases of a token that is gone; true when all of them are revoked or queued. */
  endLeases?(ref: TokenRef, signal: AbortSignal): Promise<boolean>
}

export async function openTokenService(deps: TokenServiceDeps): Promise<TokenService> {
  const core = await openTokenCore(deps)
  return {
    locate: (text) => locateToken(core, text),
    locateAccessor: (accessor) => locateAccessor(core, accessor),
    resolve: (located, snapshot) => resolveToken(core, located, snapshot),
    find: (text) => findToken(core, locateToken(core, text)),
    findByAccessor: (accessor) => findToken(core, locateAccessor(core, accessor)),
    mint: (of) => mintToken(core, of),
    mintInto: (tx, of, trustsRecord) => mintInto(core, tx, of, trustsRecord),
    hold: (tx, record, what, trustsRecord) => hold(core, tx, record, what, trustsRecord),
    renew: (record, renewal) => renewToken(core, record, renewal),
    revoke: (ref) => revokeToken(core, ref),
    revokeOrphan: (ref) => revokeOrphan(core, ref),
    spendUse: (record) => spendUse(core, record),
    due: dueHandlers(core, deps),
    close() {
      core.records.clear()
      core.tombstones.clear()
    },
  }
}

function dueHandlers(core: TokenCore, deps: TokenServiceDeps): Record<string, DueHandler> {
  return {
    [DUE_TOKEN]: (ref) => expireToken(core, ref),
    [DUE_TOKEN_SWEEP]: (ref, signal) => sweepTree(core, ref, signal),
    [DUE_TOKEN_CUT]: (ref, signal) => sweepCut(core, ref, signal),
    [DUE_TOKEN_END]: async (ref, signal) => {
      await clearCubbyhole(core, ref)
      return (await deps.endLeases?.(ref, signal)) ?? true
    },
  }
}
