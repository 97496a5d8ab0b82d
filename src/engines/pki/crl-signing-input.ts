// The entries and extensions of a list as sign-revocation-list is given them, checked before anything is signed.
import { badRequest } from '../../base/errors.ts'
import { isJsonObject, type Json, type JsonObject, RawNumber } from '../../base/json.ts'
import { MAX_SIGNED_LIST_ENTRIES } from '../../base/limits.ts'
import { nextTurn } from '../../base/tick.ts'
import { encodeExtension } from '../../crypto/x509/extension.ts'
import { isOid } from '../../crypto/x509/oid-codec.ts'
import { OID } from '../../crypto/x509/oids.ts'
import { boolean, FieldFault, time } from '../../schema/field.ts'

export interface GivenEntry {
  readonly serial: Buffer
  readonly revokedAtMs: number
  /** Whole Extension elements. */
  readonly extensions: readonly Buffer[]
}

const MAX_SERIAL_BYTES = 20

/** Entries between two turns of the event loop. */
export const ENTRIES_PER_TURN = 2000

/** Throws 400 for too many. */
export function assertEntryCount(count: number): void {
  if (count > MAX_SIGNED_LIST_ENTRIES)
    throw badRequest(`a revocation list takes at most ${MAX_SIGNED_LIST_ENTRIES} entries here`)
}

/** Throws 400 naming the entry. */
export async function givenEntries(input: Json | undefined): Promise<readonly GivenEntry[]> {
  const seen = new Map<string, number>()
  const given = items(input, 'revoked_certs')
  assertEntryCount(given.length)
  const entries: GivenEntry[] = []
  for (const [at, item] of given.entries()) {
    if (at % ENTRIES_PER_TURN === ENTRIES_PER_TURN - 1) await nextTurn()
    entries.push(givenEntry(item, at, seen))
  }
  return entries
}

function givenEntry(item: Json, at: number, seen: Map<string, number>): GivenEntry {
  if (!isJsonObject(item)) throw badRequest(`revoked_certs entry ${at} not a map`)
  const serial = within(`failed parsing serial_number from entry ${at}`, () => serialOf(item))
  const first = seen.get(serial.toString('hex'))
  if (first !== undefined)
    throw badRequest(
      `duplicate serial number: ${textOf(item.serial_number)}, original entry ${first} and ${at}`,
    )
  seen.set(serial.toString('hex'), at)
  const revokedAtMs = within(`failed parsing revocation_time from entry ${at}`, () => timeOf(item))
  const extensions = within(`failed parsing extensions from entry ${at}`, () =>
    givenExtensions(item.extensions),
  )
  return { serial, revokedAtMs, extensions }
}

const RESERVED: Readonly<Record<string, string>> = {
  [OID.authorityKeyId]: 'authority key',
  [OID.crlNumber]: 'crl number',
  [OID.deltaCrlIndicator]: 'delta crl',
}

/** Whole Extension elements. Throws 400 naming the entry. */
export function givenExtensions(input: Json | undefined): readonly Buffer[] {
  const seen = new Set<string>()
  return items(input, 'extensions').map((item, at) => {
    if (!isJsonObject(item)) throw badRequest(`extension entry ${at} not a map`)
    return within(`failed parsing extension entry ${at}`, () => {
      const id = identifierOf(item)
      if (seen.has(id)) throw badRequest(`duplicate extension id: ${id}`)
      seen.add(id)
      return encodeExtension(id, criticalOf(item), bytesOf(item))
    })
  })
}

function items(input: Json | undefined, name: string): readonly Json[] {
  if (input === undefined || input === null || input === '') return []
  if (Array.isArray(input)) return input
  throw badRequest(`'${name}' field did not contain a slice`)
}

/** Puts the place in front of what is wrong. */
function within<T>(where: string, body: () => T): T {
  try {
    return body()
  } catch (error) {
    const isFault = error instanceof FieldFault
    if (!isFault && !(error instanceof Error && 'status' in error)) throw error
    throw badRequest(`${where}: ${error.message}`)
  }
}

function textOf(value: Json | undefined): string | null {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return value instanceof RawNumber ? value.text : null
}

function serialOf(item: JsonObject): Buffer {
  if (item.serial_number === undefined) throw badRequest("missing 'serial_number' field")
  const hex = textOf(item.serial_number)?.replace(/[:.\- ]/g, '')
  if (!hex || hex.length % 2 !== 0 || !/^[0-9a-fA-F]+$/.test(hex))
    throw badRequest("'serial_number' failed converting to bytes")
  const bytes = Buffer.from(hex, 'hex')
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  if (bytes.length - start > MAX_SERIAL_BYTES)
    throw badRequest(`'serial_number' is longer than ${MAX_SERIAL_BYTES} bytes`)
  return bytes.subarray(start)
}

const timeField = time('', { required: true })
const criticalField = boolean('', { required: true })

function timeOf(item: JsonObject): number {
  if (item.revocation_time === undefined) throw badRequest("missing 'revocation_time' field")
  return timeField.parse(item.revocation_time)
}

function criticalOf(item: JsonObject): boolean {
  const { critical } = item
  if (critical === undefined || critical === null || critical === '') return false
  return criticalField.parse(critical)
}

function identifierOf(item: JsonObject): string {
  if (item.id === undefined) throw badRequest('missing id field')
  const id = textOf(item.id)
  if (!id) throw badRequest('zero length object identifier')
  if (!isOid(id)) throw badRequest(`failed parsing asn1 object identifier ${id}`)
  const reserved = RESERVED[id]
  if (reserved) throw badRequest(`${reserved} object identifier (${id}) is reserved`)
  return id
}

function bytesOf(item: JsonObject): Buffer {
  if (item.value === undefined) throw badRequest("missing 'value' field")
  const text = textOf(item.value)
  if (text === null) throw badRequest("'value' field value was not a string")
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text))
    throw badRequest("failed base64 decoding 'value' field")
  return Buffer.from(text, 'base64')
}
