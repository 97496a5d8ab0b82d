// The filter of live secrets that a server gave this scanner (sys/live-secrets): truncated digests under a key of the
// scanner's own, opaque ids and states. With it a scanner tells, without a server, that a text is a secret of the
// vault, and never which. The file is for its owner alone: header line, then rows of 17 bytes in order of digest.
import { createHmac } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export type LiveState = 'live' | 'replaced' | 'gone'
const STATES: readonly LiveState[] = ['live', 'replaced', 'gone']

const MAGIC = 'strongroom-live-filter-1'
/** As the server sends them: state (1), id (8), digest (8). In the file: digest, id, state. */
export const ROW_BYTES = 17
const DIGEST_BYTES = 8
const BUCKETS = 1 << 16

export interface FilterHeader {
  readonly scanner: string
  readonly address: string
  readonly namespace: string
  readonly generation: string
  /** Keys in base64: of all digests, and of this scanner's. */
  readonly salt: string
  readonly key: string
  readonly minLength: number
  readonly minEntropyBits: number
  readonly cursor: string
  /** RFC 3339. */
  readonly fetchedTime: string
}

export interface LiveHit {
  /** 16 hex digits. */
  readonly id: string
  readonly state: LiveState
}

/** What is wrong with a filter's file, in words. */
export class FilterError extends Error {}

export interface FilterFile {
  readonly header: FilterHeader
  /** In order of digest. */
  readonly rows: Buffer
}

export function readFilterFile(path: string): FilterFile {
  const data = readFileSync(path)
  const end = data.indexOf(10)
  const next = data.indexOf(10, end + 1)
  if (end < 0 || next < 0 || data.toString('latin1', 0, end) !== MAGIC)
    throw new FilterError(
      `${path} is no filter of live secrets: "strongroom leak filter" fetches one`,
    )
  const rows = data.subarray(next + 1)
  if (rows.length % ROW_BYTES !== 0) throw new FilterError(`${path} is cut off: fetch it anew`)
  try {
    return { header: JSON.parse(data.toString('utf8', end + 1, next)) as FilterHeader, rows }
  } catch {
    throw new FilterError(`${path} is damaged: fetch it anew`)
  }
}

/** Written beside its place and moved there, readable by its owner alone. */
export function writeFilterFile(path: string, { header, rows }: FilterFile): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const fresh = `${path}.${process.pid}.new`
  const head = Buffer.from(`${MAGIC}\n${JSON.stringify(header)}\n`)
  writeFileSync(fresh, Buffer.concat([head, rows]), { mode: 0o600 })
  chmodSync(fresh, 0o600)
  renameSync(fresh, path)
}

/** Rows of a file with what the server sent since; the newest row of an id counts. */
export function mergeRows(before: Buffer, sent: Buffer): Buffer {
  const rows = new Map<string, Buffer>()
  for (let at = 0; at < before.length; at += ROW_BYTES) {
    rows.set(before.toString('latin1', at + 8, at + 16), before.subarray(at, at + ROW_BYTES))
  }
  for (let at = 0; at < sent.length; at += ROW_BYTES) {
    const row = Buffer.allocUnsafe(ROW_BYTES)
    sent.copy(row, 0, at + 9, at + 17)
    sent.copy(row, 8, at + 1, at + 9)
    row[16] = sent[at]!
    rows.set(row.toString('latin1', 8, 16), row)
  }
  return Buffer.concat([...rows.values()].sort(Buffer.compare))
}

export class LiveFilter {
  readonly header: FilterHeader
  readonly #rows: Buffer
  readonly #salt: Buffer
  readonly #key: Buffer
  /** Where the rows of each first two bytes begin. */
  readonly #starts = new Uint32Array(BUCKETS + 1)

  constructor({ header, rows }: FilterFile) {
    this.header = header
    this.#rows = rows
    this.#salt = Buffer.from(header.salt, 'base64')
    this.#key = Buffer.from(header.key, 'base64')
    for (let at = 0; at < rows.length; at += ROW_BYTES) {
      const bucket = rows.readUInt16BE(at) + 1
      this.#starts[bucket] = this.#starts[bucket]! + 1
    }
    for (let at = 1; at <= BUCKETS; at++) this.#starts[at]! += this.#starts[at - 1]!
  }

  get size(): number {
    return this.#rows.length / ROW_BYTES
  }

  /** Whether a text is a secret of the vault; of several with the same value a live one is told. */
  find(text: string): LiveHit | null {
    if (text.length < this.header.minLength) return null
    const common = createHmac('sha256', this.#salt).update(text).digest().subarray(0, 16)
    const digest = createHmac('sha256', this.#key).update(common).digest()
    const bucket = digest.readUInt16BE(0)
    let hit: LiveHit | null = null
    for (let row = this.#starts[bucket]!; row < this.#starts[bucket + 1]!; row++) {
      const at = row * ROW_BYTES
      if (this.#rows.compare(digest, 0, DIGEST_BYTES, at, at + DIGEST_BYTES) !== 0) continue
      const state = STATES[this.#rows[at + 16]!] ?? 'gone'
      const found = { id: this.#rows.toString('hex', at + 8, at + 16), state }
      if (hit === null || state === 'live') hit = found
    }
    return hit
  }
}
