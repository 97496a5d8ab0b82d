// The stored form of a KV key, made so that the common read parses no JSON at all. Four lines, each JSON
// text without a raw line break, in a v2 entry:
//   2 <current version> <gone from, ms; 0 never> <place>   place: i here, o its own entry, n no data
//   the metadata of the current version, ready to send
//   the record (compact)
//   the data of the current version, exactly as it was written, if it is here
// and three in a v1 entry: `1 <lease seconds or -> <written at, ms>`, the author, the data. A v1 entry in
// a mount that became v2 reads as version 1 of its key, so that the upgrade of a mount moves nothing.
import { stringifyJson } from '../../base/json.ts'
import type { Act, Author } from './author.ts'
import { NO_CONFIG } from './config.ts'
import {
  addVersion,
  goneAtMs,
  type KeyRecord,
  newRecord,
  type VersionRecord,
  versionMetadata,
} from './key-record.ts'

/** Where the data of the current version lies. */
export type Place = 'here' | 'own' | 'none'

export interface CurrentView {
  /** 0 where only metadata was written. */
  readonly version: number
  /** From when on it can't be read; 0: never. */
  readonly goneAtMs: number
  readonly place: Place
  /** JSON text of the version's metadata; '' for version 0. */
  readonly metadata: string
  /** JSON text of the data, where it is here; else ''. */
  readonly data: string
}

export interface KeyEntry {
  readonly record: KeyRecord
  readonly place: Place
  readonly data: string
}

const PLACES: Readonly<Record<string, Place>> = { i: 'here', o: 'own', n: 'none' }
const PLACE_LETTERS: Readonly<Record<Place, string>> = { here: 'i', own: 'o', none: 'n' }

/** What a read of the current version needs. */
export function viewCurrent(text: string): CurrentView {
  if (text[0] !== '2') return viewOf(decodeEntry(text))
  const head = text.indexOf('\n')
  const metadataEnd = text.indexOf('\n', head + 1)
  const recordEnd = text.indexOf('\n', metadataEnd + 1)
  const afterVersion = text.indexOf(' ', 2)
  return {
    version: Number(text.slice(2, afterVersion)),
    goneAtMs: Number(text.slice(afterVersion + 1, head - 2)),
    place: PLACES[text[head - 1]!]!,
    metadata: text.slice(head + 1, metadataEnd),
    data: text.slice(recordEnd + 1),
  }
}

function viewOf({ record, place, data }: KeyEntry): CurrentView {
  const version = record.currentVersion
  const last = record.versions.at(-1)
  return {
    version,
    goneAtMs: last === undefined ? 0 : goneAtMs(last),
    place,
    metadata: currentMetadata(record),
    data,
  }
}

/** The metadata of the current version as JSON text; '' where there is no version. */
export function currentMetadata(record: KeyRecord): string {
  const version = record.currentVersion
  return version === 0 ? '' : stringifyJson(versionMetadata(record, version))
}

/** Everything of an entry, of either format. */
export function decodeEntry(text: string): KeyEntry {
  if (text[0] === '1') return upgraded(decodeV1(text))
  const head = text.indexOf('\n')
  const metadataEnd = text.indexOf('\n', head + 1)
  const recordEnd = text.indexOf('\n', metadataEnd + 1)
  return {
    record: unpack(JSON.parse(text.slice(metadataEnd + 1, recordEnd)) as PackedRecord),
    place: PLACES[text[head - 1]!]!,
    data: text.slice(recordEnd + 1),
  }
}

/** `metadata`: that of the current version, from whoever has made it already. */
export function encodeEntry(entry: KeyEntry, metadata = currentMetadata(entry.record)): string {
  const { record, place, data } = entry
  const last = record.versions.at(-1)
  const gone = last === undefined ? 0 : goneAtMs(last)
  const head = `2 ${record.currentVersion} ${gone} ${PLACE_LETTERS[place]}`
  return `${head}\n${metadata}\n${JSON.stringify(pack(record))}\n${data}`
}

export interface V1Entry {
  /** null: the mount's default. */
  readonly leaseSeconds: number | null
  readonly writtenAtMs: number
  readonly author: Author | null
  readonly data: string
}

export function encodeV1(entry: V1Entry): string {
  const author = JSON.stringify(entry.author)
  return `1 ${entry.leaseSeconds ?? '-'} ${entry.writtenAtMs}\n${author}\n${entry.data}`
}

export function decodeV1(text: string): V1Entry {
  // Core refuses to take a mount from version 2 back to 1.
  if (text[0] !== '1') throw new Error('a versioned entry in a mount of KV version 1')
  const head = text.indexOf('\n')
  const authorEnd = text.indexOf('\n', head + 1)
  const [, lease, written] = text.slice(0, head).split(' ')
  return {
    leaseSeconds: lease === '-' ? null : Number(lease),
    writtenAtMs: Number(written),
    author: JSON.parse(text.slice(head + 1, authorEnd)) as Author | null,
    data: text.slice(authorEnd + 1),
  }
}

/** Version 1 of a key whose window of versions was one, as an upgraded mount of Vault shows it. */
function upgraded({ writtenAtMs, author, data }: V1Entry): KeyEntry {
  const empty = { ...newRecord('', writtenAtMs), oldestVersion: 1 }
  return { record: addVersion(empty, NO_CONFIG, writtenAtMs, author), place: 'here', data }
}

// Authors repeat, and a key may keep thousands of versions: each author stands once, and a version is a
// short array: created, deleted, destroyed, and the places of its two authors (-1: none).
type PackedVersion = [number, number, 0 | 1, number, number]
type PackedAuthor = [actor: string, clientId: string, isEntity: 0 | 1, act: Act]
type PackedRecord = Omit<KeyRecord, 'versions' | 'updatedBy'> & {
  readonly updatedBy: number
  readonly authors: readonly PackedAuthor[]
  readonly versions: readonly PackedVersion[]
}

class AuthorTable {
  readonly rows: PackedAuthor[] = []
  /** Most authors were unpacked together and are the same objects; equal ones have the same name. */
  readonly #byObject = new Map<Author, number>()
  readonly #byName = new Map<string, number>()

  placeOf(author: Author | null): number {
    return author === null ? -1 : (this.#byObject.get(author) ?? this.#add(author))
  }

  #add(author: Author): number {
    const { actor, clientId, isEntity, act } = author
    const name = `${act} ${isEntity} ${clientId}\n${actor}`
    let place = this.#byName.get(name)
    if (place === undefined) {
      place = this.rows.push([actor, clientId, isEntity ? 1 : 0, act]) - 1
      this.#byName.set(name, place)
    }
    this.#byObject.set(author, place)
    return place
  }
}

function pack(record: KeyRecord): PackedRecord {
  const authors = new AuthorTable()
  const versions = record.versions.map(
    (version): PackedVersion => [
      version.createdAtMs,
      version.deletedAtMs,
      version.destroyed ? 1 : 0,
      authors.placeOf(version.createdBy),
      authors.placeOf(version.deletedBy),
    ],
  )
  const updatedBy = authors.placeOf(record.updatedBy)
  return { ...record, updatedBy, authors: authors.rows, versions }
}

function unpack({ authors: rows, versions, updatedBy, ...rest }: PackedRecord): KeyRecord {
  const authors = rows.map(
    ([actor, clientId, isEntity, act]): Author => ({
      actor,
      clientId,
      isEntity: isEntity === 1,
      act,
    }),
  )
  return {
    ...rest,
    updatedBy: authors[updatedBy] ?? null,
    versions: versions.map(
      (packed): VersionRecord => ({
        createdAtMs: packed[0],
        deletedAtMs: packed[1],
        destroyed: packed[2] === 1,
        createdBy: authors[packed[3]] ?? null,
        deletedBy: authors[packed[4]] ?? null,
      }),
    ),
  }
}
