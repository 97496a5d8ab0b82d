// Certificates that were issued and those that were revoked, by serial number and by expiry, written in the
// commit that issues or revokes. Nothing here is ever scanned: a certificate is one key, what has expired is
// the front of an index, and the entries of a revocation list are keys of their own (crl-entries.ts).
import { serialText } from '../../crypto/x509/build-certificate.ts'
import type { ReadStorage, Tx } from '../../sdk/storage.ts'
import { expiryKey } from './expiry-index.ts'

export interface IssuedCertificate {
  /** Big-endian bytes of the serial number. */
  readonly serial: Buffer
  readonly der: Buffer
  readonly notAfterMs: number
  /** The issuer that signed it; '' where none of the mount's did. */
  readonly issuerId: string
}

export const CERT_PREFIX = 'certs/'
export const REVOKED_PREFIX = 'revoked/'

/** "certs/aa:bb:…"; the text is the one of the API. */
export const certKey = (serial: string): string => CERT_PREFIX + serial
export const revokedKey = (serial: string): string => REVOKED_PREFIX + serial

/** Adds the certificate to the store as part of the commit that issues it. */
export function recordIssued(tx: Tx, cert: IssuedCertificate): void {
  const serial = serialText(cert.serial)
  tx.put(certKey(serial), encodeIssued(cert))
  tx.put(expiryKey(cert.notAfterMs, serial), MARK)
}

/** The value of a key that says all by being there. */
export const MARK: Buffer = Buffer.alloc(1)

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

/** null where it isn't stored. */
export async function readCertificate(
  storage: ReadStorage,
  serial: string,
): Promise<StoredCertificate | null> {
  const entry = await storage.get(certKey(serial))
  return entry ? decodeIssued(entry.bytes()) : null
}

export interface Revocation {
  readonly revokedAtMs: number
  readonly notAfterMs: number
  /** '' where no issuer of the mount signed it. */
  readonly issuerId: string
  /** The list that it stands on: see crl-groups.ts. */
  readonly group: string
}

export const readRevocation = async (
  storage: ReadStorage,
  serial: string,
): Promise<Revocation | null> => (await storage.get(revokedKey(serial)))?.json<Revocation>() ?? null

/** How requests write serial numbers: colons or hyphens, any letter case. */
export const serialOf = (text: string): string => text.toLowerCase().replaceAll('-', ':')

/** What the paths of Vault take for a serial number. */
export const isSerialText = (text: string): boolean => /^[0-9A-Fa-f:-]+$/.test(text)
