// What deleting, restoring and destroying does to the facts of one version.
import type { Author } from './author.ts'
import { goneAtMs, isGoneAt, type VersionRecord } from './key-record.ts'

/** Soft-deleted by that caller now; a version that is gone already stays as it is. */
export const deletedNow =
  (nowMs: number, author: Author | null) =>
  (version: VersionRecord): VersionRecord =>
    isGoneAt(goneAtMs(version), nowMs)
      ? version
      : { ...version, deletedAtMs: nowMs, deletedBy: author }

/** Readable again, until `deletionAtMs` if that isn't 0; what is destroyed stays so. */
export const restored =
  (deletionAtMs: number) =>
  (version: VersionRecord): VersionRecord =>
    version.destroyed ? version : { ...version, deletedAtMs: deletionAtMs, deletedBy: null }

/** Its data is to go for good. Who soft-deleted it before stays on record. */
export const destroyedBy =
  (author: Author | null) =>
  (version: VersionRecord): VersionRecord =>
    version.destroyed
      ? version
      : { ...version, destroyed: true, deletedBy: version.deletedBy ?? author }
