// The token service: what the request pipeline, the endpoints, wrapping and the jobs call. It holds the
// secrets behind the token hashes, so it is made when the server is unsealed and closed when it is sealed.
import { anyCidrContains } from '../../base/cidr.ts'
import type { Login } from '../../sdk/answer.ts'
import type { Page } from '../../sdk/storage.ts'
import type { Mount } from '../mounts/mount-table.ts'
import type { Place, TopologyView } from '../mounts/topology.ts'
import type { CoreStorage, CoreTx } from '../store.ts'
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
import { leaseNames, refOfLeaseName, tokenLeaseId } from './token-lease.ts'
import { listAccessors } from './token-list.ts'
import { type LoginEntity, type LoginToken, mintLogin } from './token-login.ts'
import {
  type Holding,
  hold,
  type MintedToken,
  mintInto,
  mintToken,
  type NewToken,
  newTokenText,
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
import {
  expireToken,
  isOrphan,
  revokeMarked,
  revokeOrphan,
  revokeToken,
  spendUse,
} from './token-revoke.ts'
import { clearBelongings, isStored, sweepCut, sweepTree } from './token-sweep.ts'
import { accessorOf, type TokenRef } from './token-text.ts'
import { type TidyCounts, tidyTokens } from './token-tidy.ts'

/** Runs what a due mark of a token stands for. True: done, the mark can go. */
export type TokenDueHandler = (ref: TokenRef, signal: AbortSignal) => Promise<boolean>

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
  /** A text for `mint`, where the token's hash has to be known beforehand. */
  newText(namespaceId: string): string
  mintInto(tx: CoreTx, of: NewToken, trustsRecord: boolean): Promise<MintedToken>
  /**
   * Ties a commit to the living token and flags what hangs on it (its first lease, cubbyhole entry).
   * `trustsRecord`: true in the first run of a transaction, false when it is repeated.
   */
  hold(tx: CoreTx, record: TokenRecord, what: Holding, trustsRecord: boolean): Promise<TokenEntry>
  renew(record: TokenRecord, renewal: Renewal): Promise<Renewed>
  /** The token and everything below it; false where there is none. */
  revoke(ref: TokenRef): Promise<boolean>
  /** The living token that sys/leases knows under this id; null where there is none. */
  findByLease(leaseId: string): Promise<TokenRecord | null>
  /** Names of tokens made below a path ('' or a folder), as sys/leases knows them; byte order. */
  leaseNames(namespaceId: string, prefix: string, page: Page): Promise<readonly string[]>
  /** Revokes up to MARKED_STEP of them with their trees, in one commit; of one auth mount where it is named. */
  revokeMarked(namespaceId: string, names: readonly string[], mountId?: string): Promise<void>
  /** The token alone; its children become orphans. */
  revokeOrphan(ref: TokenRef): Promise<boolean>
  /**
   * Spends one use of a token whose entry limits them. After 'last' the request calls revoke when it is
   * done, at 'gone' it answers 403.
   */
  spendUse(record: TokenRecord): Promise<'unlimited' | 'spent' | 'last' | 'gone'>
  /** False where the token is bound to other addresses. */
  isAddressBound(record: TokenRecord, remoteAddress: string): boolean
  /** The token of a successful login. */
  mintLogin(login: Login, place: Place, view: TopologyView): Promise<LoginToken>
  /** Takes back what was issued a moment ago and can't be audited. */
  revokeUnrecorded(text: string): Promise<void>
  /** Whether the token has no parent any more: its own was revoked alone, or it never had one. */
  isOrphan(record: TokenRecord): Promise<boolean>
  /** The entity behind an alias of the token mount (auth/token/create with entity_alias). */
  entityOf(alias: string, place: Place, view: TopologyView): Promise<LoginEntity | null>
  /** Accessors of the namespace's living tokens, in byte order; `limit` 0: all. */
  accessors(
    namespaceId: string,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<readonly string[]>
  /** Mends marks that a damaged store lost; null while one is running in this process. */
  tidy(namespaceId: string): Promise<TidyCounts> | null
  /** By the kind of due mark; the mark's id is the token's hash. */
  readonly due: Readonly<Record<string, TokenDueHandler>>
  /** Forgets all that was decoded, and the secrets. */
  close(): void
}

export interface TokenServiceDeps extends TokenDeps {
  /** For what nobody waits for: clearing away behind tokens that are gone. */
  readonly background: CoreStorage
  /** The lives that a mount allows. */
  mountTtls(mount: Mount): { readonly defaultSeconds: number; readonly maxSeconds: number }
  /** Identity: finds or makes the entity of an alias. Absent: nobody has an entity. */
  entityOf?(alias: Login['alias'], place: Place, view: TopologyView): Promise<LoginEntity | null>
  /** Ends the leases of a token that is gone; true when all of them are revoked or queued. */
  endLeases?(ref: TokenRef, signal: AbortSignal): Promise<boolean>
}

export async function openTokenService(deps: TokenServiceDeps): Promise<TokenService> {
  const core = await openTokenCore(deps)
  const background = { ...core, storage: deps.background }
  let isTidying = false
  const closing = new AbortController()
  return {
    locate: (text) => locateToken(core, text),
    locateAccessor: (accessor) => locateAccessor(core, accessor),
    resolve: (located, snapshot) => resolveToken(core, located, snapshot),
    find: (text) => findToken(core, locateToken(core, text)),
    findByAccessor: (accessor) => findToken(core, locateAccessor(core, accessor)),
    mint: (of) => mintToken(core, of),
    newText: (namespaceId) => newTokenText(core, namespaceId),
    mintInto: (tx, of, trustsRecord) => mintInto(core, tx, of, trustsRecord),
    hold: (tx, record, what, trustsRecord) => hold(core, tx, record, what, trustsRecord),
    renew: (record, renewal) => renewToken(core, record, renewal),
    revoke: (ref) => revokeToken(core, ref),
    async findByLease(leaseId) {
      const ref = refOfLeaseName(leaseId)
      const record =
        ref && (await findToken(core, locateAccessor(core, accessorOf(ref.namespaceId, ref.hash))))
      return record && tokenLeaseId(record) === leaseId ? record : null
    },
    leaseNames: (namespaceId, prefix, page) => leaseNames(core.storage, namespaceId, prefix, page),
    revokeMarked: (namespaceId, names, mountId) =>
      revokeMarked(background, namespaceId, names, mountId),
    revokeOrphan: (ref) => revokeOrphan(core, ref),
    spendUse: (record) => spendUse(core, record),
    isAddressBound: ({ cidrs }, address) => cidrs.length === 0 || anyCidrContains(cidrs, address),
    async mintLogin(login, place, view) {
      const entity = (await deps.entityOf?.(login.alias, place, view)) ?? null
      return mintLogin(core, login, place, deps.mountTtls(place.mount!), entity)
    },
    async revokeUnrecorded(text) {
      const located = locateToken(core, text)
      if (located?.kind === 'service') await revokeToken(core, located)
    },
    isOrphan: (record) => isOrphan(core, record),
    async entityOf(name, place, view) {
      return (await deps.entityOf?.({ name }, place, view)) ?? null
    },
    accessors: (namespaceId, page) => listAccessors(core, namespaceId, page),
    tidy(namespaceId) {
      if (isTidying) return null
      isTidying = true
      return tidyTokens(background, namespaceId, closing.signal).finally(() => {
        isTidying = false
      })
    },
    due: dueHandlers(core, background, deps),
    close() {
      closing.abort()
      core.wipe()
    },
  }
}

function dueHandlers(
  core: TokenCore,
  background: TokenCore,
  deps: TokenServiceDeps,
): Record<string, TokenDueHandler> {
  return {
    [DUE_TOKEN]: (ref) => expireToken(core, ref),
    [DUE_TOKEN_SWEEP]: (ref, signal) => sweepTree(background, ref, signal),
    [DUE_TOKEN_CUT]: (ref, signal) => sweepCut(background, ref, signal),
    [DUE_TOKEN_END]: async (ref, signal) => {
      // A mark that was set ahead, in case the token would never be made.
      if (await isStored(core, ref)) return true
      await clearBelongings(background, ref)
      return (await deps.endLeases?.(ref, signal)) ?? true
    },
  }
}
