// The keyring: one AES-256 key per term, newest last; old terms stay so that old values can be read. An
// immutable value: a rotation makes a new keyring. Its JSON form exists only encrypted under the root key.
import type { KeyObject } from 'node:crypto'
import type { Random } from '../../base/random.ts'
import { AEAD_KEY_BYTES, aeadKey } from '../../crypto/aead.ts'

/** When the barrier takes a new term by itself. */
export interface KeyRotation {
  readonly enabled: boolean
  /** Encryptions of one term, over all processes. */
  readonly maxOperations: number
  /** Age of a term in seconds; 0 for no such limit. */
  readonly intervalSeconds: number
}

/**
 * 90 % of 2^32, the most messages under one GCM key with random nonces; also the most that can be asked
 * for. Less than the minimum would rotate all the time.
 */
export const MAX_OPERATIONS = 3_865_470_566
export const MIN_OPERATIONS = 1_000_000
export const MIN_ROTATION_INTERVAL_SECONDS = 24 * 3600

export const defaultRotation: KeyRotation = {
  enabled: true,
  maxOperations: MAX_OPERATIONS,
  intervalSeconds: 0,
}

interface Term {
  readonly term: number
  readonly bytes: Buffer
  readonly key: KeyObject
  readonly installedAtMs: number
}

/** The JSON form, format 1. */
interface KeyringJson {
  readonly format: 1
  readonly terms: readonly { term: number; key: string; install_time: string }[]
  readonly rotation: { enabled: boolean; max_operations: number; interval_seconds: number }
}

export class Keyring {
  readonly #terms: ReadonlyMap<number, Term>
  readonly #newest: Term
  readonly rotation: KeyRotation

  private constructor(terms: readonly Term[], rotation: KeyRotation) {
    this.#terms = new Map(terms.map((term) => [term.term, term]))
    this.#newest = terms.at(-1)!
    this.rotation = rotation
  }

  /** A keyring with a first term. */
  static create(random: Random, nowMs: number): Keyring {
    return new Keyring([newTerm(1, random, nowMs)], defaultRotation)
  }

  /** Reads the JSON form; throws an Error if it isn't one. */
  static decode(json: Uint8Array): Keyring {
    const form = JSON.parse(Buffer.from(json).toString()) as KeyringJson
    if (form.format !== 1 || form.terms.length === 0)
      throw new Error('the keyring is in a form that this version does not know')
    const terms = form.terms.map(({ term, key, install_time }) =>
      termOf(term, Buffer.from(key, 'base64'), Date.parse(install_time)),
    )
    const { enabled, max_operations, interval_seconds } = form.rotation
    return new Keyring(
      terms.sort((a, b) => a.term - b.term),
      { enabled, maxOperations: max_operations, intervalSeconds: interval_seconds },
    )
  }

  /** The JSON form, in clear: the caller encrypts it and wipes it. */
  encode(): Buffer {
    const form: KeyringJson = {
      format: 1,
      terms: [...this.#terms.values()].map(({ term, bytes, installedAtMs }) => ({
        term,
        key: bytes.toString('base64'),
        install_time: new Date(installedAtMs).toISOString(),
      })),
      rotation: {
        enabled: this.rotation.enabled,
        max_operations: this.rotation.maxOperations,
        interval_seconds: this.rotation.intervalSeconds,
      },
    }
    return Buffer.from(JSON.stringify(form))
  }

  /** The term that encrypts. */
  get term(): number {
    return this.#newest.term
  }

  get key(): KeyObject {
    return this.#newest.key
  }

  get installedAtMs(): number {
    return this.#newest.installedAtMs
  }

  /** The key of a term, also an old one. */
  keyOf(term: number): KeyObject | undefined {
    return this.#terms.get(term)?.key
  }

  withNewTerm(random: Random, nowMs: number): Keyring {
    const next = newTerm(this.term + 1, random, nowMs)
    return new Keyring([...this.#copies(), next], this.rotation)
  }

  withRotation(rotation: KeyRotation): Keyring {
    return new Keyring(this.#copies(), rotation)
  }

  /** Zeroes the bytes of all keys. The KeyObjects go with the keyring itself. */
  wipe(): void {
    for (const { bytes } of this.#terms.values()) bytes.fill(0)
  }

  /** Own bytes, so that wiping one keyring leaves its successor whole. */
  #copies(): Term[] {
    return [...this.#terms.values()].map((term) => ({ ...term, bytes: Buffer.from(term.bytes) }))
  }
}

const newTerm = (term: number, random: Random, nowMs: number): Term =>
  termOf(term, random.bytes(AEAD_KEY_BYTES), nowMs)

const termOf = (term: number, bytes: Buffer, installedAtMs: number): Term => ({
  term,
  bytes,
  key: aeadKey(bytes),
  installedAtMs,
})
