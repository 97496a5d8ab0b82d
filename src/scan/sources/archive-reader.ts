// Opens archives (zip, tar) and compressed files (gzip, zstd), within each other down to a depth, without unpacking
// anything to a disk: what is inside passes through as a stream and is reported as `outer.zip!inner/path`. One budget
// holds for all that is inside an outermost archive: bytes, entries, and how much a byte may grow. What is left out is
// said. Names inside are only words for reports; no file is ever made of them.
import { readSync } from 'node:fs'
import { posix } from 'node:path'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'
import { SCAN_NESTED_ZIP_BYTES } from '../../base/limits.ts'
import type { Fragment } from '../fragment.ts'
import { ArchiveBomb, ArchiveBudget } from './archive-budget.ts'
import { type ArchiveKind, archiveKindOf, compatArchiveKind } from './archive-kind.ts'
import { type FileOrigin, failureWords, pathBytes, type Reading } from './source-settings.ts'
import { TextChunker } from './text-chunker.ts'
import { type ZipInput, zipEntries } from './zip-entries.ts'
import { zstdStream } from './zstd-stream.ts'

/** An archive as a file that can be read anywhere, or as bytes that come one after the other. */
export type ArchiveInput = ZipInput | { readonly stream: AsyncIterable<Uint8Array> }

/** Told of each entry before it is read: another place for it, or null to leave it out. */
export type EntryOrigin = (path: string) => FileOrigin | null

interface Opening {
  readonly reading: Reading
  readonly budget: ArchiveBudget
  /** How many archives stand around what is read. */
  readonly depth: number
}

const READ_BYTES = 64 * 1024
const INFLATE_WINDOW = 32 * 1024
const NOT_INFLATED = { grain: 0, offset: 0 } as const

type Batches = AsyncGenerator<readonly Fragment[]>

/** Fragments of all that an archive holds. Never throws for what is wrong with the archive: it is said. */
export async function* readArchive(
  reading: Reading,
  origin: FileOrigin,
  kind: ArchiveKind,
  input: ArchiveInput,
): Batches {
  const opening: Opening = { reading, budget: new ArchiveBudget(), depth: 0 }
  yield* guarded(opening, origin, openArchive(opening, origin, kind, input))
}

/** Fragments of a tar's files (an image's layer); `place` says where each is reported. */
export async function* readTarStream(
  reading: Reading,
  origin: FileOrigin,
  stream: AsyncIterable<Uint8Array>,
  place: EntryOrigin,
): Batches {
  const opening: Opening = { reading, budget: new ArchiveBudget(), depth: 0 }
  const head = new HeadedStream(stream)
  await head.fill(512)
  const kind = archiveKindOf(head.bytes)
  const plain =
    kind?.compression === 'gzip' || kind?.compression === 'zstd'
      ? decompressed(opening, head, kind.compression)
      : head
  yield* guarded(opening, origin, tarFragments(opening, plain, place))
}

async function* guarded(opening: Opening, origin: FileOrigin, batches: Batches): Batches {
  try {
    yield* batches
  } catch (error) {
    if (error instanceof ArchiveBomb && opening.depth > 0) throw error
    opening.reading.batcher.cancel()
    const why =
      error instanceof ArchiveBomb ? error.message : `broken archive: ${failureWords(error)}`
    opening.reading.notes.skipped({ what: origin.path, why, makesPartial: true })
  }
}

async function* openArchive(
  opening: Opening,
  origin: FileOrigin,
  kind: ArchiveKind,
  input: ArchiveInput,
): Batches {
  const { reading } = opening
  const leaveOut = (why: string, makesPartial: boolean): void =>
    reading.notes.skipped({ what: origin.path, why, makesPartial })
  if (kind.compression === 'unsupported' || kind.container === 'unsupported') {
    return leaveOut(`a ${kind.name} archive, which is not opened`, false)
  }
  if (opening.depth >= reading.settings.archiveDepth) {
    const isOff = reading.settings.archiveDepth === 0
    return leaveOut(`deeper than ${reading.settings.archiveDepth} archives`, !isOff)
  }
  const inner: Opening = { ...opening, depth: opening.depth + 1 }
  if (kind.container === 'zip' && kind.compression === null) {
    const whole = 'stream' in input ? await gathered(input.stream) : input
    if (whole === null) return leaveOut('a zip within an archive, too large to open', true)
    return yield* zipFragments(inner, origin, whole)
  }
  const stream = streamOf(input)
  if (kind.compression === null) return yield* tarFragments(inner, stream, placeInside(origin))
  const plain = new HeadedStream(
    decompressed(inner, stream, kind.compression),
    kind.compression === 'gzip' ? INFLATE_WINDOW : 0,
  )
  const { compat } = reading.settings
  if (!compat) await plain.fill(512)
  const isTar = compat ? kind.container === 'tar' : archiveKindOf(plain.bytes)?.container === 'tar'
  if (isTar) return yield* tarFragments(inner, plain, placeInside(origin))
  yield* contentFragments(inner, { ...origin, kind: insideKind(origin) }, plain, compat)
}

const insideKind = (origin: FileOrigin): FileOrigin['kind'] =>
  origin.kind === 'dir' || origin.kind === 'stdin' ? 'archive' : origin.kind

const placeInside =
  (outer: FileOrigin): EntryOrigin =>
  (path) => ({ ...outer, path: `${outer.path}!${path}`, kind: insideKind(outer) })

function streamOf(input: ArchiveInput): AsyncIterable<Uint8Array> {
  if ('stream' in input) return input.stream
  if ('bytes' in input) return Readable.from([input.bytes])
  return readDescriptor(input.fd)
}

/** A stream of node:fs would close the descriptor, which is its opener's to close. */
async function* readDescriptor(fd: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; ; ) {
    const piece = Buffer.allocUnsafe(READ_BYTES)
    const count = readSync(fd, piece, 0, READ_BYTES, at)
    if (count === 0) return
    at += count
    yield piece.subarray(0, count)
  }
}

async function* decompressed(
  { budget }: Opening,
  input: AsyncIterable<Uint8Array>,
  compression: 'gzip' | 'zstd',
): AsyncGenerator<Uint8Array> {
  const meter = budget.meter()
  if (compression === 'zstd') {
    yield* zstdStream(input, meter)
    return
  }
  const gunzip = createGunzip()
  const source = Readable.from(counted(input, meter.consumed))
  source.on('error', (error) => gunzip.destroy(error))
  try {
    for await (const piece of source.pipe(gunzip)) {
      meter.produced((piece as Buffer).length)
      yield piece as Buffer
    }
  } finally {
    source.destroy()
    gunzip.destroy()
  }
}

async function* counted(
  input: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const piece of input) {
    count(piece.length)
    yield piece
  }
}

async function* tarFragments(
  opening: Opening,
  stream: AsyncIterable<Uint8Array>,
  place: EntryOrigin,
): Batches {
  const { reading, budget } = opening
  const unpack = extract({ filenameEncoding: 'latin1', allowUnknownFormat: true } as object)
  const source = Readable.from(stream)
  source.on('error', (error) => unpack.destroy(error))
  source.pipe(unpack)
  try {
    for await (const entry of unpack as unknown as AsyncIterable<TarEntry>) {
      budget.entry()
      const { header } = entry
      const path = cleanName(header.pax?.path === undefined ? header.name : pathBytes(header.name))
      const isFile = header.type === 'file' || header.type === 'contiguous-file'
      const origin = isFile && !reading.settings.skipPath(path) ? place(path) : null
      const rest = entry[Symbol.asyncIterator]()
      if (origin !== null) {
        const { grain, offset } = stream instanceof HeadedStream ? stream : NOT_INFLATED
        yield* entryFragments(opening, origin, heldOpen(rest), grain, offset + header.byteOffset)
      }
      // An entry that is given up would take the whole tar with it: it is read to its end.
      for (let step = await rest.next(); !step.done; step = await rest.next());
      if (reading.signal.aborted) return
    }
  } finally {
    source.destroy()
    unpack.destroy()
  }
}

async function* zipFragments(opening: Opening, origin: FileOrigin, input: ZipInput): Batches {
  const { reading, budget } = opening
  for await (const entry of zipEntries(input)) {
    budget.entry()
    const path = cleanName(entry.name)
    if (reading.settings.skipPath(path)) continue
    const inside = placeInside(origin)(path)!
    if (entry.open === null) {
      const why = 'encrypted, or compressed in a way that is not read'
      reading.notes.skipped({ what: inside.path, why, makesPartial: true })
      continue
    }
    const meter = budget.meter()
    meter.consumed(entry.compressedBytes)
    const stream = counted(await entry.open(), meter.produced)
    yield* entryFragments(opening, inside, stream, entry.isStored ? 0 : INFLATE_WINDOW)
    if (reading.signal.aborted) return
  }
}

/** Without `return`: whoever stops reading leaves the rest where it is. */
const heldOpen = (rest: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> => ({
  [Symbol.asyncIterator]: () => ({ next: () => rest.next() }),
})

type TarEntry = Readable & {
  readonly header: {
    readonly name: string
    readonly type: string | null
    /** Where its content begins in the tar. */
    readonly byteOffset: number
    readonly pax: { readonly path?: string } | null
  }
}

/** One entry; when it is broken the next ones are read all the same, a bomb ends all. */
async function* entryFragments(
  opening: Opening,
  origin: FileOrigin,
  stream: AsyncIterable<Uint8Array>,
  grain = 0,
  offset = 0,
): Batches {
  yield* guarded(
    opening,
    origin,
    contentFragments(opening, origin, new HeadedStream(stream, grain, offset), false),
  )
}

async function* contentFragments(
  opening: Opening,
  origin: FileOrigin,
  stream: HeadedStream,
  isPlain: boolean,
): Batches {
  const { reading } = opening
  const { compat } = reading.settings
  await stream.fill(512)
  // gitleaks looks at the name that the entry has within its archive.
  const name = origin.path.slice(origin.path.lastIndexOf('!') + 1)
  const kind = compat ? compatArchiveKind(name) : archiveKindOf(stream.bytes)
  if (kind !== null && !isPlain) return yield* openArchive(opening, origin, kind, { stream })
  const chunker = new TextChunker(reading, origin, {
    grain: stream.grain,
    offset: stream.offset,
  })
  for await (const piece of stream) {
    chunker.push(piece)
    yield* reading.batcher.take()
    if (chunker.isDone || reading.signal.aborted) return
  }
  chunker.end()
  yield* reading.batcher.take()
}

/** A stream whose first bytes can be looked at before it is read. */
class HeadedStream implements AsyncIterable<Uint8Array> {
  readonly #rest: AsyncIterator<Uint8Array>
  bytes: Uint8Array = new Uint8Array(0)
  /** Where the reads of gitleaks end, and how far into them this begins (text-chunker.ts). */
  readonly grain: number
  readonly offset: number

  constructor(stream: AsyncIterable<Uint8Array>, grain = 0, offset = 0) {
    this.grain = grain
    this.offset = offset
    this.#rest = stream[Symbol.asyncIterator]()
  }

  async fill(count: number): Promise<void> {
    while (this.bytes.length < count) {
      const { done, value } = await this.#rest.next()
      if (done) return
      this.bytes = this.bytes.length === 0 ? value : Buffer.concat([this.bytes, value])
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      if (this.bytes.length > 0) yield this.bytes
      this.bytes = new Uint8Array(0)
      for (let next = await this.#rest.next(); !next.done; next = await this.#rest.next()) {
        yield next.value
      }
    } finally {
      await this.#rest.return?.()
    }
  }
}

/** All of a stream, or null when it is more than a zip within an archive may have. */
async function gathered(stream: AsyncIterable<Uint8Array>): Promise<{ bytes: Buffer } | null> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const piece of stream) {
    size += piece.length
    if (size > SCAN_NESTED_ZIP_BYTES) return null
    parts.push(piece)
  }
  return { bytes: Buffer.concat(parts) }
}

/** As Go's filepath.Clean. */
const cleanName = (name: string): string => {
  const clean = posix.normalize(name)
  return clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean
}
