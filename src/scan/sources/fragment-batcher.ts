// Gathers fragments into batches of about a megabyte. Their bytes lie side by side in one buffer (a slab) a batch,
// so that a batch can be transferred to a worker thread whole; a batch never shares its buffer with another one.
import { SCAN_BATCH_BYTES, SCAN_BATCH_FRAGMENTS } from '../../base/limits.ts'
import type { Fragment } from '../fragment.ts'

/** A fragment without its bytes. */
export type Place = Omit<Fragment, 'bytes'>

export class FragmentBatcher {
  #slab: Uint8Array
  #used = 0
  #batch: Fragment[] = []
  #ready: Fragment[][] = []
  #place: Place | null = null
  #start = 0
  /** Bytes handed out so far, for progress. */
  bytes = 0
  items = 0

  constructor() {
    this.#slab = new Uint8Array(SCAN_BATCH_BYTES)
  }

  /** Copies a whole fragment in. */
  add(place: Place, bytes: Uint8Array): void {
    this.begin(place)
    this.append(bytes, 0, bytes.length)
    this.finish()
  }

  /** The same bytes once more under another place; directly after the fragment that brought them. */
  again(place: Place): void {
    const last = this.#batch.at(-1)
    if (last !== undefined) this.#batch.push({ ...place, bytes: last.bytes })
  }

  begin(place: Place): void {
    if (this.#used > 0 && this.#used >= SCAN_BATCH_BYTES / 2) this.#close()
    else if (this.#batch.length >= SCAN_BATCH_FRAGMENTS) this.#close()
    this.#place = place
    this.#start = this.#used
  }

  /** Whether a fragment is begun and not finished. */
  get isOpen(): boolean {
    return this.#place !== null
  }

  /** Bytes of the fragment that is open. */
  get openBytes(): number {
    return this.#used - this.#start
  }

  append(source: Uint8Array, from: number, to: number): void {
    const length = to - from
    if (length <= 0) return
    this.#reserve(length)
    if (length < 64) {
      for (let i = 0; i < length; i++) this.#slab[this.#used + i] = source[from + i]!
    } else this.#slab.set(source.subarray(from, to), this.#used)
    this.#used += length
  }

  /** Room for `length` more bytes of the open fragment, to be filled by the caller; `took` says how many it filled. */
  room(length: number): Uint8Array {
    this.#reserve(length)
    return this.#slab.subarray(this.#used, this.#used + length)
  }

  took(length: number): void {
    this.#used += length
  }

  /** Takes `count` bytes off the open fragment's end. */
  drop(count: number): void {
    this.#used = Math.max(this.#start, this.#used - count)
  }

  /** The bytes of the open fragment so far; valid until the next call. */
  peek(): Uint8Array {
    return this.#slab.subarray(this.#start, this.#used)
  }

  /** Forgets the open fragment. */
  cancel(): void {
    this.#used = this.#start
    this.#place = null
  }

  finish(): void {
    if (this.#place === null) return
    this.#batch.push({ ...this.#place, bytes: this.#slab.subarray(this.#start, this.#used) })
    this.bytes += this.#used - this.#start
    this.items++
    this.#place = null
    if (this.#used >= SCAN_BATCH_BYTES) this.#close()
  }

  /** The batches that are full; with `last`, the one that isn't, too. */
  take(last = false): Fragment[][] {
    if (last && this.#batch.length > 0) this.#close()
    if (this.#ready.length === 0) return this.#ready
    const ready = this.#ready
    this.#ready = []
    return ready
  }

  #close(): void {
    if (this.#batch.length > 0) this.#ready.push(this.#batch)
    this.#batch = []
    this.#slab = new Uint8Array(SCAN_BATCH_BYTES)
    this.#used = 0
    this.#start = 0
  }

  /** Makes room; a fragment that grows past its slab moves, alone, into a larger one. */
  #reserve(length: number): void {
    if (this.#used + length <= this.#slab.length) return
    const open = this.#slab.subarray(this.#start, this.#used)
    const needed = Math.max(SCAN_BATCH_BYTES, 2 * (open.length + length))
    const next = new Uint8Array(needed)
    next.set(open)
    if (this.#batch.length > 0) this.#ready.push(this.#batch)
    this.#batch = []
    this.#slab = next
    this.#used = open.length
    this.#start = 0
  }
}
