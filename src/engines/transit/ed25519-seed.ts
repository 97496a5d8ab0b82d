// Ed25519 keys from 32 bytes and back: node:crypto takes them in DER only, whose frame never changes.
// Source: RFC 8410.
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'

const PKCS8_FRAME = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI_FRAME = Buffer.from('302a300506032b6570032100', 'hex')

/** The private key of a seed of 32 bytes. */
export function ed25519FromSeed(seed: Uint8Array): KeyObject {
  const der = Buffer.concat([PKCS8_FRAME, seed])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  der.fill(0)
  return key
}

export const ed25519PublicFromRaw = (raw: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([SPKI_FRAME, raw]), format: 'der', type: 'spki' })

/** SubjectPublicKeyInfo of a raw public key, base64. */
export const ed25519Spki = (raw: Uint8Array): string =>
  Buffer.concat([SPKI_FRAME, raw]).toString('base64')

/** The raw public key of a SubjectPublicKeyInfo, base64 both. */
export const ed25519Raw = (spki: string): string =>
  Buffer.from(spki, 'base64').subarray(SPKI_FRAME.length).toString('base64')
