// Certificates that were issued, by serial number and by expiry, written in the commit that issues them.
// Nothing here is ever scanned: a certificate is one key, and what has expired is the front of an index.
import { serialText } from '../../crypto/x509/build-certificate.ts'
import type { Tx } from '../../sdk/storage.ts'
import { expiryKey } from './expiry-index.ts'

export interface IssuedCertificate {
  /** Big-endian bytes of the serial number. */
  readonly serial: Buffer
  readonly der: Buffer
  readonly notAfterMs: number
  /** The issuer that signed it. */
  readonly issuerId: string
}

export const CERT_PREFIX = 'certs/'

/** "certs/aa:bb:…"; the text is the one of the API. */
export const certKey = (serial: string): string => CERT_PREFIX + serial

/** Adds the certificate to the store as part of the commit that issues it. */
export function recordIssued(tx: Tx, cert: IssuedCertificate): void {
  const serial = serialText(cert.serial)
  tx.put(certKey(serial), encodeIssued(cert))
  tx.put(expiryKey(cert.notAfterMs, serial), EMPTY)
}

const EMPTY = Buffer.alloc(1)

/** Issuer's id (length, text), then the certificate's DER. */
function encodeIssued(cert: IssuedCertificate): Buffer {
  const issuer = Buffer.from(cert.issuerId, 'latin1')
  const out = Buffer.allocUnsafe(1 + issuer.length + cert.der.length)
  out[0] = issuer.length
  out.set(issuer, 1)
  out.set(cert.der, 1 + issuer.length)
  return out
}

export interface StoredCertificate {
  readonly issuerId: string
  readonly der: Buffer
}

export function decodeIssued(bytes: Buffer): StoredCertificate {
  const end = 1 + bytes[0]!
  return { issuerId: bytes.toString('latin1', 1, end), der: bytes.subarray(end) }
}
