// The seal of key shares: N shares, M of which make the unseal key, which wraps the root key. This is a
// process's side of it; progress and keys of the host lie with the keeper (seal-keeper.ts). Invariant: a
// process is open exactly while `onUnsealed` has succeeded and the barrier has keys; opening and closing
// happen one after the other.
import { type ApiError, badRequest, unavailable } from '../../base/errors.ts'
import { MAX_TRANSACTION_TRIES } from '../../base/limits.ts'
import type { Random } from '../../base/random.ts'
import { AEAD_KEY_BYTES } from '../../crypto/aead.ts'
import { splitSecret } from '../../crypto/shamir.ts'
import type { Log } from '../../sdk/log.ts'
import type { StorageBackend } from '../../sdk/storage.ts'
import type { Barrier } from '../barrier/barrier.ts'
import type { HostBus } from '../host-bus.ts'
import { KEYRING_KEY, SEAL_KEY } from '../keys.ts'
import { unwrapRootKey, wrapRootKey } from './root-key-wrap.ts'
import type { ChosenSecrets, Initialized, Seal, SealStatus, SharesWanted } from './seal.ts'
import { sealTopics } from './seal-keeper.ts'
import { encodeSealRecord, readSealRecord, type SealRecord } from './seal-record.ts'

export interface SharesSealParts {
  readonly backend: StorageBackend
  readonly barrier: Barrier
  readonly random: Random
  readonly log: Log
  readonly bus: HostBus
  readonly clusterName: string
  /** Called after the barrier opened and before it closes. `isFirst`: no other process is open yet. */
  onUnsealed(isFirst: boolean): Promise<void>
  onSealing(): Promise<void>
  /** Makes the first contents of a new store under this root key, the keyring among them. */
  firstContents(
    rootKey: Buffer,
    unsealKey: Buffer,
    rootToken: string | undefined,
  ): Promise<FirstContents>
}

export interface FirstContents {
  readonly writes: ReadonlyMap<string, Uint8Array>
  readonly rootToken: string
}

export class SharesSeal implements Seal {
  readonly #parts: SharesSealParts
  #isOpen = false
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: SharesSealParts) {
    this.#parts = parts
    const { bus } = parts
    bus.answer(sealTopics.openProcess, (keys) => this.#inTurn(() => this.#openWith(keys)))
    bus.answer(sealTopics.closeProcess, () => this.close())
  }

  isSealed(): boolean {
    return !this.#isOpen
  }

  async status(): Promise<SealStatus> {
    const { backend, bus } = this.#parts
    const stored = await readSealRecord(backend)
    const given =
      stored && !this.#isOpen
        ? await bus.ask(sealTopics.progress, null)
        : { progress: 0, nonce: '' }
    return {
      type: 'shamir',
      initialized: stored !== null,
      sealed: this.isSealed(),
      threshold: stored?.record.threshold ?? 0,
      shares: stored?.record.shares ?? 0,
      progress: given.progress,
      nonce: given.nonce,
      clusterId: stored?.record.clusterId ?? '',
      clusterName: stored?.record.clusterName ?? '',
    }
  }

  initialize(wanted: SharesWanted, chosen: ChosenSecrets = {}): Promise<Initialized> {
    return this.#inTurn(() => this.#initialize(wanted, chosen))
  }

  async unseal(share: Buffer): Promise<SealStatus> {
    const { backend, bus } = this.#parts
    const stored = await readSealRecord(backend)
    if (!stored) throw badRequest('Vault is not initialized')
    if (this.#isOpen) return this.status()
    const { threshold } = stored.record
    const taken = await bus.ask(sealTopics.give, { share, threshold })
    if (taken.shares) {
      await this.#inTurn(() => this.#openFrom(stored.record, taken.shares ?? []))
      await this.#tellKeys(sealTopics.opened)
    }
    return this.status()
  }

  async resetUnseal(): Promise<SealStatus> {
    if (this.#isOpen) throw badRequest('vault is unsealed')
    await this.#parts.bus.ask(sealTopics.reset, null)
    return this.status()
  }

  async seal(): Promise<void> {
    if (this.#isOpen) await this.#parts.bus.ask(sealTopics.close, null)
  }

  async follow(): Promise<void> {
    const keys = await this.#parts.bus.ask(sealTopics.keys, null)
    if (keys) await this.#inTurn(() => this.#openWith(keys))
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      const wasOpen = this.#isOpen
      this.#isOpen = false
      if (wasOpen) await this.#parts.onSealing()
      this.#parts.barrier.seal()
    })
  }

  /** For the barrier's `onKeysChanged`: the keeper has to have the newest keys for the next process. */
  keysChanged(): void {
    if (!this.#isOpen) return
    this.#tellKeys(sealTopics.changed).catch((error: unknown) => {
      this.#parts.log.warn('the supervisor did not take the changed keys', { err: error })
    })
  }

  async #initialize(wanted: SharesWanted, chosen: ChosenSecrets): Promise<Initialized> {
    const { random, backend, clusterName } = this.#parts
    if (await readSealRecord(backend)) throw alreadyInitialized()
    const unsealKey = Buffer.from(chosen.unsealKey ?? random.bytes(AEAD_KEY_BYTES))
    const rootKey = random.bytes(AEAD_KEY_BYTES)
    try {
      const record: SealRecord = {
        type: 'shamir',
        ...wanted,
        clusterId: random.uuid(),
        clusterName: clusterName || `strongroom-cluster-${random.bytes(4).toString('hex')}`,
        wraps: [{ kind: 'shares', blob: wrapRootKey(unsealKey, rootKey, random) }],
      }
      const shares = splitSecret(unsealKey, wanted.shares, wanted.threshold, random)
      const first = await this.#parts.firstContents(rootKey, unsealKey, chosen.rootToken)
      await this.#storeFirst(record, first.writes)
      return { shares, rootToken: first.rootToken }
    } finally {
      unsealKey.fill(0)
      rootKey.fill(0)
    }
  }

  /** One commit: keys that nobody was given must never be those of the store. */
  async #storeFirst(record: SealRecord, contents: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const { backend } = this.#parts
    const sealRecord = encodeSealRecord(record)
    const writes = new Map(contents).set(SEAL_KEY, sealRecord)
    const expect = new Map([SEAL_KEY, KEYRING_KEY].map((key) => [key, null]))
    const isOurs = async (): Promise<boolean> => {
      const stored = (await backend.read([SEAL_KEY])).get(SEAL_KEY)
      return stored !== undefined && Buffer.compare(stored.value, sealRecord) === 0
    }
    for (let tries = 1; ; tries++) {
      try {
        if ((await backend.commit({ expect, writes })) === 'committed') return
      } catch (error) {
        // It may have happened all the same.
        if (await isOurs()) return
        throw error
      }
      const taken = await backend.read([SEAL_KEY, KEYRING_KEY])
      if (taken.size > 0) throw alreadyInitialized()
      if (tries === MAX_TRANSACTION_TRIES) throw unavailable('storage is busy: try again')
    }
  }

  async #openFrom(record: SealRecord, shares: readonly Uint8Array[]): Promise<void> {
    const { barrier } = this.#parts
    if (this.#isOpen) return
    const rootKey = unwrapRootKey(record, shares)
    for (const share of shares) share.fill(0)
    const isRight = rootKey !== null && (await barrier.unseal(rootKey))
    rootKey?.fill(0)
    if (!isRight) {
      throw badRequest(
        'unseal failed: invalid key: the shares given do not make the unseal key; begin again',
      )
    }
    await this.#serve(true)
  }

  async #openWith(keys: Uint8Array): Promise<void> {
    const { barrier } = this.#parts
    if (this.#isOpen) return
    barrier.importKeys(keys)
    keys.fill(0)
    try {
      await barrier.reload()
    } catch (error) {
      barrier.seal()
      throw error
    }
    await this.#serve(false)
  }

  async #serve(isFirst: boolean): Promise<void> {
    try {
      await this.#parts.onUnsealed(isFirst)
      this.#isOpen = true
    } catch (error) {
      this.#parts.barrier.seal()
      throw error
    }
  }

  async #tellKeys(topic: typeof sealTopics.opened | typeof sealTopics.changed): Promise<void> {
    const { barrier, bus } = this.#parts
    // Sealed again in the meantime.
    if (barrier.isSealed) return
    const keys = barrier.exportKeys()
    try {
      await bus.ask(topic, keys)
    } finally {
      keys.fill(0)
    }
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(step)
    this.#turn = turn.catch(() => {})
    return turn
  }
}

const alreadyInitialized = (): ApiError => badRequest('Vault is already initialized')
