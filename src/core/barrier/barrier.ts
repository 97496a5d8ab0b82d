// The barrier: nothing passes to storage but through its keys, each value bound to its storage key. It is
// sealed until a root key opens the keyring, and forgets all keys on seal. How the root key is split or
// wrapped is the seal's business. Invariants: the newest term encrypts; uses of a term are counted over
// all processes before they happen (key-uses.ts); every change of the keyring is one commit that expects
// the keyring it was made from.
import type { Clock } from '../../base/clock.ts'
import { badRequest, sealed, unavailable } from '../../base/errors.ts'
import { MAX_TRANSACTION_TRIES } from '../../base/limits.ts'
import type { Random } from '../../base/random.ts'
import { aeadOpen, aeadSeal } from '../../crypto/aead.ts'
import { equalSecrets } from '../../crypto/timing.ts'
import type { Batch, StorageBackend } from '../../sdk/storage.ts'
import { KEYRING_KEY, ROOT_KEY_KEY } from '../keys.ts'
import { KeyUses, type UsesHolder } from './key-uses.ts'
import { type KeyRotation, Keyring } from './keyring.ts'
import { openKeyring, sealKeyring, unwrapRootKey, wrapRootKey } from './keyring-store.ts'
import { HEADER_BYTES, headerOf, termIn } from './value-header.ts'

export interface BarrierOptions {
  readonly backend: StorageBackend
  readonly clock: Clock
  readonly random: Random
  /** Encryptions that one process reserves at a time. */
  readonly usesPerBlock?: number
  /** Called when the keyring or the root key in use became another one than at unsealing. */
  readonly onKeysChanged?: () => void
}

export interface KeyStatus {
  readonly term: number
  readonly installedAtMs: number
  /** Encryptions under this term; blocks that other processes hold count whole. */
  readonly encryptions: number
}

/** Writes and expectations that belong in the same commit, for example how the root key is split. */
export type Alongside = Partial<Batch>

/** What an unsealed barrier knows. */
interface Opened {
  readonly keyring: Keyring
  /** The version of core/keyring that it was read from. */
  readonly version: string
  readonly rootKey: Buffer
  readonly header: Buffer
}

export class Barrier implements UsesHolder {
  readonly #backend: StorageBackend
  readonly #clock: Clock
  readonly #random: Random
  readonly #uses: KeyUses
  readonly #onKeysChanged: () => void
  #opened: Opened | null = null
  /** Moves at every seal: what was begun before must not unseal afterwards. */
  #sealCount = 0
  #reloading: Promise<void> | null = null

  constructor(options: BarrierOptions) {
    this.#backend = options.backend
    this.#clock = options.clock
    this.#random = options.random
    this.#uses = new KeyUses(this, options)
    this.#onKeysChanged = options.onKeysChanged ?? (() => {})
  }

  get isSealed(): boolean {
    return this.#opened === null
  }

  async isInitialized(): Promise<boolean> {
    return (await this.#backend.read([KEYRING_KEY])).has(KEYRING_KEY)
  }

  /** Makes and stores a first keyring under the root key, once; leaves the barrier sealed. */
  async initialize(rootKey: Uint8Array, alongside: Alongside = {}): Promise<void> {
    const keyring = Keyring.create(this.#random, this.#clock.now())
    const writes = new Map(alongside.writes)
    writes.set(KEYRING_KEY, sealKeyring(keyring, rootKey, this.#random))
    keyring.wipe()
    const expect = new Map(alongside.expect).set(KEYRING_KEY, null)
    for (let tries = 1; ; tries++) {
      if ((await this.#backend.commit({ expect, writes })) === 'committed') return
      if (await this.isInitialized()) throw badRequest('Vault is already initialized')
      if (tries === MAX_TRANSACTION_TRIES) throw busy()
    }
  }

  /** Opens the keyring. False if this is not its root key. The bytes are copied. */
  async unseal(rootKey: Uint8Array): Promise<boolean> {
    const before = this.#sealCount
    const stored = (await this.#backend.read([KEYRING_KEY])).get(KEYRING_KEY)
    if (stored === undefined) throw badRequest('Vault is not initialized')
    const keyring = openKeyring(stored, rootKey)
    if (keyring === null) return false
    if (before !== this.#sealCount) throw sealed()
    this.#install(keyring, stored.version, Buffer.from(rootKey))
    return true
  }

  /** Zeroes and forgets all keys. Entries that were read but not decrypted stay closed. */
  seal(): void {
    this.#sealCount += 1
    this.#uses.forget()
    this.#opened?.keyring.wipe()
    this.#opened?.rootKey.fill(0)
    this.#opened = null
  }

  /** Whether this is the root key in use, for those who must prove it again. */
  isRootKey(rootKey: Uint8Array): boolean {
    return equalSecrets(this.#open().rootKey, rootKey)
  }

  /**
   * Whether `count` encryptions may happen now: undefined if so, else a promise to await before asking
   * again. Whoever encrypts asks first, and then encrypts without an await between.
   */
  prepare(count: number): Promise<void> | undefined {
    return this.#uses.prepare(count)
  }

  /** Encrypts a value for its storage key. */
  encrypt(key: string, plaintext: Uint8Array): Buffer {
    const { keyring, header } = this.#open()
    this.#uses.take()
    return aeadSeal(keyring.key, this.#random, header, plaintext, Buffer.from(key))
  }

  /** Whether the value's term is known; if not, `reload` first. */
  knows(value: Uint8Array): boolean {
    const { keyring } = this.#open()
    const term = termIn(value)
    return term === keyring.term || keyring.keyOf(term) !== undefined
  }

  /** Decrypts a value that was encrypted for this storage key; throws an Error if it wasn't. */
  decrypt(key: string, value: Uint8Array): Buffer {
    const termKey = this.#open().keyring.keyOf(termIn(value))
    const plaintext = termKey && aeadOpen(termKey, HEADER_BYTES, value, Buffer.from(key))
    if (!plaintext)
      throw new Error(
        termKey
          ? `storage entry ${key} is damaged or was moved: it fails authentication`
          : `storage entry ${key} is encrypted under a term that the keyring does not have`,
      )
    return plaintext
  }

  /** Takes over the keyring in storage if another process changed it. Calls at one time share a read. */
  reload(): Promise<void> {
    this.#reloading ??= this.#reload().finally(() => {
      this.#reloading = null
    })
    return this.#reloading
  }

  /** A new term, effective for everything written from now on; its number. */
  async rotate(): Promise<number> {
    await this.#change((keyring) => keyring.withNewTerm(this.#random, this.#clock.now()))
    return this.term
  }

  /** A new term unless there is one newer than `term` already: for those who find a term used up. */
  async rotateFrom(term: number): Promise<void> {
    await this.#change((keyring) =>
      keyring.term > term ? null : keyring.withNewTerm(this.#random, this.#clock.now()),
    )
  }

  /** A new term if the age or the uses of this one ask for it; for a periodic job. */
  rotateIfDue(): Promise<void> {
    return this.#uses.rotateIfDue()
  }

  get term(): number {
    return this.#open().keyring.term
  }

  get keyringVersion(): string {
    return this.#open().version
  }

  get installedAtMs(): number {
    return this.#open().keyring.installedAtMs
  }

  get rotation(): KeyRotation {
    return this.#open().keyring.rotation
  }

  async setRotation(rotation: KeyRotation): Promise<void> {
    await this.#change((keyring) => keyring.withRotation(rotation))
  }

  async keyStatus(): Promise<KeyStatus> {
    await this.reload()
    const encryptions = await this.#uses.count()
    return { term: this.term, installedAtMs: this.installedAtMs, encryptions }
  }

  /** Puts the keyring under a new root key, together with how that key is kept. */
  async rotateRootKey(newRootKey: Uint8Array, alongside: Alongside = {}): Promise<void> {
    for (let tries = 1; ; tries++) {
      const { keyring, version } = this.#open()
      const writes = new Map(alongside.writes)
      writes.set(KEYRING_KEY, sealKeyring(keyring, newRootKey, this.#random))
      writes.set(ROOT_KEY_KEY, wrapRootKey(keyring, newRootKey, this.#random))
      const expect = new Map(alongside.expect).set(KEYRING_KEY, version)
      if ((await this.#backend.commit({ expect, writes })) === 'committed') break
      if (tries === MAX_TRANSACTION_TRIES) throw busy()
      await this.reload()
    }
    await this.reload()
  }

  /** Keyring and root key for a process of the same server, in clear: pass it on and wipe it. */
  exportKeys(): Buffer {
    const { keyring, version, rootKey } = this.#open()
    const json = keyring.encode()
    const exported = Buffer.from(
      JSON.stringify({
        version,
        root_key: rootKey.toString('base64'),
        keyring: json.toString('base64'),
      }),
    )
    json.fill(0)
    return exported
  }

  /** Unseals with what exportKeys gave; no storage is read. */
  importKeys(exported: Uint8Array): void {
    const { version, root_key, keyring } = JSON.parse(Buffer.from(exported).toString()) as {
      version: string
      root_key: string
      keyring: string
    }
    const json = Buffer.from(keyring, 'base64')
    this.#install(Keyring.decode(json), version, Buffer.from(root_key, 'base64'))
    json.fill(0)
  }

  #open(): Opened {
    if (this.#opened === null) throw sealed()
    return this.#opened
  }

  #install(keyring: Keyring, version: string, rootKey: Buffer): void {
    const before = this.#opened
    if (before?.keyring.term !== keyring.term) this.#uses.forget()
    this.#opened = { keyring, version, rootKey, header: headerOf(keyring.term) }
    before?.keyring.wipe()
    if (before && before.rootKey !== rootKey) before.rootKey.fill(0)
    if (before) this.#onKeysChanged()
  }

  async #reload(): Promise<void> {
    const { version } = this.#open()
    const before = this.#sealCount
    const found = await this.#backend.read([KEYRING_KEY, ROOT_KEY_KEY])
    if (before !== this.#sealCount) throw sealed()
    const stored = found.get(KEYRING_KEY)
    if (stored === undefined) throw new Error('the keyring is missing from storage')
    if (stored.version === version) return
    const { keyring, rootKey } = this.#open()
    const same = openKeyring(stored, rootKey)
    if (same) {
      this.#install(same, stored.version, rootKey)
      return
    }
    const wraps = found.get(ROOT_KEY_KEY)
    const newRootKey = wraps ? unwrapRootKey(wraps, keyring) : null
    const next = newRootKey ? openKeyring(stored, newRootKey) : null
    if (newRootKey === null || next === null)
      throw unavailable('the root key was changed; this server has to be unsealed again')
    this.#install(next, stored.version, newRootKey)
  }

  /** Commits a keyring made from the one in storage; null leaves it. Retried when another came first. */
  async #change(make: (keyring: Keyring) => Keyring | null): Promise<void> {
    for (let tries = 1; ; tries++) {
      const { keyring, version, rootKey } = this.#open()
      const next = make(keyring)
      if (next === null) return
      const writes = new Map([[KEYRING_KEY, sealKeyring(next, rootKey, this.#random)]])
      next.wipe()
      const expect = new Map([[KEYRING_KEY, version]])
      const outcome = await this.#backend.commit({ expect, writes })
      await this.reload()
      if (outcome === 'committed') return
      if (tries === MAX_TRANSACTION_TRIES) throw busy()
    }
  }
}

const busy = (): Error => unavailable('the keyring is being changed by others; try again')
