// Certificates, chains and private keys in the form that a request asks for: PEM, base64 of DER, or all in one
// PEM text.
import type { KeyObject } from 'node:crypto'
import { badRequest } from '../../base/errors.ts'
import { PEM, toPem } from '../../crypto/x509/pem.ts'
import { type KeyPair, keyPairOf } from '../../crypto/x509/private-key.ts'

export type Format = 'pem' | 'der' | 'pem_bundle'

/** Throws 400 for others. */
export function formatOf(text: string): Format {
  if (text === 'pem' || text === 'der' || text === 'pem_bundle') return text
  throw badRequest('the "format" path parameter must be "pem", "der", or "pem_bundle"')
}

export const certificateText = (format: Format, der: Uint8Array): string =>
  format === 'der' ? base64(der) : toPem(PEM.certificate, der)

const base64 = (der: Uint8Array): string =>
  Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('base64')

/** As `private_key` and `private_key_type` of an answer. */
export function keyFields(
  format: Format,
  keyFormat: string,
  key: KeyObject | KeyPair,
): { readonly private_key: string; readonly private_key_type: string } {
  const pair = 'pem' in key ? key : keyPairOf(key)
  const form = keyFormat === 'pkcs8' ? 'pkcs8' : 'traditional'
  return {
    private_key: format === 'der' ? base64(pair.der(form)) : pair.pem(form),
    private_key_type: pair.type,
  }
}
