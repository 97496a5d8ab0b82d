// Extensions (RFC 5280, 4.1.2.9) as data: an identifier, whether it is critical, and the bytes inside its
// OCTET STRING. What each one means is in certificate-extensions.ts and crl-extensions.ts.
import { type DerReader, readOnly } from './der-reader.ts'
import { boolean, octetString, oid, sequence, TAG } from './der-writer.ts'
import { malformed } from './x509-error.ts'

export interface Extension {
  readonly oid: string
  readonly critical: boolean
  /** DER of the extension's own type. */
  readonly value: Buffer
}

const CRITICAL = boolean(true)

/** The whole Extension element. Throws X509Error for a wrong identifier. */
export function encodeExtension(id: string, critical: boolean, value: Uint8Array): Buffer {
  return critical
    ? sequence(oid(id), CRITICAL, octetString(value))
    : sequence(oid(id), octetString(value))
}

/** Of a reader that stands inside the SEQUENCE OF Extension. One that occurs twice is refused. */
export function readExtensions(reader: DerReader): readonly Extension[] {
  const found: Extension[] = []
  const seen = new Set<string>()
  while (!reader.isDone) {
    const one = reader.enter()
    const id = one.oid()
    const critical = one.peek() === TAG.boolean ? one.boolean() : false
    const value = one.octets()
    one.end()
    if (seen.has(id)) throw malformed('an extension occurs twice')
    seen.add(id)
    found.push({ oid: id, critical, value })
  }
  return found
}

export const parseExtensions = (der: Buffer): readonly Extension[] => readExtensions(readOnly(der))

export const findExtension = (
  extensions: readonly Extension[],
  id: string,
): Extension | undefined => extensions.find((one) => one.oid === id)
