// Response wrapping: a reply is stored with a token that can be used once, to fetch it. Taking it out
// deletes token and reply in the transaction that reads them, so that of two who try, in whatever
// processes, one gets it. The reply's text is kept to the byte. A large reply goes into parts that are
// written before the commit that makes the token; should that never come, a due mark clears them.

import type { Clock } from '../../base/clock.ts'
import { ApiError } from '../../base/errors.ts'
import type { WrapInfo } from '../../sdk/answer.ts'
import type { DueIndex } from '../jobs/due-index.ts'
import { tokenKey, wrappedKey } from '../keys.ts'
import type { CoreStorage, CoreTx } from '../store.ts'
import { DUE_TOKEN_END } from '../tokens/token-core.ts'
import { decodeEntry, isOver, type TokenEntry } from '../tokens/token-entry.ts'
import { removeEntry } from '../tokens/token-revoke.ts'
import type { TokenService } from '../tokens/token-service.ts'
import type { TokenRef } from '../tokens/token-text.ts'

export interface WrapRequest {
  /** The whole reply; '' stands for an empty one. */
  readonly payload: string
  readonly ttlSeconds: number
  readonly creationPath: string
  readonly namespaceId: string
  /** Accessor of a token inside the reply; ''. */
  readonly wrappedAccessor: string
}

/** What is known of a wrapped reply without taking it out. */
export interface WrappedHead {
  readonly creationPath: string
  readonly createdAtMs: number
  readonly ttlSeconds: number
  readonly wrappedAccessor: string
  /** Parts of the reply; 0: it follows the head. */
  readonly parts: number
}

export interface Wrapped {
  readonly head: WrappedHead
  readonly payload: string
}

export interface WrappingService {
  wrap(of: WrapRequest): Promise<WrapInfo>
  /** null where the token wraps nothing (any more). */
  lookup(token: string): Promise<WrappedHead | null>
  /**
   * Takes the reply out: the token is gone when this resolves. null where it wraps nothing any more.
   * `isCaller`: the token calls itself, so its one use was spent by this very request.
   */
  unwrap(token: string, isCaller: boolean): Promise<Wrapped | null>
  /** Moves the reply under a new token, with its old life; null as above. */
  rewrap(token: string, isCaller: boolean): Promise<WrapInfo | null>
  /** The reply without taking it out: for a wrapping token that reads cubbyhole/response. */
  read(ref: TokenRef): Promise<Wrapped | null>
}

/** Bytes of a part: with its overhead well below what one commit may hold. */
const PART_BYTES = 512 * 1024
/** Parts without a token are cleared after this: longer than any request takes. */
const ABANDONED_MS = 10 * 60_000

export const invalidWrappingToken = (): ApiError =>
  new ApiError(400, ['wrapping token is not valid or does not exist'])

export interface WrappingDeps {
  readonly storage: CoreStorage
  readonly clock: Clock
  readonly due: DueIndex
  readonly tokens: TokenService
}

export function wrappingService(deps: WrappingDeps): WrappingService {
  const wrap = (of: WrapRequest): Promise<WrapInfo> => {
    const now = deps.clock.now()
    return store(deps, of.namespaceId, of.payload, {
      creationPath: of.creationPath,
      createdAtMs: now,
      ttlSeconds: of.ttlSeconds,
      wrappedAccessor: of.wrappedAccessor,
      parts: 0,
    })
  }
  const unwrap = async (token: string, isCaller: boolean): Promise<Wrapped | null> => {
    const ref = deps.tokens.locate(token)
    if (ref?.kind !== 'service') return null
    return await deps.storage.transaction((tx) => takeOut(deps, tx, ref, isCaller))
  }
  return {
    wrap,
    unwrap,
    async lookup(token) {
      const record = await deps.tokens.find(token)
      return record?.entry.isWrapping ? ((await readWrapped(deps, record))?.head ?? null) : null
    },
    async rewrap(token, isCaller) {
      const ref = deps.tokens.locate(token)
      const wrapped = ref && (await unwrap(token, isCaller))
      if (!ref || !wrapped) return null
      const head = { ...wrapped.head, createdAtMs: deps.clock.now() }
      return store(deps, ref.namespaceId, wrapped.payload, head)
    },
    read: (ref) => readWrapped(deps, ref),
  }
}

async function store(
  deps: WrappingDeps,
  namespaceId: string,
  payload: string,
  head: WrappedHead,
): Promise<WrapInfo> {
  const { tokens, storage } = deps
  const text = tokens.newText(namespaceId)
  const parts = await storeParts(deps, namespaceId, tokens.locate(text)!.hash, payload)
  const first = JSON.stringify({ ...head, parts })
  const minted = await storage.transaction(async (tx) => {
    const made = await tokens.mintInto(
      tx,
      { namespaceId, kind: 'service', parent: null, text, entry: wrappingEntry(head, parts) },
      true,
    )
    const value = parts === 0 ? `${first}\n${payload}` : `${first}\n`
    tx.put(wrappedKey(namespaceId, made.hash), value)
    return made
  })
  return {
    token: minted.text,
    accessor: minted.accessor,
    ttl: head.ttlSeconds,
    creation_time: new Date(head.createdAtMs).toISOString(),
    creation_path: head.creationPath,
    ...(head.wrappedAccessor === '' ? {} : { wrapped_accessor: head.wrappedAccessor }),
  }
}

function wrappingEntry(head: WrappedHead, parts: number): Partial<TokenEntry> {
  return {
    policies: ['response-wrapping'],
    path: head.creationPath,
    createdAtMs: head.createdAtMs,
    ttlSeconds: head.ttlSeconds,
    explicitMaxTtlSeconds: head.ttlSeconds,
    numUses: 1,
    isWrapping: true,
    // Parts are cleared by the same job that clears a cubbyhole.
    hasCubbyhole: parts > 0,
  }
}

async function storeParts(
  deps: WrappingDeps,
  namespaceId: string,
  hash: string,
  payload: string,
): Promise<number> {
  if (payload.length <= PART_BYTES / 3) return 0
  const bytes = Buffer.from(payload)
  if (bytes.length <= PART_BYTES) return 0
  const count = Math.ceil(bytes.length / PART_BYTES)
  for (let at = 0; at < count; at++) {
    await deps.storage.transaction(async (tx) => {
      if (at === 0) {
        const clearAtMs = deps.clock.now() + ABANDONED_MS
        deps.due.schedule(tx, DUE_TOKEN_END, namespaceId, hash, clearAtMs)
      }
      const part = bytes.subarray(at * PART_BYTES, (at + 1) * PART_BYTES)
      tx.put(partKey(namespaceId, hash, at), part)
    })
  }
  return count
}

const partKey = (namespaceId: string, hash: string, at: number): string =>
  `${wrappedKey(namespaceId, hash)}/${String(at).padStart(4, '0')}`

async function takeOut(
  deps: WrappingDeps,
  tx: CoreTx,
  ref: TokenRef,
  isCaller: boolean,
): Promise<Wrapped | null> {
  const stored = await tx.get(tokenKey(ref.namespaceId, ref.hash))
  const entry = stored && decodeEntry(stored.text())
  if (!entry?.isWrapping) return null
  const asked = isCaller && entry.numUses < 0 ? { ...entry, numUses: 0 } : entry
  if (isOver(asked, deps.clock.now())) return null
  const wrapped = await readWrapped({ storage: tx }, ref)
  if (!wrapped) return null
  // The mark for clearing an unfinished reply may stay: it finds nothing.
  removeEntry(deps, tx, ref, { ...entry, hasCubbyhole: false })
  for (let at = 0; at < wrapped.head.parts; at++) {
    tx.delete(partKey(ref.namespaceId, ref.hash, at))
  }
  return wrapped
}

async function readWrapped(
  of: { readonly storage: Pick<CoreTx, 'get' | 'read'> },
  ref: TokenRef,
): Promise<Wrapped | null> {
  const text = (await of.storage.get(wrappedKey(ref.namespaceId, ref.hash)))?.text()
  if (text === undefined) return null
  const end = text.indexOf('\n')
  const head = JSON.parse(text.slice(0, end)) as WrappedHead
  if (head.parts === 0) return { head, payload: text.slice(end + 1) }
  const keys = Array.from({ length: head.parts }, (_, at) => partKey(ref.namespaceId, ref.hash, at))
  const parts = await of.storage.read(keys)
  if (parts.size < keys.length) return null
  return { head, payload: Buffer.concat(keys.map((key) => parts.get(key)!.bytes())).toString() }
}
