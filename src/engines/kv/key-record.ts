// What is known of one KV v2 key: its settings and the facts of each version that is kept. Pure: every
// rule about versions (numbering, pruning, expiry, check-and-set) is here; storage is the rows' business.
// Source: the KV v2 API pages; where they are silent, what OpenBao 2.6 answers.
import { formatDuration } from '../../base/duration.ts'
import { badRequest } from '../../base/errors.ts'
import { getOwn, type Json, type JsonObject, RawNumber } from '../../base/json.ts'
import { type Author, authorInfo } from './author.ts'
import type { KvConfig } from './config.ts'

export interface VersionRecord {
  readonly createdAtMs: number
  /** 0: not deleted. In the future: the time at which it will be. */
  readonly deletedAtMs: number
  readonly destroyed: boolean
  readonly createdBy: Author | null
  readonly deletedBy: Author | null
}

export interface KeyRecord {
  /** Random; names the entries of versions, so that a key made anew never meets old ones. */
  readonly id: string
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly updatedBy: Author | null
  /** 0 while nothing but metadata was written. */
  readonly currentVersion: number
  /** 0 until the window of versions is full. */
  readonly oldestVersion: number
  readonly metadataVersion: number
  /** 0: the mount's. */
  readonly maxVersions: number
  readonly casRequired: boolean
  readonly metadataCasRequired: boolean
  /** 0: the mount's. */
  readonly deleteAfterSeconds: number
  readonly custom: Readonly<Record<string, string>> | null
  /** Without gaps; the last one is currentVersion. */
  readonly versions: readonly VersionRecord[]
}

const DEFAULT_MAX_VERSIONS = 10

export function newRecord(id: string, nowMs: number): KeyRecord {
  return {
    id,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    updatedBy: null,
    currentVersion: 0,
    oldestVersion: 0,
    metadataVersion: 0,
    maxVersions: 0,
    casRequired: false,
    metadataCasRequired: false,
    deleteAfterSeconds: 0,
    custom: null,
    versions: [],
  }
}

/** The number of the first version that is kept; greater than currentVersion where none is. */
export const firstKept = (record: KeyRecord): number =>
  record.currentVersion - record.versions.length + 1

export const versionOf = (record: KeyRecord, version: number): VersionRecord | undefined =>
  record.versions[version - firstKept(record)]

/**
 * From when on the version can't be read: 0 never, 1 always. What somebody deleted is gone whatever the
 * clocks of several servers say; only expiry is a matter of time.
 */
export const goneAtMs = (version: VersionRecord): number =>
  version.destroyed || version.deletedBy !== null ? 1 : version.deletedAtMs

export const isGoneAt = (goneAtMs: number, nowMs: number): boolean =>
  goneAtMs !== 0 && goneAtMs <= nowMs

/** When a version that is made (or undeleted) now is to go, or 0. The shorter of both settings counts. */
export function deletionTimeMs(record: KeyRecord, config: KvConfig, nowMs: number): number {
  const ofMount = config.deleteAfterSeconds
  const ofKey = record.deleteAfterSeconds
  if (ofMount < 0) return 0
  const seconds = ofKey === 0 ? ofMount : ofMount === 0 ? ofKey : Math.min(ofMount, ofKey)
  return seconds === 0 ? 0 : nowMs + seconds * 1000
}

/** The record with one more version; versions that fall out of the window are gone from it. */
export function addVersion(
  record: KeyRecord,
  config: KvConfig,
  nowMs: number,
  author: Author | null,
): KeyRecord {
  const currentVersion = record.currentVersion + 1
  const versions = [
    ...record.versions,
    {
      createdAtMs: nowMs,
      deletedAtMs: deletionTimeMs(record, config, nowMs),
      destroyed: false,
      createdBy: author,
      deletedBy: null,
    },
  ]
  const window = Math.max(record.maxVersions, config.maxVersions) || DEFAULT_MAX_VERSIONS
  const full = currentVersion - record.oldestVersion >= window
  return {
    ...record,
    currentVersion,
    oldestVersion: full ? currentVersion - window + 1 : record.oldestVersion,
    versions: full ? versions.slice(-window) : versions,
    updatedAtMs: nowMs,
    updatedBy: author,
  }
}

/** The record with these versions changed; numbers that are not kept are passed over. */
export function changeVersions(
  record: KeyRecord,
  numbers: readonly number[],
  change: (version: VersionRecord) => VersionRecord,
): KeyRecord {
  const first = firstKept(record)
  const versions = [...record.versions]
  for (const number of numbers) {
    const version = versions[number - first]
    if (version !== undefined) versions[number - first] = change(version)
  }
  return { ...record, versions }
}

/** Throws 400 where the number can't be a window of versions. */
export function checkMaxVersions(sent: number | null | undefined): void {
  if (sent && (sent < 0 || sent > 0xffff_ffff))
    throw badRequest('field "max_versions" must be between 0 and 4294967295')
}

/** Throws 400 unless the write may go ahead on this record (null: no such key yet). */
export function checkCas(
  options: JsonObject | undefined,
  record: KeyRecord | null,
  config: KvConfig,
): void {
  const cas = options === undefined ? undefined : getOwn(options, 'cas')
  if (cas === undefined) {
    if (config.casRequired || record?.casRequired)
      throw badRequest('check-and-set parameter required for this call')
    return
  }
  const version = weakInteger(cas)
  if (version === null) throw badRequest('error parsing check-and-set parameter')
  if (version !== (record?.currentVersion ?? 0))
    throw badRequest('check-and-set parameter did not match the current version')
}

/** A whole number however it was written: Vault takes 1, "1", true, and null or "" for 0. */
function weakInteger(input: Json): number | null {
  if (input === null || input === '' || input === false) return 0
  if (input === true) return 1
  if (typeof input === 'number') return Number.isInteger(input) ? input : null
  const text = input instanceof RawNumber ? input.text : input
  return typeof text === 'string' && /^[+-]?\d+$/.test(text) ? Number(text) : null
}

/** Throws 400 unless the metadata may be changed. `sent` is undefined where no metadata_cas came. */
export function checkMetadataCas(
  sent: number | undefined,
  record: KeyRecord | null,
  config: KvConfig,
): void {
  if (sent === undefined) {
    if (config.metadataCasRequired || record?.metadataCasRequired)
      throw badRequest('metadata check-and-set parameter required for this call')
    return
  }
  if (record === null) {
    if (sent !== 0) throw badRequest('metadata_cas must be 0 when creating new metadata')
  } else if (sent !== record.metadataVersion) {
    throw badRequest('metadata check-and-set parameter does not match the current version')
  }
}

const timeText = (ms: number): string => (ms === 0 ? '' : new Date(ms).toISOString())

/** The `metadata` of one version, as read, write and subkeys show it. */
export function versionMetadata(record: KeyRecord, number: number): Record<string, unknown> {
  const version = versionOf(record, number)!
  return {
    ...authors(version),
    created_time: timeText(version.createdAtMs),
    custom_metadata: record.custom,
    deletion_time: timeText(version.deletedAtMs),
    destroyed: version.destroyed,
    version: number,
  }
}

function authors(version: VersionRecord): Record<string, unknown> {
  return {
    created_by: version.createdBy === null ? undefined : authorInfo(version.createdBy),
    deleted_by: version.deletedBy === null ? undefined : authorInfo(version.deletedBy),
  }
}

/** Everything about the key, as the metadata endpoint shows it. */
export function keyMetadata(record: KeyRecord): Record<string, unknown> {
  const first = firstKept(record)
  const versions: Record<string, unknown> = {}
  record.versions.forEach((version, at) => {
    versions[first + at] = {
      ...authors(version),
      created_time: timeText(version.createdAtMs),
      deletion_time: timeText(version.deletedAtMs),
      destroyed: version.destroyed,
    }
  })
  return {
    cas_required: record.casRequired,
    created_time: timeText(record.createdAtMs),
    current_metadata_version: record.metadataVersion,
    current_version: record.currentVersion,
    custom_metadata: record.custom,
    delete_version_after: formatDuration(record.deleteAfterSeconds),
    last_updated_by: record.updatedBy === null ? undefined : authorInfo(record.updatedBy),
    max_versions: record.maxVersions,
    metadata_cas_required: record.metadataCasRequired,
    oldest_version: record.oldestVersion,
    updated_time: timeText(record.updatedAtMs),
    versions,
  }
}
