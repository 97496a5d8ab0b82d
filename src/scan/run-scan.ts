// Pumps a source into detectors: as many batches in flight as the pool wants, findings in the order of the source, and
// what was skipped, seen and read on the way. Memory is bounded by the batches in flight.
import type { DetectorPool } from './detector.ts'
import type { Finding } from './finding.ts'
import type { Fragment } from './fragment.ts'
import type { Skipped, Source, SourceProgress } from './source.ts'

export interface ScanObserver {
  /** Findings of a batch, in order; the next ones wait for it. */
  found(findings: readonly Finding[]): void | Promise<void>
  skipped?(note: Skipped): void
  warn?(text: string): void
  progress?(done: SourceProgress): void
}

export interface ScanTotals {
  /** Bytes of the fragments that were looked at. */
  readonly bytes: number
  readonly commits: number
  /** What the source counted itself, and its name for that; ''. */
  readonly items: number
  readonly counts: string
  readonly files: number
  readonly isPartial: boolean
  /** What ended the source early, such as a time limit; null where nothing did. */
  readonly error: Error | null
}

/** Everything of a source, or what came until `signal` fired. Findings are reported even if the source fails. */
export async function runScan(
  source: Source,
  pool: DetectorPool,
  observer: ScanObserver,
  signal: AbortSignal,
): Promise<ScanTotals> {
  const commits = new Set<string>()
  let bytes = 0
  let files = 0
  let lastPath: string | null = null
  let isPartial = false
  let seen: SourceProgress = { bytes: 0, items: 0 }
  const count = (batch: readonly Fragment[]): void => {
    for (const fragment of batch) {
      bytes += fragment.bytes.length
      if (fragment.commit?.sha) commits.add(fragment.commit.sha)
      if (fragment.path !== lastPath) files++
      lastPath = fragment.path
    }
  }
  const notes = {
    skipped: (note: Skipped): void => {
      if (note.makesPartial) isPartial = true
      observer.skipped?.(note)
    },
    progress: (done: SourceProgress): void => {
      seen = done
      observer.progress?.(done)
    },
    warn: (text: string): void => observer.warn?.(text),
  }
  /** What is still to be told, in order: each is told as soon as those before it are. */
  const queue: Promise<void>[] = []
  const tell = async (before: Promise<void>, work: Promise<Finding[]>): Promise<void> => {
    await before
    const findings = await work
    for (const note of pool.takeSkipped()) notes.skipped(note)
    if (findings.length > 0) await observer.found(findings)
    queue.shift()
  }
  let error: Error | null = null
  try {
    for await (const batch of untilAborted(source.fragments(notes, signal), signal)) {
      count(batch)
      const work = pool.detect(batch)
      const told = tell(queue.at(-1) ?? Promise.resolve(), work)
      // Their failures are thrown where they are waited for.
      work.catch(() => {})
      told.catch(() => {})
      queue.push(told)
      while (queue.length >= pool.inFlight) await queue[0]
    }
  } catch (thrown) {
    error = asError(thrown)
  }
  try {
    await queue.at(-1)
  } catch (thrown) {
    error ??= asError(thrown)
  }
  for (const note of pool.takeSkipped()) notes.skipped(note)
  if (signal.aborted) isPartial = true
  // A source that looks at blobs first hands on little of what it reads.
  return {
    bytes: Math.max(bytes, seen.bytes),
    commits: commits.size,
    items: seen.items,
    counts: seen.counts ?? '',
    files,
    isPartial: isPartial || error !== null,
    error,
  }
}

const asError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown))

/** Batches until the signal fires, also while the source waits for a writer that says nothing. */
async function* untilAborted(
  batches: AsyncIterable<readonly Fragment[]>,
  signal: AbortSignal,
): AsyncGenerator<readonly Fragment[]> {
  const iterator = batches[Symbol.asyncIterator]()
  let abort = (): void => {}
  const aborted = new Promise<null>((resolve) => {
    abort = () => resolve(null)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
  try {
    for (;;) {
      const next = iterator.next()
      // Nobody waits for it any more once the signal has fired.
      next.catch(() => {})
      const step = await Promise.race([aborted, next])
      if (step === null || step.done || signal.aborted) return
      yield step.value
    }
  } finally {
    signal.removeEventListener('abort', abort)
    const ended = iterator.return?.()
    if (!signal.aborted) await ended
    else ended?.catch(() => {})
  }
}

/** Standard input that may still be open must not keep a program alive whose scan was stopped. */
export function letGo(stdin: NodeJS.ReadableStream): void {
  const { destroy } = stdin as { destroy?: () => void }
  destroy?.call(stdin)
}
