// What all parts of the token service share: storage, time, the two secrets behind the barrier and the
// caches. Made at unseal, dropped at seal.
import type { Clock } from '../../base/clock.ts'
import { MAX_CACHED_TOKEN_BYTES, MAX_CACHED_TOKENS } from '../../base/limits.ts'
import type { Random } from '../../base/random.ts'
import type { DueIndex } from '../jobs/due-index.ts'
import { BATCH_TOKEN_KEY, TOKEN_SALT_KEY } from '../keys.ts'
import type { CoreStorage } from '../store.ts'
import { type BatchSealer, batchSealer } from './batch-token.ts'
import { type Cache, generationCache } from './token-cache.ts'
import { tokenHasher } from './token-hash.ts'
import type { TokenRecord } from './token-record.ts'
import { type Tombstones, tombstones } from './token-tombstones.ts'

export interface TokenDeps {
  readonly storage: CoreStorage
  readonly clock: Clock
  readonly random: Random
  readonly due: DueIndex
}

export interface TokenCore extends TokenDeps {
  hash(text: string): string
  /** Forgets the secrets and all that was decoded. */
  wipe(): void
  readonly batch: BatchSealer
  /** By the entry's key; batch tokens by 'hvb/' and their hash. */
  readonly records: Cache<TokenRecord>
  readonly tombstones: Tombstones
}

/** Kinds of due marks that belong to tokens; the id is the token's hash. */
export const DUE_TOKEN = 'token'
export const DUE_TOKEN_SWEEP = 'token-sweep'
export const DUE_TOKEN_CUT = 'token-cut'
export const DUE_TOKEN_END = 'token-end'

/** Reads the salt and the batch key, made here the first time. */
export async function openTokenCore(deps: TokenDeps): Promise<TokenCore> {
  const secrets = await deps.storage.transaction(async (tx) => {
    const salt = (await tx.get(TOKEN_SALT_KEY))?.bytes()
    const key = (await tx.get(BATCH_TOKEN_KEY))?.bytes()
    const made = { salt: salt ?? deps.random.bytes(32), key: key ?? deps.random.bytes(32) }
    if (!salt) tx.put(TOKEN_SALT_KEY, made.salt)
    if (!key) tx.put(BATCH_TOKEN_KEY, made.key)
    return made
  })
  const hasher = tokenHasher(secrets.salt)
  const core: TokenCore = {
    ...deps,
    hash: hasher.hash,
    batch: batchSealer(secrets.key, deps.random),
    records: generationCache({ maxCount: MAX_CACHED_TOKENS, maxBytes: MAX_CACHED_TOKEN_BYTES }),
    tombstones: tombstones(deps.storage),
    wipe() {
      hasher.wipe()
      core.batch.wipe()
      core.records.clear()
      core.tombstones.clear()
    },
  }
  secrets.salt.fill(0)
  secrets.key.fill(0)
  return core
}
