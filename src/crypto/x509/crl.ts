// Certificate revocation lists (RFC 5280, 5): building and reading. A list may hold hundreds of thousands of
// entries: they are encoded into blocks as they come, so that whoever builds can let others run in between,
// and signed on the thread pool. Reading goes entry by entry for the same reason.
import { MAX_CRL_BYTES } from '../../base/limits.ts'
import { readSignedFrame, type SignedFrame } from './certificate.ts'
import { DerReader } from './der-reader.ts'
import { bitString, context, contextTag, head, integer, sequence, TAG, time } from './der-writer.ts'
import { type Extension, readExtensions } from './extension.ts'
import { type Name, parseName } from './names.ts'
import type { Signer } from './signer.ts'
import { malformed } from './x509-error.ts'

const BLOCK_BYTES = 256 * 1024
/** The longest serial number taken (RFC 5280 allows 20); an entry then fits MAX_PLAIN_ENTRY. */
const MAX_SERIAL_BYTES = 64
const MAX_PLAIN_ENTRY = 96

/** The entries of a list in the making: add them, then hand it to buildCrl. */
export class CrlEntries {
  #blocks: Buffer[] = []
  #block = Buffer.allocUnsafe(0)
  #used = 0
  #bytes = 0
  #count = 0
  #lastSecond = Number.NaN
  #lastTime: Buffer = Buffer.alloc(0)

  get count(): number {
    return this.#count
  }

  get byteLength(): number {
    return this.#bytes
  }

  /**
   * Adds one certificate: big-endian bytes of its serial number (at most 64), when it was revoked, and whole
   * Extension elements of the entry. Throws X509Error for a serial number that is longer.
   */
  add(serial: Uint8Array, revokedAtMs: number, extensions: readonly Uint8Array[] = []): void {
    if (serial.length > MAX_SERIAL_BYTES) throw malformed('serial number is too long')
    const second = Math.floor(revokedAtMs / 1000)
    if (second !== this.#lastSecond) {
      this.#lastSecond = second
      this.#lastTime = time(revokedAtMs)
    }
    if (extensions.length > 0) {
      this.addEncoded(sequence(integer(serial), this.#lastTime, sequence(...extensions)))
    } else this.#addPlain(serial, this.#lastTime)
  }

  /** Adds a whole entry, as another list held it. */
  addEncoded(entry: Uint8Array): void {
    this.#reserve(entry.length)
    this.#block.set(entry, this.#used)
    this.#used += entry.length
    this.#bytes += entry.length
    this.#count++
  }

  /** The hot path, without a temporary object per entry. */
  #addPlain(serial: Uint8Array, at: Buffer): void {
    let start = 0
    while (start < serial.length && serial[start] === 0) start++
    const magnitude = serial.length - start
    const pad = magnitude === 0 || serial[start]! >= 0x80 ? 1 : 0
    const length = 2 + pad + magnitude + at.length
    this.#reserve(MAX_PLAIN_ENTRY)
    const block = this.#block
    let to = this.#used
    block[to++] = TAG.sequence
    block[to++] = length
    block[to++] = TAG.integer
    block[to++] = pad + magnitude
    if (pad) block[to++] = 0
    for (let i = start; i < serial.length; i++) block[to++] = serial[i]!
    block.set(at, to)
    this.#used += 2 + length
    this.#bytes += 2 + length
    this.#count++
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#block.length) return
    if (this.#used > 0) this.#blocks.push(this.#block.subarray(0, this.#used))
    this.#block = Buffer.allocUnsafe(Math.max(BLOCK_BYTES, bytes))
    this.#used = 0
  }

  /** All entries, encoded one behind the other; the views stay valid only until the next add. */
  blocks(): readonly Buffer[] {
    return this.#used > 0 ? [...this.#blocks, this.#block.subarray(0, this.#used)] : this.#blocks
  }
}

export interface CrlParts {
  /** The issuer's name, byte for byte its certificate's subject. */
  readonly issuer: Uint8Array
  readonly thisUpdateMs: number
  readonly nextUpdateMs: number
  /** Whole Extension elements: authority key identifier, number and more. */
  readonly extensions: readonly Uint8Array[]
}

const VERSION_2 = integer(1)

/** The whole list in DER. */
export async function buildCrl(of: CrlParts, entries: CrlEntries, signer: Signer): Promise<Buffer> {
  const start = [
    VERSION_2,
    signer.algorithm.der,
    of.issuer,
    time(of.thisUpdateMs),
    time(of.nextUpdateMs),
  ]
  const end = of.extensions.length > 0 ? [context(0, sequence(...of.extensions))] : []
  const list =
    entries.count > 0 ? [head(TAG.sequence, entries.byteLength), ...entries.blocks()] : []
  const parts = [...start, ...list, ...end]
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const tbs = Buffer.concat([head(TAG.sequence, length), ...parts])
  return sequence(tbs, signer.algorithm.der, bitString(await signer.sign(tbs)))
}

export interface RevokedEntry {
  /** Big-endian bytes without leading zeros. */
  readonly serial: Buffer
  readonly revokedAtMs: number
  readonly extensions: readonly Extension[]
  /** The whole entry. */
  readonly der: Buffer
}

export interface Crl extends SignedFrame {
  readonly issuer: Name
  readonly thisUpdateMs: number
  /** null: the list doesn't say. */
  readonly nextUpdateMs: number | null
  readonly extensions: readonly Extension[]
  /** Encoded entries, one behind the other: for readRevoked. */
  readonly revoked: Buffer
}

/** Throws X509Error. The entries are not looked into: see readRevoked. */
export function parseCrl(bytes: Uint8Array): Crl {
  if (bytes.length > MAX_CRL_BYTES) throw malformed('revocation list is too large')
  const { frame, body } = readSignedFrame(Buffer.from(bytes))
  if (body.peek() === TAG.integer && body.smallInteger() !== 1)
    throw malformed('revocation list version is unknown')
  body.whole()
  const issuer = parseName(body.whole())
  const thisUpdateMs = body.time()
  const next = body.peek()
  const nextUpdateMs = next === TAG.utcTime || next === TAG.generalizedTime ? body.time() : null
  const revoked = body.optional(TAG.sequence) ?? Buffer.alloc(0)
  const wrapper = body.enterOptional(contextTag(0))
  const extensions = wrapper ? readExtensions(wrapper.enter()) : []
  wrapper?.end()
  body.end()
  return { ...frame, issuer, thisUpdateMs, nextUpdateMs, extensions, revoked }
}

/** The entries, one at a time. Throws X509Error where it comes to a malformed one. */
export function* readRevoked(revoked: Buffer): Generator<RevokedEntry> {
  const reader = new DerReader(revoked)
  while (!reader.isDone) {
    const der = reader.whole()
    const outer = new DerReader(der)
    const entry = outer.enter()
    const serial = entry.unsigned()
    const revokedAtMs = entry.time()
    const extensions = entry.isDone ? [] : readExtensions(entry.enter())
    entry.end()
    yield { serial, revokedAtMs, extensions, der }
  }
}
