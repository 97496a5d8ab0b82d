// Distinguished names (X.501): DER to attributes and back, the fields of Go's pkix.Name, and the text of
// RFC 2253. A name that is read keeps its bytes: an issuer's name is copied into what it signs unchanged,
// since verifiers compare bytes. Fields are written in the order of Vault's certificates.
import { DerReader, type Element, readOnly } from './der-reader.ts'
import { oid, printableString, sequence, setOf, TAG, utf8String } from './der-writer.ts'
import { OID } from './oids.ts'
import { malformed } from './x509-error.ts'

export interface Attribute {
  readonly oid: string
  /** The text; for a value that is no string, '#' and its DER in hex. */
  readonly value: string
}

export interface Name {
  /** The whole SEQUENCE. */
  readonly der: Buffer
  /** Outer: the relative names in order; inner: the attributes of one. */
  readonly rdns: readonly (readonly Attribute[])[]
}

/** A subject by its fields; several values of one field share one relative name, as in Go. */
export interface SubjectFields {
  readonly country?: readonly string[]
  readonly organization?: readonly string[]
  readonly organizationalUnit?: readonly string[]
  readonly locality?: readonly string[]
  readonly province?: readonly string[]
  readonly streetAddress?: readonly string[]
  readonly postalCode?: readonly string[]
  readonly commonName?: string
  readonly serialNumber?: string
  /** Each a relative name of its own, behind the others (user ids). */
  readonly extra?: readonly Attribute[]
}

type ListField = Exclude<keyof SubjectFields, 'commonName' | 'serialNumber' | 'extra'>

const LIST_FIELDS: readonly (readonly [ListField, string])[] = [
  ['country', OID.country],
  ['province', OID.province],
  ['locality', OID.locality],
  ['streetAddress', OID.streetAddress],
  ['postalCode', OID.postalCode],
  ['organization', OID.organization],
  ['organizationalUnit', OID.organizationalUnit],
]

export const EMPTY_NAME: Buffer = sequence()

/** The DER of a name. Throws X509Error for an attribute type that is no object identifier. */
export function encodeName(fields: SubjectFields): Buffer {
  const rdns: Buffer[] = []
  for (let i = 0; i < LIST_FIELDS.length; i++) {
    const [field, type] = LIST_FIELDS[i]!
    const values = fields[field]
    if (values && values.length > 0)
      rdns.push(setOf(...values.map((value) => attribute(type, value))))
  }
  if (fields.commonName) rdns.push(setOf(attribute(OID.commonName, fields.commonName)))
  if (fields.serialNumber) rdns.push(setOf(attribute(OID.serialNumber, fields.serialNumber)))
  for (const { oid: type, value } of fields.extra ?? []) rdns.push(setOf(attribute(type, value)))
  return sequence(...rdns)
}

const PRINTABLE = /^[A-Za-z0-9 '()+,\-./:=?]*$/

/** PrintableString where the text allows it, else UTF8String, as Go does. */
const attribute = (type: string, value: string): Buffer =>
  sequence(oid(type), PRINTABLE.test(value) ? printableString(value) : utf8String(value))

/** Throws X509Error. */
export function parseName(der: Buffer): Name {
  const reader = readOnly(der)
  const rdns: Attribute[][] = []
  while (!reader.isDone) {
    const set = reader.enter(TAG.set)
    const rdn: Attribute[] = []
    while (!set.isDone) {
      const pair = set.enter()
      rdn.push({ oid: pair.oid(), value: attributeText(pair.element()) })
      pair.end()
    }
    if (rdn.length === 0) throw malformed('name holds an empty relative name')
    rdns.push(rdn)
  }
  return { der, rdns }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function attributeText(element: Element): string {
  return stringText(element) ?? `#${element.der.toString('hex')}`
}

/** The text of a string element; null where it is of another type. Throws X509Error for wrong bytes. */
export function stringText({ tag, content }: Element): string | null {
  switch (tag) {
    case TAG.utf8String:
      return decodeUtf8(content)
    case TAG.printableString:
    case TAG.ia5String:
    case TAG.numericString:
      if (content.some((byte) => byte > 0x7f)) throw malformed('string holds bytes beyond ASCII')
      return content.toString('latin1')
    case TAG.t61String:
      return content.toString('latin1')
    case TAG.bmpString:
      if (content.length % 2 !== 0) throw malformed('invalid BMPString')
      return Buffer.from(content).swap16().toString('utf16le')
    default:
      return null
  }
}

export function decodeUtf8(content: Uint8Array): string {
  try {
    return utf8.decode(content)
  } catch {
    throw malformed('string is not valid UTF-8')
  }
}

/** The fields of a parsed name; the last value counts for what is single. Unknown attributes: `extra`. */
export function subjectFields(name: Name): SubjectFields {
  const lists: Partial<Record<ListField, string[]>> = {}
  const single: { commonName?: string; serialNumber?: string } = {}
  const extra: Attribute[] = []
  for (const found of name.rdns.flat()) {
    const field = LIST_FIELDS.find(([, type]) => type === found.oid)
    if (field) (lists[field[0]] ??= []).push(found.value)
    else if (found.oid === OID.commonName) single.commonName = found.value
    else if (found.oid === OID.serialNumber) single.serialNumber = found.value
    else extra.push(found)
  }
  return { ...lists, ...single, ...(extra.length > 0 ? { extra } : undefined) }
}

/** The last common name; '' without one. */
export const commonNameOf = (name: Name): string => subjectFields(name).commonName ?? ''

/** All values of one attribute type, in order. */
export const attributeValues = (name: Name, type: string): string[] =>
  name.rdns.flat().flatMap((found) => (found.oid === type ? [found.value] : []))

const SHORT_NAMES: Readonly<Record<string, string>> = {
  [OID.country]: 'C',
  [OID.organization]: 'O',
  [OID.organizationalUnit]: 'OU',
  [OID.commonName]: 'CN',
  [OID.serialNumber]: 'SERIALNUMBER',
  [OID.locality]: 'L',
  [OID.province]: 'ST',
  [OID.streetAddress]: 'STREET',
  [OID.postalCode]: 'POSTALCODE',
}

/** The text of RFC 2253 (last relative name first); other types as their identifier and DER in hex. */
export function nameText(name: Name): string {
  return name.rdns
    .map((rdn) => rdn.map(attributeToText).join('+'))
    .reverse()
    .join(',')
}

function attributeToText({ oid: type, value }: Attribute): string {
  const short = SHORT_NAMES[type]
  if (short === undefined) {
    const der = PRINTABLE.test(value) ? printableString(value) : utf8String(value)
    return `${type}=#${value.startsWith('#') ? value.slice(1) : der.toString('hex')}`
  }
  return `${short}=${escapeValue(value)}`
}

function escapeValue(value: string): string {
  const escaped = value.replace(/[,+"\\<>;]/g, '\\$&')
  const start = /^[ #]/.test(escaped) ? `\\${escaped}` : escaped
  return start.endsWith(' ') && start.length > 1 && value.length > 1
    ? `${start.slice(0, -1)}\\ `
    : start
}

const TEXT_TYPES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(SHORT_NAMES).map(([type, short]) => [short, type])),
  S: OID.province,
  UID: OID.userId,
  DC: OID.domainComponent,
  EMAILADDRESS: OID.emailAddress,
}

/** The DER of a name written as RFC 4514 text (last relative name first). Throws X509Error. */
export function encodeNameText(text: string): Buffer {
  const rdns: Buffer[] = []
  if (text.trim() === '') return EMPTY_NAME
  for (const rdn of splitUnescaped(text, ',').reverse()) {
    rdns.push(setOf(...splitUnescaped(rdn, '+').map(attributeFromText)))
  }
  return sequence(...rdns)
}

function attributeFromText(pair: string): Buffer {
  const at = pair.indexOf('=')
  if (at < 1) throw malformed('name is not of the form TYPE=value')
  const short = pair.slice(0, at).trim()
  const value = pair.slice(at + 1).replace(/^ +/, '')
  const type = TEXT_TYPES[short.toUpperCase()] ?? short
  if (value.startsWith('#')) {
    const der = Buffer.from(value.slice(1), 'hex')
    if (der.length * 2 !== value.length - 1) throw malformed('name holds invalid hex')
    const reader = new DerReader(der)
    reader.element()
    reader.end()
    return sequence(oid(type), der)
  }
  return attribute(type, unescapeValue(value))
}

function unescapeValue(value: string): string {
  const trimmed = value.replace(/(?<!\\) +$/, '')
  return trimmed.replace(/((?:\\[0-9A-Fa-f]{2})+)|\\(.)/g, (_, hex?: string, char?: string) =>
    hex ? decodeUtf8(Buffer.from(hex.replaceAll('\\', ''), 'hex')) : (char ?? ''),
  )
}

function splitUnescaped(text: string, separator: string): string[] {
  const parts: string[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === separator) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}
