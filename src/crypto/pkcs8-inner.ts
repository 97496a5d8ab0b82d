// The parts of a PKCS #8 private key that node:crypto doesn't take apart: its algorithm, the parameters'
// OID and the inner key. RFC 5208, RFC 5915.
import { readOnly } from './x509/der-reader.ts'
import { TAG } from './x509/der-writer.ts'
import { X509Error } from './x509/x509-error.ts'

export interface Pkcs8 {
  /** Dotted. */
  readonly algorithm: string
  /** Dotted; '' where the parameters are no OID. */
  readonly parameter: string
  readonly inner: Buffer
}

/** null where the bytes are no PKCS #8. */
export const pkcs8Parts = (der: Buffer): Pkcs8 | null =>
  orNull(() => {
    const outer = readOnly(der)
    outer.unsigned()
    const algorithm = outer.enter()
    return {
      algorithm: algorithm.oid(),
      parameter: algorithm.peek() === TAG.oid ? algorithm.oid() : '',
      inner: outer.octets(),
    }
  })

/** The private bytes of an ECPrivateKey (RFC 5915); null where it is none. */
export const ecPrivateBytes = (der: Buffer): Buffer | null =>
  orNull(() => {
    const outer = readOnly(der)
    outer.unsigned()
    return outer.octets()
  })

function orNull<T>(body: () => T): T | null {
  try {
    return body()
  } catch (error) {
    if (error instanceof X509Error) return null
    throw error
  }
}
