// Ends tokens. One without children goes with its own entry and touches no epoch. One with children leaves
// a mark that kills its whole tree in the same commit; a job works the tree off behind it. Revoked on its
// own, it leaves a mark that cuts its children off from what is above.
import { MAX_REQUEST_SECONDS } from '../../base/limits.ts'
import { dueKey } from '../jobs/due-index.ts'
import {
  namespaceEpochKey,
  tokenChildPrefix,
  tokenKey,
  tokenPathPrefix,
  wrappedKey,
} from '../keys.ts'
import type { CoreTx } from '../store.ts'
import {
  DUE_TOKEN,
  DUE_TOKEN_CUT,
  DUE_TOKEN_END,
  DUE_TOKEN_SWEEP,
  type TokenCore,
} from './token-core.ts'
import { decodeEntry, encodeEntry, parentOf, type TokenEntry } from './token-entry.ts'
import { refOfLeaseName, tokenLeaseMark } from './token-lease.ts'
import type { TokenRecord } from './token-record.ts'
import { accessorOf, parseAccessor, type TokenRef } from './token-text.ts'
import { isLineageAlive, type TombstoneSet, tombstoneKey } from './token-tombstones.ts'

/** Revokes the token and everything below it; false where there is none. */
export function revokeToken(core: TokenCore, ref: TokenRef): Promise<boolean> {
  return core.storage.transaction(async (tx) => {
    const entry = await entryIn(tx, ref)
    if (entry) endTree(core, tx, ref, entry)
    return entry !== null
  })
}

/** Tokens of one commit of revokeMarked: each is one read and at most nine writes. */
export const MARKED_STEP = 10

/**
 * Revokes up to MARKED_STEP tokens, each with its tree, by their marks below tokenPathPrefix (given without
 * it) in one commit; only those that logged in through the mount where one is named. A mark whose token is
 * gone is taken away.
 */
export function revokeMarked(
  core: TokenCore,
  namespaceId: string,
  names: readonly string[],
  mountId?: string,
): Promise<void> {
  const refs = new Map<string, TokenRef | null>()
  for (const name of names) {
    const ref = refOfLeaseName(name)
    refs.set(name, ref?.namespaceId === namespaceId ? ref : null)
  }
  const keys = [...refs.values()].flatMap((ref) => (ref ? [tokenKey(namespaceId, ref.hash)] : []))
  return core.storage.transaction(async (tx) => {
    const entries = await tx.read(keys)
    for (const [name, ref] of refs) {
      const stored = ref && entries.get(tokenKey(namespaceId, ref.hash))
      const entry = stored && decodeEntry(stored.text())
      if (entry && mountId !== undefined && entry.mountId !== mountId) continue
      if (entry) endTree(core, tx, ref, entry)
      tx.delete(tokenPathPrefix(namespaceId) + name)
    }
  })
}

/**
 * For the due index: revokes the token if it is over. False: it is not over by this process's clock, so
 * the mark must stay (a renewal moves it).
 */
export function expireToken(core: TokenCore, ref: TokenRef): Promise<boolean> {
  return core.storage.transaction(async (tx) => {
    const entry = await entryIn(tx, ref)
    if (!entry) return true
    const now = core.clock.now()
    const isSpent = entry.numUses < 0 && spentDueAt(entry) <= now
    if (!isSpent && (entry.expiresAtMs === 0 || entry.expiresAtMs > now)) return false
    endTree(core, tx, ref, entry)
    return true
  })
}

/** Revokes the token alone: its children become orphans. False where there is none or it is dead. */
export function revokeOrphan(core: TokenCore, ref: TokenRef): Promise<boolean> {
  return core.storage.transaction(async (tx) => {
    const entry = await entryIn(tx, ref)
    if (!entry || !(await isAliveIn(core, tx, entry))) return false
    removeToken(core, tx, ref, entry)
    if (entry.hasChildren) {
      tx.mark(tombstoneKey(ref.namespaceId, 'cut', ref.hash))
      tx.touch(namespaceEpochKey(ref.namespaceId))
      core.due.schedule(tx, DUE_TOKEN_CUT, ref.namespaceId, ref.hash, core.clock.now())
    }
    return true
  })
}

async function entryIn(tx: CoreTx, ref: TokenRef): Promise<TokenEntry | null> {
  const stored = await tx.get(tokenKey(ref.namespaceId, ref.hash))
  return stored && decodeEntry(stored.text())
}

/**
 * Judged as part of the commit: reading the epochs makes it fail when a mark is added meanwhile. Else a
 * token of a tree that has just been killed could still cut its children loose.
 */
async function isAliveIn(core: TokenCore, tx: CoreTx, entry: TokenEntry): Promise<boolean> {
  const sets = new Map<string, TombstoneSet>()
  for (const accessor of entry.ancestors) {
    const namespaceId = parseAccessor(accessor)?.namespaceId ?? ''
    if (sets.has(namespaceId)) continue
    const epoch = (await tx.get(namespaceEpochKey(namespaceId)))?.version ?? ''
    const known = core.tombstones.peek(namespaceId, epoch)
    sets.set(namespaceId, known ?? (await core.tombstones.load(namespaceId)))
  }
  return isLineageAlive(entry.ancestors, (id) => sets.get(id) ?? null)
}

/** Also true while the job that frees the children of a token revoked on its own is still running. */
export async function isOrphan(core: TokenCore, record: TokenRecord): Promise<boolean> {
  const parent = parentOf(record.entry)
  const ref = parent === null ? null : parseAccessor(parent)
  if (!ref) return true
  // The marks under which the record was found alive, where they are still at hand.
  const marks = core.tombstones.peek(ref.namespaceId, record.alive.versions)
  if (marks && ref.namespaceId === record.namespaceId) return marks.byHash.has(ref.hash)
  const key = tombstoneKey(ref.namespaceId, 'cut', ref.hash)
  return (await core.storage.readRaw([key])).has(key)
}

function endTree(core: TokenCore, tx: CoreTx, ref: TokenRef, entry: TokenEntry): void {
  removeToken(core, tx, ref, entry)
  if (!entry.hasChildren) return
  tx.mark(tombstoneKey(ref.namespaceId, 'dead', ref.hash))
  tx.touch(namespaceEpochKey(ref.namespaceId))
  core.due.schedule(tx, DUE_TOKEN_SWEEP, ref.namespaceId, ref.hash, core.clock.now())
}

/** Takes the entry and its marks away, and its parent's mark. Returns how many writes that took. */
export function removeToken(core: TokenCore, tx: CoreTx, ref: TokenRef, entry: TokenEntry): number {
  const parent = parentOf(entry)
  const parentRef = parent === null ? null : parseAccessor(parent)
  if (parentRef) {
    const accessor = accessorOf(ref.namespaceId, ref.hash)
    tx.delete(tokenChildPrefix(parentRef.namespaceId, parentRef.hash) + accessor)
  }
  return (parentRef ? 1 : 0) + removeEntry(core, tx, ref, entry)
}

/** The same without the parent's mark. At most six writes. */
export function removeEntry(
  core: Pick<TokenCore, 'clock' | 'due'>,
  tx: CoreTx,
  ref: TokenRef,
  entry: TokenEntry,
): number {
  let writes = 1
  tx.delete(tokenKey(ref.namespaceId, ref.hash))
  const leaseMark = tokenLeaseMark(ref.namespaceId, ref.hash, entry)
  if (leaseMark !== null) {
    tx.delete(leaseMark)
    writes++
  }
  if (entry.expiresAtMs > 0) {
    core.due.unschedule(tx, dueKey(DUE_TOKEN, ref.namespaceId, ref.hash, entry.expiresAtMs))
    writes++
  }
  if (entry.spentAtMs > 0) {
    core.due.unschedule(tx, dueKey(DUE_TOKEN, ref.namespaceId, ref.hash, spentDueAt(entry)))
    writes++
  }
  if (entry.isWrapping) {
    tx.delete(wrappedKey(ref.namespaceId, ref.hash))
    writes++
  }
  if (entry.hasLeases || entry.hasCubbyhole) {
    core.due.schedule(tx, DUE_TOKEN_END, ref.namespaceId, ref.hash, core.clock.now())
    writes++
  }
  return writes
}

/** The request that spent the last use revokes the token; should it crash, this is when others do. */
const spentDueAt = (entry: TokenEntry): number => entry.spentAtMs + MAX_REQUEST_SECONDS * 1000

/**
 * Spends one use of a token with limited uses, exactly, whoever else does so at the same time. 'gone':
 * there was none left (answer 403). After 'last' the request revokes the token when it is done.
 */
export async function spendUse(
  core: TokenCore,
  record: TokenRecord,
): Promise<'unlimited' | 'spent' | 'last' | 'gone'> {
  if (record.entry.numUses === 0 || record.kind === 'batch') return 'unlimited'
  return await core.storage.transaction(async (tx) => {
    const stored = await tx.get(record.key)
    if (!stored) return 'gone'
    const entry = decodeEntry(stored.text())
    if (entry.numUses < 1) return entry.numUses === 0 ? 'unlimited' : 'gone'
    if (entry.numUses > 1) {
      tx.put(record.key, encodeEntry({ ...entry, numUses: entry.numUses - 1 }))
      return 'spent'
    }
    const last = { ...entry, numUses: -1, spentAtMs: core.clock.now() }
    tx.put(record.key, encodeEntry(last))
    core.due.schedule(tx, DUE_TOKEN, record.namespaceId, record.hash, spentDueAt(last))
    return 'last'
  })
}
