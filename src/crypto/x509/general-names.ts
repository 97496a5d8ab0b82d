// GeneralName (RFC 5280, 4.2.1.6): the names in subject alternative names, distribution points, name
// constraints and access descriptions, as text by kind.
import { DerReader, readOnly } from './der-reader.ts'
import {
  context,
  contextPrimitive,
  contextTag,
  ia5Bytes,
  oid,
  TAG,
  utf8String,
} from './der-writer.ts'
import { ipBytes, ipText } from './ip-bytes.ts'
import { stringText } from './names.ts'
import { decodeOid } from './oid-codec.ts'
import { malformed } from './x509-error.ts'

/** A name of another kind by its type; the value is UTF-8 text. */
export interface OtherName {
  readonly oid: string
  readonly value: string
}

export interface AltNames {
  readonly dnsNames: readonly string[]
  readonly emails: readonly string[]
  /** Canonical text. */
  readonly ips: readonly string[]
  readonly uris: readonly string[]
  readonly otherNames: readonly OtherName[]
  /** Other kinds (directory names, registered identifiers, other names that are no text), whole elements. */
  readonly others: readonly Buffer[]
}

export const NO_ALT_NAMES: AltNames = {
  dnsNames: [],
  emails: [],
  ips: [],
  uris: [],
  otherNames: [],
  others: [],
}

/** Tags of the kinds, as they stand in DER. */
export const NAME_TAG = {
  otherName: contextTag(0),
  email: contextTag(1, false),
  dns: contextTag(2, false),
  directory: contextTag(4),
  uri: contextTag(6, false),
  ip: contextTag(7, false),
  registeredId: contextTag(8, false),
} as const

export const dnsName = (text: string): Buffer => contextPrimitive(2, ia5Bytes(text))
export const emailName = (text: string): Buffer => contextPrimitive(1, ia5Bytes(text))
export const uriName = (text: string): Buffer => contextPrimitive(6, ia5Bytes(text))
/** A whole Name: its tag is explicit, since Name is a CHOICE. */
export const directoryName = (name: Uint8Array): Buffer => context(4, name)
export const otherName = (of: OtherName): Buffer =>
  context(0, oid(of.oid), context(0, utf8String(of.value)))

/** Throws X509Error for text that is no address. */
export function ipName(text: string): Buffer {
  const bytes = ipBytes(text)
  if (bytes === null) throw malformed('invalid IP address')
  return contextPrimitive(7, bytes)
}

/** All names in Vault's order: other names, DNS, e-mail, IP, URI. Throws X509Error. */
export function encodeAltNames(names: Partial<AltNames>): Buffer[] {
  return [
    ...(names.otherNames ?? []).map(otherName),
    ...(names.dnsNames ?? []).map(dnsName),
    ...(names.emails ?? []).map(emailName),
    ...(names.ips ?? []).map(ipName),
    ...(names.uris ?? []).map(uriName),
    ...((names.others as Buffer[] | undefined) ?? []),
  ]
}

export const hasAltNames = (names: Partial<AltNames>): boolean =>
  Object.values(names).some((some) => some.length > 0)

/** The names of a GeneralNames sequence (its whole DER). Throws X509Error. */
export function parseAltNames(der: Buffer): AltNames {
  return readAltNames(readOnly(der))
}

/** The same of a reader that stands inside the sequence. */
export function readAltNames(reader: DerReader): AltNames {
  const names = {
    dnsNames: [] as string[],
    emails: [] as string[],
    ips: [] as string[],
    uris: [] as string[],
    otherNames: [] as OtherName[],
    others: [] as Buffer[],
  }
  while (!reader.isDone) {
    const { tag, content, der } = reader.element()
    if (tag === NAME_TAG.dns) names.dnsNames.push(ascii(content))
    else if (tag === NAME_TAG.email) names.emails.push(ascii(content))
    else if (tag === NAME_TAG.uri) names.uris.push(ascii(content))
    else if (tag === NAME_TAG.ip) names.ips.push(ipText(content))
    else {
      const other = tag === NAME_TAG.otherName ? readOtherName(content) : null
      if (other) names.otherNames.push(other)
      else names.others.push(der)
    }
  }
  return names
}

/** Null where the value is no text. */
function readOtherName(content: Buffer): OtherName | null {
  const reader = new DerReader(content)
  const type = decodeOid(reader.take(TAG.oid))
  const inner = reader.enter(contextTag(0))
  const value = stringText(inner.element())
  return value === null ? null : { oid: type, value }
}

export function ascii(content: Buffer): string {
  for (let i = 0; i < content.length; i++)
    if (content[i]! > 0x7f) throw malformed('name holds bytes beyond ASCII')
  return content.toString('latin1')
}

/** The URIs among the names of a sequence, in order. */
export const uriNames = (reader: DerReader): readonly string[] => readAltNames(reader).uris
