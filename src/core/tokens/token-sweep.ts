// The jobs behind a revocation: take a dead tree away, take descendants out from under a cut, clear what
// a token leaves. Each step is one small commit and may be repeated, by several workers at once too, and
// stopped anywhere: what is still to be done is always read from storage.
import { MAX_BATCH_KEYS } from '../../base/limits.ts'
import {
  cubbyholePrefix,
  namespaceEpochKey,
  tokenChildPrefix,
  tokenKey,
  tokenSweepPrefix,
  wrappedKey,
} from '../keys.ts'
import type { TokenCore } from './token-core.ts'
import { decodeEntry, encodeEntry } from './token-entry.ts'
import { removeEntry } from './token-revoke.ts'
import { accessorOf, parseAccessor, type TokenRef } from './token-text.ts'
import { tombstoneKey } from './token-tombstones.ts'

/** Tokens of one commit: each is at most one read and seven writes. */
const STEP = Math.floor(MAX_BATCH_KEYS / 7)

/** Runs until all is done (true) or the signal fires (false). */
export async function sweepTree(
  core: TokenCore,
  root: TokenRef,
  signal?: AbortSignal,
): Promise<boolean> {
  while (!signal?.aborted) {
    if (!(await sweepStep(core, root))) return true
  }
  return false
}

/**
 * One commit of it; false when nothing was left. Entries go before the marks of their children are
 * listed: a child's creation expects its parent's entry, so none can appear behind the list. The children
 * of a token that is gone move up below the root, so that the root's list always holds all the work.
 */
export async function sweepStep(core: TokenCore, root: TokenRef): Promise<boolean> {
  const prefix = tokenChildPrefix(root.namespaceId, root.hash)
  const children = await core.storage.range(prefix, { limit: STEP })
  if (children.length === 0) {
    await dropTombstone(core, root, 'dead')
    return false
  }
  const goneParents = await core.storage.transaction(async (tx) => {
    const gone: string[] = []
    for (const mark of children) {
      const ref = parseAccessor(mark.slice(prefix.length))
      const stored = ref && (await tx.get(tokenKey(ref.namespaceId, ref.hash)))
      if (!ref || !stored) {
        gone.push(mark)
        continue
      }
      const entry = decodeEntry(stored.text())
      removeEntry(core, tx, ref, entry)
      if (!entry.hasChildren) tx.delete(mark)
    }
    return gone
  })
  for (const mark of goneParents) await liftChildren(core, root, mark)
  return true
}

/** Moves the marks of a gone token's children up below the root, then drops its own. */
async function liftChildren(core: TokenCore, root: TokenRef, mark: string): Promise<void> {
  const rootPrefix = tokenChildPrefix(root.namespaceId, root.hash)
  const ref = parseAccessor(mark.slice(rootPrefix.length))
  const prefix = ref && tokenChildPrefix(ref.namespaceId, ref.hash)
  for (;;) {
    const limit = MAX_BATCH_KEYS / 2
    const children = prefix === null ? [] : await core.storage.range(prefix, { limit })
    await core.storage.transaction(async (tx) => {
      if (children.length === 0) tx.delete(mark)
      for (const child of children) {
        tx.delete(child)
        tx.mark(rootPrefix + child.slice(prefix?.length))
      }
    })
    if (children.length === 0) return
  }
}

/** With the mark, the epoch moves too: a set of marks must not outlive what it was read under. */
async function dropTombstone(core: TokenCore, root: TokenRef, kind: 'dead' | 'cut'): Promise<void> {
  const key = tombstoneKey(root.namespaceId, kind, root.hash)
  await core.storage.transaction(async (tx) => {
    if (!(await tx.get(key))) return
    tx.delete(key)
    tx.touch(namespaceEpochKey(root.namespaceId))
  })
}

/**
 * Takes the descendants of a cut token out from under it: its children become orphans, and all below them
 * forget what was above. A token is rewritten before its children are listed, for the reason above.
 */
export async function sweepCut(
  core: TokenCore,
  cut: TokenRef,
  signal?: AbortSignal,
): Promise<boolean> {
  const work = tokenSweepPrefix(cut.namespaceId, cut.hash)
  const ownPrefix = tokenChildPrefix(cut.namespaceId, cut.hash)
  while (!signal?.aborted) {
    const own = await core.storage.range(ownPrefix, { limit: STEP })
    if (own.length > 0) {
      await freeTokens(core, cut, ownPrefix, own)
      continue
    }
    const [next] = await core.storage.range(work, { limit: 1 })
    if (next === undefined) {
      await dropTombstone(core, cut, 'cut')
      return true
    }
    const parent = parseAccessor(next.slice(work.length))
    if (parent && !(await freeChildren(core, cut, parent, signal))) return false
    await core.storage.delete(next)
  }
  return false
}

async function freeChildren(
  core: TokenCore,
  cut: TokenRef,
  parent: TokenRef,
  signal?: AbortSignal,
): Promise<boolean> {
  const prefix = tokenChildPrefix(parent.namespaceId, parent.hash)
  let after = prefix
  while (!signal?.aborted) {
    const children = await core.storage.range(prefix, { after, limit: STEP })
    if (children.length === 0) return true
    await freeTokens(core, cut, prefix, children)
    after = children.at(-1)!
  }
  return false
}

/** Shortens the ancestors of these tokens; those with children go on the work list. */
async function freeTokens(
  core: TokenCore,
  cut: TokenRef,
  prefix: string,
  marks: readonly string[],
): Promise<void> {
  const accessor = accessorOf(cut.namespaceId, cut.hash)
  const isOwn = prefix === tokenChildPrefix(cut.namespaceId, cut.hash)
  await core.storage.transaction(async (tx) => {
    for (const mark of marks) {
      if (isOwn) tx.delete(mark)
      const ref = parseAccessor(mark.slice(prefix.length))
      const key = ref && tokenKey(ref.namespaceId, ref.hash)
      const stored = key && (await tx.get(key))
      if (!stored) continue
      const entry = decodeEntry(stored.text())
      const at = entry.ancestors.indexOf(accessor)
      if (at === -1) continue
      tx.put(key, encodeEntry({ ...entry, ancestors: entry.ancestors.slice(at + 1) }))
      if (entry.hasChildren) {
        tx.mark(tokenSweepPrefix(cut.namespaceId, cut.hash) + accessorOf(ref.namespaceId, ref.hash))
      }
    }
  })
}

/** Deletes what an ended token kept: its cubbyhole, the parts of a wrapped response. */
export async function clearBelongings(core: TokenCore, ref: TokenRef): Promise<void> {
  const { namespaceId, hash } = ref
  for (const prefix of [cubbyholePrefix(namespaceId, hash), `${wrappedKey(namespaceId, hash)}/`]) {
    for (;;) {
      const keys = await core.storage.range(prefix, { limit: MAX_BATCH_KEYS })
      if (keys.length === 0) break
      await core.storage.transaction(async (tx) => {
        for (const key of keys) tx.delete(key)
      })
    }
  }
}

export async function isStored(core: TokenCore, ref: TokenRef): Promise<boolean> {
  return (await core.storage.readRaw([tokenKey(ref.namespaceId, ref.hash)])).size > 0
}
