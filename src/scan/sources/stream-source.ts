// What comes in on a stream: standard input as `gitleaks stdin` reads it, and a log as it is written. A log's lines
// are handed on whenever the writer pauses, so that a finding is told while the program still runs; memory is bounded
// by a fragment whatever the length of a line.
import type { Clock } from '../../base/clock.ts'
import type { SourceKind } from '../fragment.ts'
import type { Source } from '../source.ts'
import { archiveKindOf } from './archive-kind.ts'
import { FragmentBatcher } from './fragment-batcher.ts'
import { readArchive } from './open-archive.ts'
import type { FileOrigin, Reading, SourceSettings } from './source-settings.ts'
import { TextChunker } from './text-chunker.ts'

/** How long a writer pauses before its complete lines are looked at. */
const QUIET_MS = 100

export interface StreamOptions {
  readonly input: AsyncIterable<Uint8Array>
  readonly settings: SourceSettings
  readonly clock: Clock
  /** What findings are reported under; '' as gitleaks has it. */
  readonly path?: string
  readonly kind?: SourceKind
}

export function streamSource(options: StreamOptions): Source {
  return {
    async *fragments(notes, signal) {
      const { settings, clock, path = '', kind = 'stdin' } = options
      const reading: Reading = { settings, notes, signal, batcher: new FragmentBatcher() }
      const origin: FileOrigin = { path, symlink: '', commit: null, kind }
      const pieces = options.input[Symbol.asyncIterator]()
      let next = pieces.next()
      const first = await next
      if (!settings.compat && !first.done && archiveKindOf(first.value) !== null) {
        const stream = restOf(first.value, pieces)
        yield* readArchive(reading, origin, archiveKindOf(first.value)!, { stream })
        yield* reading.batcher.take(true)
        return
      }
      const chunker = new TextChunker(reading, origin)
      for (let step = first; !step.done && !signal.aborted; step = await next) {
        chunker.push(step.value)
        const { bytes, items } = reading.batcher
        notes.progress({ bytes, items })
        yield* reading.batcher.take()
        next = pieces.next()
        // The input may fail while a batch is out; it is awaited, and fails, in its turn.
        next.catch(() => {})
        if (settings.compat || (await isNext(next, clock))) continue
        chunker.flushLines()
        yield* reading.batcher.take(true)
      }
      chunker.end()
      yield* reading.batcher.take(true)
    },
  }
}

function isNext(next: Promise<unknown>, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.after(QUIET_MS, () => resolve(false))
    const arrived = (): void => {
      cancel()
      resolve(true)
    }
    next.then(arrived, arrived)
  })
}

async function* restOf(
  first: Uint8Array,
  pieces: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield first
  for (let step = await pieces.next(); !step.done; step = await pieces.next()) yield step.value
}
