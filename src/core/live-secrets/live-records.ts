// The index of live secrets as it is stored, below ns/<id>/live/:
//   config                      salt and floor; its presence is what turns the index on
//   state                       the last sequence number
//   dirty/<mount>/<place>       marks: what changed and is to be read again
//   place/<mount>/<place>       what is known of the values of a place
//   lease/<lease id>            digests of what a lease handed out, while it lives
//   id/<id>                     the place of a value, by the opaque id that scanners have
//   digest/<digest>/<id>        marks: the same value in several places
//   log/<sequence>              each value once, where it last changed: later exports read only the end of it
//   identity/<name>             scanners that may fetch the filter
// Values themselves are nowhere in it, and of digests only 128 bits.
import { livePrefix } from '../keys.ts'

export interface LiveConfig {
  /** Random; an index that was made anew is another one, and cursors of the former mean nothing. */
  readonly generation: string
  /** 32 bytes in base64: the key of the digests, known to every scanner. */
  readonly salt: string
  readonly minLength: number
  readonly minEntropyBits: number
  readonly createdAtMs: number
}

/** `replaced`: a newer value took its place; `gone`: deleted, destroyed or unmounted. */
export type LiveState = 'live' | 'replaced' | 'gone'

export interface PlacedValue {
  /** 16 hex digits. */
  readonly id: string
  /** 32 hex digits. */
  readonly digest: string
  readonly key: string
  readonly version: number
  readonly state: LiveState
  /** Since when it is in this state. */
  readonly sinceMs: number
  readonly sequence: number
}

export interface PlaceRecord {
  readonly values: readonly PlacedValue[]
}

export interface Identity {
  /** 32 bytes in base64: what this scanner's filter is keyed with. */
  readonly key: string
  readonly createdAtMs: number
  readonly createdBy: string
  readonly exportedAtMs: number
}

export const configKey = (ns: string): string => `${livePrefix(ns)}config`
export const stateKey = (ns: string): string => `${livePrefix(ns)}state`
export const placePrefix = (ns: string, mountId: string): string =>
  `${livePrefix(ns)}place/${mountId}/`
export const placeKey = (ns: string, mountId: string, place: string): string =>
  placePrefix(ns, mountId) + place
export const idKey = (ns: string, id: string): string => `${livePrefix(ns)}id/${id}`
export const digestPrefix = (ns: string, digest: string): string =>
  `${livePrefix(ns)}digest/${digest}/`
export const logPrefix = (ns: string): string => `${livePrefix(ns)}log/`
/** Thirteen digits: byte order is the order of numbers. */
export const logKey = (ns: string, sequence: number): string =>
  logPrefix(ns) + String(sequence).padStart(13, '0')
export const identityPrefix = (ns: string): string => `${livePrefix(ns)}identity/`
export const identityKey = (ns: string, name: string): string => identityPrefix(ns) + name

const STATES: readonly LiveState[] = ['live', 'replaced', 'gone']

/** A row of the log: one byte of state, 8 of id, 16 of digest. */
export function packRow({ id, digest, state }: PlacedValue): Uint8Array {
  const row = Buffer.alloc(25)
  row[0] = STATES.indexOf(state)
  row.write(id, 1, 'hex')
  row.write(digest, 9, 'hex')
  return row
}

/** Which mount and which of its places a stored reference names. */
export interface PlaceRef {
  readonly mountId: string
  readonly place: string
}
export const packRef = ({ mountId, place }: PlaceRef): string => `${mountId}/${place}`
export function unpackRef(text: string): PlaceRef {
  const slash = text.indexOf('/')
  return { mountId: text.slice(0, slash), place: text.slice(slash + 1) }
}
