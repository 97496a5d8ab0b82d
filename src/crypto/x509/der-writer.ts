// Writes DER (X.690): each function answers one finished element, ready to be put into others. Elements that
// stay the same (an issuer's name, an algorithm) are made once and reused, which is what makes signing fast.
// Lengths are always minimal and sets sorted, so that what is written is DER and not just BER.
import { encodeOid } from './oid-codec.ts'
import { malformed } from './x509-error.ts'

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  t61String: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

/** Tag of context class: [n] primitive, or constructed for what contains other elements. */
export const contextTag = (n: number, constructed = true): number => (constructed ? 0xa0 : 0x80) | n

/** The head of an element: tag and length. */
export function head(tag: number, length: number): Buffer {
  const bytes = lengthBytes(length)
  const out = Buffer.allocUnsafe(1 + bytes)
  out[0] = tag
  writeLength(out, length, bytes)
  return out
}

const lengthBytes = (length: number): number =>
  length < 0x80 ? 1 : length < 0x100 ? 2 : length < 0x10000 ? 3 : length < 0x1000000 ? 4 : 5

function writeLength(out: Buffer, length: number, bytes: number): void {
  if (bytes === 1) {
    out[1] = length
    return
  }
  out[1] = 0x7f + bytes
  out.writeUIntBE(length, 2, bytes - 1)
}

/** One element with the given parts as its content, one after the other. */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  let length = 0
  for (let i = 0; i < parts.length; i++) length += parts[i]!.length
  const bytes = lengthBytes(length)
  const out = Buffer.allocUnsafe(1 + bytes + length)
  out[0] = tag
  writeLength(out, length, bytes)
  let at = 1 + bytes
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!
    out.set(part, at)
    at += part.length
  }
  return out
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => tlv(TAG.sequence, ...parts)

/** A SET OF: DER sorts its elements. */
export const setOf = (...parts: readonly Uint8Array[]): Buffer =>
  tlv(TAG.set, ...(parts.length < 2 ? parts : [...parts].sort(Buffer.compare)))

/** [n] EXPLICIT, and [n] IMPLICIT of something constructed. */
export const context = (n: number, ...parts: readonly Uint8Array[]): Buffer =>
  tlv(contextTag(n), ...parts)

/** [n] IMPLICIT of something primitive. */
export const contextPrimitive = (n: number, content: Uint8Array): Buffer =>
  tlv(contextTag(n, false), content)

/** A non-negative INTEGER: a safe number, or the big-endian bytes of its value. */
export const integer = (value: number | Uint8Array): Buffer => integerAs(TAG.integer, value)
export const enumerated = (value: number): Buffer => integerAs(TAG.enumerated, value)

function integerAs(tag: number, value: number | Uint8Array): Buffer {
  if (typeof value === 'number') {
    if (value >= 0 && value < 0x80) return Buffer.from([tag, 1, value])
    return integerAs(tag, bytesOfNumber(value))
  }
  let start = 0
  while (start < value.length && value[start] === 0) start++
  const length = value.length - start
  const isPadded = length === 0 || value[start]! >= 0x80
  const size = length + (isPadded ? 1 : 0)
  const bytes = lengthBytes(size)
  const out = Buffer.allocUnsafe(1 + bytes + size)
  out[0] = tag
  writeLength(out, size, bytes)
  if (isPadded) out[1 + bytes] = 0
  out.set(start === 0 ? value : value.subarray(start), 1 + bytes + (isPadded ? 1 : 0))
  return out
}

function bytesOfNumber(value: number): Buffer {
  if (!Number.isSafeInteger(value) || value < 0) throw malformed('number out of range')
  const hex = value.toString(16)
  return Buffer.from(hex.length % 2 === 1 ? `0${hex}` : hex, 'hex')
}

export const boolean = (value: boolean): Buffer => Buffer.from([TAG.boolean, 1, value ? 0xff : 0])
export const NULL: Buffer = Buffer.from([TAG.null, 0])

export const octetString = (...parts: readonly Uint8Array[]): Buffer =>
  tlv(TAG.octetString, ...parts)

/** A BIT STRING of whole bytes. */
export const bitString = (content: Uint8Array): Buffer =>
  tlv(TAG.bitString, NO_UNUSED_BITS, content)

const NO_UNUSED_BITS = Buffer.from([0])

/** The content of a BIT STRING of named bits: bit n of `bits` is the n-th of the string; no trailing zeros. */
export function namedBits(bits: number): Buffer {
  if (bits === 0) return Buffer.from([0])
  const last = 31 - Math.clz32(bits)
  const out = Buffer.alloc(2 + (last >> 3))
  out[0] = 7 - (last & 7)
  for (let bit = 0; bit <= last; bit++) {
    if (bits & (1 << bit)) out[1 + (bit >> 3)]! |= 0x80 >> (bit & 7)
  }
  return out
}

/** Throws X509Error for text that is no object identifier. */
export const oid = (dotted: string): Buffer => tlv(TAG.oid, encodeOid(dotted))

export const utf8String = (text: string): Buffer => tlv(TAG.utf8String, Buffer.from(text, 'utf8'))
export const printableString = (text: string): Buffer =>
  tlv(TAG.printableString, Buffer.from(text, 'latin1'))

/** Throws X509Error for text beyond ASCII. */
export function ia5Bytes(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8')
  if (bytes.length !== text.length) throw malformed('text holds characters that are not ASCII')
  return bytes
}
export const ia5String = (text: string): Buffer => tlv(TAG.ia5String, ia5Bytes(text))

/** RFC 5280's Time: UTCTime up to 2049, GeneralizedTime from then on; whole seconds, always UTC. */
export function time(atMs: number): Buffer {
  const text = timeText(atMs)
  return text.startsWith('19', 0) && text >= '1950'
    ? tlv(TAG.utcTime, Buffer.from(text.slice(2), 'latin1'))
    : text.startsWith('20') && text < '2050'
      ? tlv(TAG.utcTime, Buffer.from(text.slice(2), 'latin1'))
      : tlv(TAG.generalizedTime, Buffer.from(text, 'latin1'))
}

export const generalizedTime = (atMs: number): Buffer =>
  tlv(TAG.generalizedTime, Buffer.from(timeText(atMs), 'latin1'))

/** 20260102150405Z; the years 0 to 9999 only. */
function timeText(atMs: number): string {
  const date = new Date(atMs)
  const year = date.getUTCFullYear()
  if (!(year >= 0 && year <= 9999)) throw malformed('time is out of range')
  return (
    String(year).padStart(4, '0') +
    two(date.getUTCMonth() + 1) +
    two(date.getUTCDate()) +
    two(date.getUTCHours()) +
    two(date.getUTCMinutes()) +
    two(date.getUTCSeconds()) +
    'Z'
  )
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value))
