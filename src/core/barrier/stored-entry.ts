// Entries as core and plugins see them. Decryption waits until the content is asked for, so that checking
// a version, or a transaction that only expects it, costs no cipher.

import { stringifyJson } from '../../base/json.ts'
import type { Entry, Stored, Writable } from '../../sdk/storage.ts'
import type { Barrier } from './barrier.ts'

/** An entry of storage. */
export class StoredEntry implements Entry {
  readonly version: string
  readonly #barrier: Barrier
  readonly #key: string
  readonly #stored: Uint8Array
  #plaintext: Buffer | null = null

  constructor(barrier: Barrier, key: string, stored: Stored) {
    this.version = stored.version
    this.#barrier = barrier
    this.#key = key
    this.#stored = stored.value
  }

  bytes(): Buffer {
    this.#plaintext ??= this.#barrier.decrypt(this.#key, this.#stored)
    return this.#plaintext
  }

  text(): string {
    return this.bytes().toString()
  }

  json<T>(): T {
    return JSON.parse(this.text()) as T
  }
}

/** What a transaction has put and not committed yet. Its version exists only after the commit. */
export class PendingEntry implements Entry {
  readonly version = 'uncommitted'
  readonly #plaintext: Uint8Array

  constructor(plaintext: Uint8Array) {
    this.#plaintext = plaintext
  }

  bytes(): Buffer {
    return Buffer.from(this.#plaintext)
  }

  text(): string {
    return this.bytes().toString()
  }

  json<T>(): T {
    return JSON.parse(this.text()) as T
  }
}

/** The bytes of what a plugin writes. Numbers and raw JSON are written as base/json.ts has them. */
export function bytesOf(value: Writable): Uint8Array {
  if (value instanceof Uint8Array) return value
  return Buffer.from(typeof value === 'string' ? value : stringifyJson(value.json))
}
