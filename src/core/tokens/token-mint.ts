// Makes tokens. A service token is four writes: its entry, its marks below the parent and below its path,
// its due mark. A parent's first child sets a flag in the parent's entry; later children only expect that entry, so that
// they don't conflict with one another, yet none can be added to a token that is being revoked.
import { badRequest, denied } from '../../base/errors.ts'
import { MAX_TOKEN_CHARS, MAX_TOKEN_DEPTH } from '../../base/limits.ts'
import { tokenChildPrefix, tokenKey } from '../keys.ts'
import type { CoreTx } from '../store.ts'
import { DUE_TOKEN, type TokenCore } from './token-core.ts'
import { decodeEntry, EMPTY_TOKEN, encodeEntry, isOver, type TokenEntry } from './token-entry.ts'
import { tokenLeaseMark } from './token-lease.ts'
import type { TokenRecord } from './token-record.ts'
import {
  accessorOf,
  BATCH_PREFIX,
  customIdFault,
  SERVICE_PREFIX,
  SERVICE_TOKEN_BYTES,
  tokenText,
} from './token-text.ts'

export interface NewToken {
  readonly namespaceId: string
  readonly kind: 'service' | 'batch'
  /** null: an orphan. */
  readonly parent: TokenRecord | null
  /** A text of the creator's own choice. */
  readonly id?: string
  /** A text made by newTokenText, where it has to be known beforehand. */
  readonly text?: string
  /** createdAtMs is filled in, and from ttlSeconds expiresAtMs, and from the parent ancestors. */
  readonly entry: Partial<TokenEntry>
}

export interface MintedToken {
  readonly text: string
  /** '' for a batch token. */
  readonly accessor: string
  readonly hash: string
  readonly entry: TokenEntry
}

/** Makes the token; 403 where the parent is gone, 400 where an id is taken or a tree too deep. */
export async function mintToken(core: TokenCore, of: NewToken): Promise<MintedToken> {
  if (of.kind === 'batch') return mintBatch(core, of)
  let tries = 0
  return await core.storage.transaction((tx) => mintInto(core, tx, of, tries++ === 0))
}

function mintBatch(core: TokenCore, of: NewToken): MintedToken {
  const entry = newEntry(core, of)
  const body = core.batch.seal(entry, of.namespaceId)
  const text = tokenText(BATCH_PREFIX, body, of.namespaceId)
  if (text.length > MAX_TOKEN_CHARS) {
    throw badRequest('a batch token carries its policies and metadata: these are too many')
  }
  return { text, accessor: '', hash: core.hash(text), entry }
}

/** The same as part of a transaction. `trustsRecord`: the parent's record is thought to be current. */
export async function mintInto(
  core: TokenCore,
  tx: CoreTx,
  of: NewToken,
  trustsRecord: boolean,
): Promise<MintedToken> {
  const parent = of.parent && (await hold(core, tx, of.parent, 'hasChildren', trustsRecord))
  const entry = newEntry(core, of, parent)
  const text = of.id ?? of.text ?? newTokenText(core, of.namespaceId)
  const hash = core.hash(text)
  const key = tokenKey(of.namespaceId, hash)
  if (of.id !== undefined) await assertFree(tx, of.id, key)
  const accessor = accessorOf(of.namespaceId, hash)
  tx.put(key, encodeEntry(entry))
  if (of.parent) tx.mark(tokenChildPrefix(of.parent.namespaceId, of.parent.hash) + accessor)
  const leaseMark = tokenLeaseMark(of.namespaceId, hash, entry)
  if (leaseMark !== null) tx.mark(leaseMark)
  if (entry.expiresAtMs > 0) {
    core.due.schedule(tx, DUE_TOKEN, of.namespaceId, hash, entry.expiresAtMs)
  }
  return { text, accessor, hash, entry }
}

export const newTokenText = (core: TokenCore, namespaceId: string): string => {
  const body = core.random.bytes(SERVICE_TOKEN_BYTES).toString('base64url')
  return tokenText(SERVICE_PREFIX, body, namespaceId)
}

async function assertFree(tx: CoreTx, id: string, key: string): Promise<void> {
  const fault = customIdFault(id)
  if (fault) throw badRequest(fault)
  if (await tx.get(key)) throw badRequest('cannot create a token with a duplicate ID')
}

function newEntry(core: TokenCore, of: NewToken, parent = of.parent?.entry ?? null): TokenEntry {
  const createdAtMs = of.entry.createdAtMs ?? core.clock.now()
  const ttlSeconds = of.entry.ttlSeconds ?? 0
  let ancestors: readonly string[] = []
  if (of.parent && parent) {
    if (parent.ancestors.length >= MAX_TOKEN_DEPTH) {
      throw badRequest(`tokens cannot be nested deeper than ${MAX_TOKEN_DEPTH} levels`)
    }
    ancestors = [...parent.ancestors, of.parent.accessor]
  }
  return {
    ...EMPTY_TOKEN,
    ...of.entry,
    createdAtMs,
    expiresAtMs: ttlSeconds > 0 ? createdAtMs + ttlSeconds * 1000 : 0,
    ancestors,
  }
}

/** What a token can have hanging on it: the flag of its entry that says so. */
export type Holding = 'hasChildren' | 'hasLeases' | 'hasCubbyhole'

/**
 * Ties the commit to a living token and makes sure that its entry says what hangs on it, so that its end
 * finds it. With `trustsRecord` a flag that is set costs no read. Returns the entry; 403 where it is over.
 */
export async function hold(
  core: TokenCore,
  tx: CoreTx,
  record: TokenRecord,
  what: Holding,
  trustsRecord: boolean,
): Promise<TokenEntry> {
  if (record.kind === 'batch') throw denied()
  if (trustsRecord && record.entry[what]) {
    tx.expect(record.key, record.version)
    return record.entry
  }
  const stored = await tx.get(record.key)
  if (!stored) throw denied()
  const entry = decodeEntry(stored.text())
  if (isOver(entry, core.clock.now())) {
    // The last use of a token with limited uses is this very request.
    if (entry.numUses >= 0 || what === 'hasChildren') throw denied()
  }
  if (!entry[what]) tx.put(record.key, encodeEntry({ ...entry, [what]: true }))
  return entry
}
