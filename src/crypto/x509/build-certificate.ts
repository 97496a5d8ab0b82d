// Builds and signs a certificate (RFC 5280, 4.1): whatever is handed in is written as it is, in this order.
// All parts are finished elements, so that a caller keeps those that never change.
import { bitString, context, integer, sequence, time } from './der-writer.ts'
import type { Signer } from './signer.ts'

export interface CertificateParts {
  /** Big-endian bytes of the serial number, at most 20. */
  readonly serial: Uint8Array
  /** The issuer's name, byte for byte its certificate's subject. */
  readonly issuer: Uint8Array
  /** A name by encodeName. */
  readonly subject: Uint8Array
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** The whole SubjectPublicKeyInfo. */
  readonly spki: Uint8Array
  /** Whole Extension elements, in order. */
  readonly extensions: readonly Uint8Array[]
}

const VERSION_3 = context(0, integer(2))

/** What is signed. Throws X509Error for times that no certificate can hold. */
export function encodeTbsCertificate(of: CertificateParts, algorithm: Uint8Array): Buffer {
  const parts: Uint8Array[] = [
    VERSION_3,
    integer(of.serial),
    algorithm,
    of.issuer,
    sequence(time(of.notBeforeMs), time(of.notAfterMs)),
    of.subject,
    of.spki,
  ]
  if (of.extensions.length > 0) parts.push(context(3, sequence(...of.extensions)))
  return sequence(...parts)
}

/** The whole certificate in DER. */
export async function buildCertificate(of: CertificateParts, signer: Signer): Promise<Buffer> {
  const tbs = encodeTbsCertificate(of, signer.algorithm.der)
  return sequence(tbs, signer.algorithm.der, bitString(await signer.sign(tbs)))
}

/** A serial number as Vault makes them: 159 random bits and more, positive, never zero. */
export function randomSerial(bytes: (count: number) => Buffer): Buffer {
  const serial = bytes(20)
  serial[0] = (serial[0]! & 0x7f) | 0x01
  return serial
}

/** "aa:bb:…": how Vault writes serial numbers. Leading zeros are no part of them. */
export function serialText(serial: Uint8Array): string {
  let start = 0
  while (start < serial.length - 1 && serial[start] === 0) start++
  const hex = Buffer.from(serial.buffer, serial.byteOffset + start, serial.length - start).toString(
    'hex',
  )
  let text = hex.slice(0, 2)
  for (let at = 2; at < hex.length; at += 2) text += `:${hex.slice(at, at + 2)}`
  return text
}

/** The bytes of "aa:bb" or "aa-bb" (one or two digits each) or plain hex; null for other text. */
export function parseSerialText(text: string): Buffer | null {
  if (!/^[0-9a-fA-F]{1,2}([:-][0-9a-fA-F]{1,2})*$/.test(text)) {
    return /^([0-9a-fA-F]{2})+$/.test(text) ? Buffer.from(text, 'hex') : null
  }
  const hex = text
    .split(/[:-]/)
    .map((part) => part.padStart(2, '0'))
    .join('')
  return Buffer.from(hex, 'hex')
}
