// The reader of archives, loaded with its libraries when the first archive comes: most scans meet none.
import type { Fragment } from '../fragment.ts'
import type { ArchiveKind } from './archive-kind.ts'
import type { ArchiveInput } from './archive-reader.ts'
import type { FileOrigin, Reading } from './source-settings.ts'

/** As `readArchive` of archive-reader.ts. */
export async function* readArchive(
  reading: Reading,
  origin: FileOrigin,
  kind: ArchiveKind,
  input: ArchiveInput,
): AsyncGenerator<readonly Fragment[]> {
  const reader = await import('./archive-reader.ts')
  yield* reader.readArchive(reading, origin, kind, input)
}
