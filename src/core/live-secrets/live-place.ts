// One place of the index: its values are read, compared with what is known of them, and what changed is written
// with its log rows, a few values a commit. Only the index's job does this, so that sequence numbers have one writer.
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { LiveValue } from '../../sdk/live-secrets.ts'
import type { CoreStorage, CoreTx } from '../store.ts'
import { isAboveFloor, liveDigest, searchedParts } from './live-digest.ts'
import {
  configKey,
  digestPrefix,
  idKey,
  type LiveConfig,
  type LiveState,
  logKey,
  type PlacedValue,
  type PlaceRecord,
  type PlaceRef,
  packRef,
  packRow,
  placeKey,
  stateKey,
} from './live-records.ts'
import { dirtyKey } from './live-rule.ts'

/** Values that change in one commit, and dead ones that make room: three of its hundred writes each. */
const VALUES_A_COMMIT = 11
/** Places of one commit: each takes two reads, and two writes at most beside its values. */
const PLACES_A_COMMIT = 16
/** Values that are kept of one place; the oldest dead ones go first. */
const MOST_VALUES = 2000
/** What a value is called in its record: of a longer name the beginning, so that the record stays a batch. */
const MOST_NAME_CHARS = 100

export interface Wanted {
  readonly digest: string
  readonly key: string
  readonly version: number
  readonly state: LiveState
}

const nameOf = ({ key, version, digest }: Wanted | PlacedValue): string =>
  `${version} ${digest} ${key}`

export interface LiveParts {
  readonly storage: CoreStorage
  readonly clock: Clock
  readonly random: Random
}

/** What of these values is to be known: the present ones first, then the newest, as far as there is room. */
export function wantedOf(config: LiveConfig, values: readonly LiveValue[]): readonly Wanted[] {
  const salt = Buffer.from(config.salt, 'base64')
  const wanted = new Map<string, Wanted>()
  const inOrder = [...values].sort(
    (a, b) => Number(b.isCurrent) - Number(a.isCurrent) || b.version - a.version,
  )
  for (const { key: name, version, isCurrent, value } of inOrder) {
    const key = name.slice(0, MOST_NAME_CHARS)
    for (const part of searchedParts(value)) {
      if (!isAboveFloor(part, config)) continue
      const digest = liveDigest(salt, part).toString('hex')
      const one: Wanted = { digest, key, version, state: isCurrent ? 'live' : 'replaced' }
      if (wanted.size < MOST_VALUES) wanted.set(nameOf(one), one)
    }
  }
  return [...wanted.values()]
}

/** A place with what it holds now. */
export interface Reading {
  readonly ref: PlaceRef
  readonly wanted: readonly Wanted[]
  /** Of the mark that asked for it, which goes unless it was written anew meanwhile; null: nothing asked. */
  readonly dirtyVersion: string | null
}

/** Brings the records of places up to what was read of them, in order; answers how many values changed. */
export async function settlePlaces(
  parts: LiveParts,
  namespaceId: string,
  config: LiveConfig,
  readings: readonly Reading[],
): Promise<number> {
  let changed = 0
  let at = 0
  while (at < readings.length) {
    const batch = readings.slice(at, at + PLACES_A_COMMIT)
    const step = await parts.storage.transaction((tx) =>
      settle(parts, tx, namespaceId, config, batch),
    )
    if (step === null) return changed
    changed += step.changes
    at += step.places
  }
  return changed
}

/** null: the index is another one by now. `places` are settled whole. */
async function settle(
  parts: LiveParts,
  tx: CoreTx,
  namespaceId: string,
  config: LiveConfig,
  batch: readonly Reading[],
): Promise<{ readonly changes: number; readonly places: number } | null> {
  const keys = batch.map(({ ref }) => placeKey(namespaceId, ref.mountId, ref.place))
  const marks = batch.map(({ ref }) => dirtyKey(namespaceId, ref.mountId, ref.place))
  const found = await tx.read([configKey(namespaceId), stateKey(namespaceId), ...keys, ...marks])
  if (found.get(configKey(namespaceId))?.json<LiveConfig>().generation !== config.generation)
    return null
  const numbers = { last: Number(found.get(stateKey(namespaceId))?.text() ?? 0), dropped: 0 }
  const before = numbers.last
  let places = 0
  for (const { ref, wanted, dirtyVersion } of batch) {
    const key = keys[places]!
    const record = found.get(key)?.json<PlaceRecord>() ?? { values: [] }
    const all = changesOf(record, wanted)
    const some = all.slice(0, VALUES_A_COMMIT - (numbers.last - before))
    if (some.length > 0) apply(parts, tx, numbers, { namespaceId, ref, key, record, wanted, some })
    if (some.length < all.length) break
    const mark = marks[places]!
    if (dirtyVersion !== null && found.get(mark)?.version === dirtyVersion) tx.delete(mark)
    places += 1
  }
  if (numbers.last > before) tx.put(stateKey(namespaceId), String(numbers.last))
  return { changes: numbers.last - before, places }
}

interface Change {
  /** null: it is new. */
  readonly before: PlacedValue | null
  readonly now: Wanted
}

function changesOf(record: PlaceRecord, wanted: readonly Wanted[]): readonly Change[] {
  const known = new Map(record.values.map((value) => [nameOf(value), value]))
  const come: Change[] = []
  for (const now of wanted) {
    const before = known.get(nameOf(now)) ?? null
    known.delete(nameOf(now))
    if (before?.state !== now.state) come.push({ before, now })
  }
  // Ends first: what is dead makes room for what comes.
  const changes: Change[] = []
  const keys = new Set(wanted.filter(({ state }) => state === 'live').map(({ key }) => key))
  for (const before of known.values()) {
    const state = keys.has(before.key) ? 'replaced' : 'gone'
    const isDead = before.state === 'gone' || before.state === state
    if (!isDead) changes.push({ before, now: { ...before, state } })
  }
  return [...changes, ...come]
}

function apply(
  { clock, random }: LiveParts,
  tx: CoreTx,
  numbers: { last: number; dropped: number },
  of: {
    readonly namespaceId: string
    readonly ref: PlaceRef
    readonly key: string
    readonly record: PlaceRecord
    readonly wanted: readonly Wanted[]
    readonly some: readonly Change[]
  },
): void {
  const { namespaceId, ref } = of
  const values = new Map(of.record.values.map((value) => [value.id, value]))
  for (const { before, now } of of.some) {
    numbers.last += 1
    const id = before?.id ?? random.bytes(8).toString('hex')
    const { digest, key, version, state } = now
    const sequence = numbers.last
    const value = { id, digest, key, version, state, sinceMs: clock.now(), sequence }
    if (before) tx.delete(logKey(namespaceId, before.sequence))
    else {
      tx.put(idKey(namespaceId, id), packRef(ref))
      tx.mark(digestPrefix(namespaceId, digest) + id)
    }
    tx.put(logKey(namespaceId, sequence), packRow(value))
    values.set(id, value)
  }
  const left = VALUES_A_COMMIT - numbers.dropped
  const { keeps, drops } = withinLimit([...values.values()], of.wanted, left)
  for (const { id, digest, sequence } of drops) {
    tx.delete(logKey(namespaceId, sequence))
    tx.delete(idKey(namespaceId, id))
    tx.delete(digestPrefix(namespaceId, digest) + id)
  }
  numbers.dropped += drops.length
  tx.put(of.key, { json: { values: keeps } })
}

/**
 * Without the oldest dead values where there are too many; a scanner that has them keeps them. Never one of those
 * that are wanted, dead or not: it would come back at once.
 */
function withinLimit(
  values: readonly PlacedValue[],
  wanted: readonly Wanted[],
  most: number,
): { readonly keeps: readonly PlacedValue[]; readonly drops: readonly PlacedValue[] } {
  const surplus = Math.min(values.length - MOST_VALUES, most)
  if (surplus <= 0) return { keeps: values, drops: [] }
  const stays = new Set(wanted.map(nameOf))
  const drops = values
    .filter((value) => value.state !== 'live' && !stays.has(nameOf(value)))
    .sort((a, b) => a.sequence - b.sequence)
    .slice(0, surplus)
  const gone = new Set(drops)
  return { keeps: values.filter((value) => !gone.has(value)), drops }
}
