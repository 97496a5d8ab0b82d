// Reads DER (X.690) strictly: definite, minimal lengths, low tag numbers, nothing behind the end. It copies
// nothing; what it answers are views of the input. Every fault is an X509Error, whatever the bytes are, and
// no read does more work than the bytes it was given.

import { TAG } from './der-writer.ts'
import { decodeOid } from './oid-codec.ts'
import { malformed } from './x509-error.ts'

/** Nesting: a real certificate takes a dozen levels. */
const MAX_DEPTH = 32

export interface Element {
  readonly tag: number
  /** The whole element, head included. */
  readonly der: Buffer
  readonly content: Buffer
}

export class DerReader {
  readonly #bytes: Buffer
  readonly #depth: number
  #at = 0

  constructor(bytes: Uint8Array, depth = 0) {
    if (depth > MAX_DEPTH) throw malformed('DER is nested too deeply')
    this.#bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#depth = depth
  }

  get isDone(): boolean {
    return this.#at >= this.#bytes.length
  }

  /** The tag of the next element; -1 at the end. */
  peek(): number {
    return this.#at < this.#bytes.length ? this.#bytes[this.#at]! : -1
  }

  /** The next element, whatever it is. */
  element(): Element {
    const bytes = this.#bytes
    const start = this.#at
    if (start + 2 > bytes.length) throw malformed('DER is cut off')
    const tag = bytes[start]!
    if ((tag & 0x1f) === 0x1f) throw malformed('DER tag is not supported')
    let length = bytes[start + 1]!
    let at = start + 2
    if (length >= 0x80) {
      const count = length & 0x7f
      if (count === 0) throw malformed('DER length is indefinite')
      if (count > 4 || at + count > bytes.length) throw malformed('DER length is out of range')
      length = bytes.readUIntBE(at, count)
      if (length < 0x80 || length < 2 ** (8 * (count - 1)))
        throw malformed('DER length is not minimal')
      at += count
    }
    if (length > bytes.length - at) throw malformed('DER is cut off')
    this.#at = at + length
    return { tag, der: bytes.subarray(start, this.#at), content: bytes.subarray(at, this.#at) }
  }

  /** The content of the next element, which must have this tag. */
  take(tag: number): Buffer {
    if (this.peek() !== tag)
      throw malformed(`DER holds something unexpected: ${tagName(tag)} missing`)
    return this.element().content
  }

  /** The content of the next element if it has this tag; null leaves it in place. */
  optional(tag: number): Buffer | null {
    return this.peek() === tag ? this.element().content : null
  }

  /** A reader of the next element's content. */
  enter(tag: number = TAG.sequence): DerReader {
    return new DerReader(this.take(tag), this.#depth + 1)
  }

  enterOptional(tag: number): DerReader | null {
    return this.peek() === tag ? this.enter(tag) : null
  }

  /** The whole next element, which must have this tag. */
  whole(tag: number = TAG.sequence): Buffer {
    if (this.peek() !== tag)
      throw malformed(`DER holds something unexpected: ${tagName(tag)} missing`)
    return this.element().der
  }

  /** Must be called when all is read: refuses what is left. */
  end(): void {
    if (!this.isDone) throw malformed('DER has trailing data')
  }

  oid(): string {
    return decodeOid(this.take(TAG.oid))
  }

  boolean(): boolean {
    const content = this.take(TAG.boolean)
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff))
      throw malformed('invalid boolean')
    return content[0] === 0xff
  }

  /** A small non-negative INTEGER (or ENUMERATED). */
  smallInteger(tag: number = TAG.integer): number {
    const value = unsignedBytes(this.take(tag))
    if (value.length > 6) throw malformed('integer is out of range')
    return value.length === 0 ? 0 : value.readUIntBE(0, value.length)
  }

  /** The magnitude of a non-negative INTEGER, without leading zeros (so empty for 0). */
  unsigned(): Buffer {
    return unsignedBytes(this.take(TAG.integer))
  }

  /** The whole bytes of a BIT STRING. */
  bitString(): Buffer {
    return wholeBits(this.take(TAG.bitString))
  }

  octets(): Buffer {
    return this.take(TAG.octetString)
  }

  /** UTCTime or GeneralizedTime as milliseconds since 1970. */
  time(): number {
    const tag = this.peek()
    if (tag !== TAG.utcTime && tag !== TAG.generalizedTime) throw malformed('invalid time')
    return parseTime(tag, this.element().content)
  }
}

/** A reader of one element that must be all there is. */
export function readOnly(der: Uint8Array, tag: number = TAG.sequence): DerReader {
  const outer = new DerReader(der)
  const inner = outer.enter(tag)
  outer.end()
  return inner
}

/** The magnitude that is the content of an INTEGER; negative and non-minimal ones are refused. */
export function unsignedBytes(content: Buffer): Buffer {
  if (content.length === 0) throw malformed('invalid integer')
  if (content[0]! & 0x80) throw malformed('integer is negative')
  if (content.length > 1 && content[0] === 0 && !(content[1]! & 0x80))
    throw malformed('integer is not minimal')
  return content[0] === 0 ? content.subarray(1) : content
}

/** The content of a BIT STRING that holds whole bytes. */
export function wholeBits(content: Buffer): Buffer {
  if (content.length === 0 || content[0] !== 0) throw malformed('invalid bit string')
  return content.subarray(1)
}

/** The content of a BIT STRING as a mask: its n-th bit is bit n. At most 31 bits count. */
export function bitMask(content: Buffer): number {
  const unused = content[0] ?? 8
  if (unused > 7 || (content.length === 1 && unused > 0)) throw malformed('invalid bit string')
  if (content.length > 1 && content.at(-1)! & ((1 << unused) - 1))
    throw malformed('invalid bit string')
  let mask = 0
  for (let bit = 0; bit < Math.min(31, (content.length - 1) * 8); bit++) {
    if (content[1 + (bit >> 3)]! & (0x80 >> (bit & 7))) mask |= 1 << bit
  }
  return mask
}

const TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/

export function parseTime(tag: number, content: Buffer): number {
  let text = content.length > 16 ? '' : content.toString('latin1')
  if (tag === TAG.utcTime && text.length === 13) text = (text < '5' ? '20' : '19') + text
  else if (tag === TAG.utcTime) text = ''
  const parts = TIME.exec(text)
  if (parts === null) throw malformed('invalid time')
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [...Sixfold]
  const date = new Date(Date.UTC(2000, month - 1, day, hour, minute, second))
  date.setUTCFullYear(year, month - 1, day)
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  if (!isReal || hour > 23 || minute > 59 || second > 59) throw malformed('invalid time')
  return date.getTime()
}

type Sixfold = [number, number, number, number, number, number]

function tagName(tag: number): string {
  const found = Object.entries(TAG).find(([, value]) => value === tag)
  return found ? found[0] : `tag ${tag}`
}
