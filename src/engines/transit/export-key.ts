// The forms in which a version of a key is handed out. Nothing of it stays: buffers are the caller's to wipe.
// Default forms are Go's of old: PKCS #1 for RSA, SEC 1 for EC, seed and public key for Ed25519.
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { badRequest } from '../../base/errors.ts'
import { ed25519Raw } from './ed25519-seed.ts'
import { certificatesPem, pem, spkiPem } from './key-pem.ts'
import type { KeyType } from './key-types.ts'
import { privateKeyOf } from './loaded-key.ts'
import { hasPrivate, type KeyVersion } from './version-entry.ts'

export const EXPORT_TYPES = [
  'encryption-key',
  'signing-key',
  'hmac-key',
  'public-key',
  'certificate-chain',
  'cmac-key',
] as const
export type ExportType = (typeof EXPORT_TYPES)[number]
export const EXPORT_FORMATS = ['', 'raw', 'der', 'pem'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** Throws 400 where the key has nothing of that kind or not in that form. */
export function exportVersion(
  type: KeyType,
  version: KeyVersion,
  what: ExportType,
  format: ExportFormat,
): string {
  switch (what) {
    case 'hmac-key':
      return symmetric(version.hmacKey, format)
    case 'encryption-key':
      if (type.kind === 'aead') return symmetric(version.key, format)
      if (type.kind === 'rsa') return exportPrivate(type, version, format)
      break
    case 'signing-key':
      if (type.signs) return exportPrivate(type, version, format)
      break
    case 'cmac-key':
      if (type.kind === 'cmac') return symmetric(version.key, format)
      break
    case 'public-key':
      if (version.publicKey !== '') return exportPublic(type, version, format)
      break
    case 'certificate-chain':
      if (version.certificates === null)
        throw badRequest('selected key version does not have a certificate chain imported')
      return certificatesPem(version.certificates)
  }
  throw badRequest(`unknown key type ${type.name} for export type ${what}`)
}

function symmetric(key: Buffer, format: ExportFormat): string {
  if (format === 'der' || format === 'pem')
    throw badRequest('unknown format for HMAC key; supported values are `` or `raw`')
  return key.toString('base64')
}

function refuseRaw(type: KeyType, format: ExportFormat): void {
  if (format === 'raw' && type.kind !== 'ed25519')
    throw badRequest(
      `unknown key format for ${type.kind} key; supported values are \`\`, \`der\`, or \`pem\``,
    )
}

function exportPrivate(type: KeyType, version: KeyVersion, format: ExportFormat): string {
  refuseRaw(type, format)
  if (!hasPrivate(version)) return ''
  if (type.kind === 'ed25519' && (format === '' || format === 'raw'))
    return version.key.toString('base64')
  const key = privateKeyOf(type, version.key)
  if (format === '' && type.kind === 'rsa') return text(key, 'pkcs1')
  if (format === '' && type.kind === 'ec') return text(key, 'sec1').trimEnd()
  const der = key.export({ type: 'pkcs8', format: 'der' }).toString('base64')
  if (format === 'der') return der
  const block = pem('PRIVATE KEY', der)
  return type.kind === 'rsa' ? block : block.trimEnd()
}

const text = (key: KeyObject, type: 'pkcs1' | 'sec1'): string =>
  key.export({ type, format: 'pem' }) as string

function exportPublic(type: KeyType, version: KeyVersion, format: ExportFormat): string {
  refuseRaw(type, format)
  if (type.kind === 'ed25519' && (format === '' || format === 'raw'))
    return ed25519Raw(version.publicKey)
  if (format === 'der') return version.publicKey
  const block = spkiPem(version.publicKey)
  return type.kind === 'rsa' ? block : block.trimEnd()
}

/** What BYOK wraps: raw bytes of symmetric keys, PKCS #8 of the others. */
export function wrappable(type: KeyType, version: KeyVersion): Buffer {
  if (!hasPrivate(version))
    throw badRequest('failed to wrap target key for import: there is no private part')
  if (type.kind === 'aead' || type.kind === 'hmac' || type.kind === 'cmac')
    return Buffer.from(version.key)
  if (type.kind === 'ed25519')
    return privateKeyOf(type, version.key).export({ type: 'pkcs8', format: 'der' })
  return createPrivateKey({ key: version.key, format: 'der', type: 'pkcs8' }).export({
    type: 'pkcs8',
    format: 'der',
  })
}
