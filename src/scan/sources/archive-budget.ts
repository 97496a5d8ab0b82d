// What one outermost archive may cost: entries, bytes in all, and how much compressed bytes may grow. Counted while it
// unfolds, never taken from sizes that an archive claims.
import {
  SCAN_ARCHIVE_BYTES,
  SCAN_ARCHIVE_ENTRIES,
  SCAN_ARCHIVE_RATIO,
  SCAN_RATIO_FREE_BYTES,
} from '../../base/limits.ts'

/** The archive unfolds to more than any honest one; what came before is scanned. */
export class ArchiveBomb extends Error {}

export interface RatioMeter {
  readonly consumed: (bytes: number) => void
  /** Throws ArchiveBomb. */
  readonly produced: (bytes: number) => void
}

export class ArchiveBudget {
  #bytes = 0
  #entries = 0

  /** Throws ArchiveBomb. */
  entry(): void {
    if (++this.#entries > SCAN_ARCHIVE_ENTRIES) {
      throw new ArchiveBomb(`more than ${SCAN_ARCHIVE_ENTRIES} entries: not read further`)
    }
  }

  /** For one compressed stream. */
  meter(): RatioMeter {
    let taken = 0
    let given = 0
    return {
      consumed: (bytes) => {
        taken += bytes
      },
      produced: (bytes) => {
        given += bytes
        this.#bytes += bytes
        if (given > SCAN_RATIO_FREE_BYTES && given > taken * SCAN_ARCHIVE_RATIO) {
          throw new ArchiveBomb(
            `unfolds to more than ${SCAN_ARCHIVE_RATIO} times its size: not read further`,
          )
        }
        if (this.#bytes > SCAN_ARCHIVE_BYTES) {
          throw new ArchiveBomb(
            `unfolds to more than ${SCAN_ARCHIVE_BYTES / 2 ** 30} GiB: not read further`,
          )
        }
      },
    }
  }
}
