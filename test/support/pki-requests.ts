// Signing requests and certificates for tests of the PKI engine, made with the library and by the key that a
// test holds.
import type { KeyObject } from 'node:crypto'
import { buildCertificateRequest } from '../../src/crypto/x509/certificate-request.ts'
import { encodeExtension } from '../../src/crypto/x509/extension.ts'
import { encodeName, type SubjectFields } from '../../src/crypto/x509/names.ts'
import { toPem } from '../../src/crypto/x509/pem.ts'
import { generateKey } from '../../src/crypto/x509/private-key.ts'
import { signerOf } from '../../src/crypto/x509/signer.ts'

export interface TestRequest {
  readonly pem: string
  readonly key: KeyObject
}

/** A request for a new P-256 key (or the given one). `extensions` are whole elements. */
export async function testRequest(
  subject: SubjectFields,
  extensions: readonly Uint8Array[] = [],
  key?: KeyObject,
): Promise<TestRequest> {
  const own = key ?? (await generateKey('ec', 256)).privateKey
  const der = await buildCertificateRequest(
    { subject: encodeName(subject), extensions },
    signerOf(own),
  )
  return { pem: toPem('CERTIFICATE REQUEST', der), key: own }
}

export const rawExtension = (oid: string, value: Uint8Array, critical = false): Buffer =>
  encodeExtension(oid, critical, value)
