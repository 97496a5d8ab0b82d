// Reads objects of a repository with one `git cat-file --batch`, whole and in pieces, whatever their size: text as
// fragments, archives opened. Objects that are missing or broken are said; git then starts again behind them.
import { SCAN_NESTED_ZIP_BYTES } from '../../base/limits.ts'
import type { Fragment } from '../fragment.ts'
import { archiveKindOf, compatArchiveKind } from './archive-kind.ts'
import { hasNul } from './content-type.ts'
import { type GitPlace, gitOutput, lastWords, startGit } from './git-command.ts'
import { readArchive } from './open-archive.ts'
import type { FileOrigin, Reading } from './source-settings.ts'
import { TextChunker } from './text-chunker.ts'

export interface WantedBlob {
  readonly oid: string
  /** Every place at which it is to be reported. */
  readonly origins: readonly FileOrigin[]
}

/** An object on its way through. */
interface Passing {
  readonly blob: WantedBlob
  left: number
  /** Null once nothing more of it is wanted. */
  chunkers: TextChunker[] | null
  /** Bytes of an archive, gathered. */
  parts: Buffer[] | null
  isFirst: boolean
}

/** Fragments of these objects in this order. */
export async function* readBlobs(
  place: GitPlace,
  reading: Reading,
  wanted: readonly WantedBlob[],
): AsyncGenerator<readonly Fragment[]> {
  let left = wanted
  let existing: Set<string> | null = null
  while (left.length > 0 && !reading.signal.aborted) {
    const stream = new BlobStream(place, reading, left)
    yield* stream.run()
    if (stream.isWhole) return
    // git gave up on a broken object: it is the one after those that came. A missing one of a partial clone ends it
    // too, and there may be many: they are told apart first.
    const after = left.slice(stream.done)
    const broken = after[0]
    if (broken === undefined) return
    existing ??= await existingObjects(place)
    const { notes } = reading
    if (existing.has(broken.oid)) {
      const why = `broken object: ${lastWords(stream.stderr)}`
      notes.skipped({ what: nameOf(broken), why, makesPartial: true })
      after.shift()
    }
    left = after.filter((blob) => {
      if (existing?.has(blob.oid)) return true
      notes.skipped({ what: nameOf(blob), why: MISSING, makesPartial: true })
      return false
    })
  }
}

const MISSING = 'the object is missing (a shallow or partial clone, or a broken repository)'

/** Names of all objects that are here, in the order in which git reads them fastest; nothing is fetched. */
export async function existingObjects(place: GitPlace): Promise<Set<string>> {
  const args = ['cat-file', '--batch-check=%(objectname)', '--batch-all-objects', '--unordered']
  const listed = await gitOutput(place, args).catch(() => '')
  const names = new Set<string>()
  for (let at = 0; at < listed.length; ) {
    const end = listed.indexOf('\n', at)
    // A copy: a slice would keep the whole list.
    names.add(Buffer.from(listed.slice(at, end < 0 ? listed.length : end)).toString('latin1'))
    at = end < 0 ? listed.length : end + 1
  }
  return names
}

/** Those of the objects that are missing or can't be read. */
export async function unreadable(place: GitPlace, oids: readonly string[]): Promise<Set<string>> {
  const existing = await existingObjects(place)
  const here = oids.filter((oid) => existing.has(oid))
  const input = here.map((oid) => `${oid}\n`).join('')
  const checked = await gitOutput(place, ['cat-file', '--batch-check'], input).catch(() => '')
  const good = new Set([...checked.matchAll(/^([0-9a-f]+) blob \d+$/gm)].map((found) => found[1]!))
  return new Set(oids.filter((oid) => !good.has(oid)))
}

const nameOf = (blob: WantedBlob): string =>
  blob.origins[0] === undefined ? blob.oid : `${blob.origins[0].path} (${blob.oid})`

class BlobStream {
  readonly #place: GitPlace
  readonly #reading: Reading
  readonly #wanted: readonly WantedBlob[]
  #carry: Buffer = Buffer.alloc(0)
  #passing: Passing | null = null
  /** Bytes of the newline that ends each object. */
  #isAtNewline = false
  done = 0
  isWhole = false
  stderr = ''

  constructor(place: GitPlace, reading: Reading, wanted: readonly WantedBlob[]) {
    this.#place = place
    this.#reading = reading
    this.#wanted = wanted
  }

  async *run(): AsyncGenerator<readonly Fragment[]> {
    const { batcher, signal } = this.#reading
    const git = startGit(this.#place, ['cat-file', '--batch', '--buffer'])
    void feed(git.stdin, this.#wanted)
    try {
      for await (const piece of git.stdout) {
        yield* this.#push(piece as Buffer)
        yield* batcher.take()
        if (signal.aborted) return
      }
      const { code, stderr } = await git.ended
      this.stderr = stderr
      this.isWhole = code === 0 && this.done >= this.#wanted.length
      if (!this.isWhole && this.#passing !== null) batcher.cancel()
    } finally {
      git.stop()
    }
  }

  async *#push(piece: Buffer): AsyncGenerator<readonly Fragment[]> {
    const chunk = this.#carry.length > 0 ? Buffer.concat([this.#carry, piece]) : piece
    this.#carry = Buffer.alloc(0)
    let at = 0
    while (at < chunk.length) {
      if (this.#isAtNewline) {
        this.#isAtNewline = false
        at++
        continue
      }
      if (this.#passing === null) {
        const end = chunk.indexOf(10, at)
        if (end < 0) {
          this.#carry = Buffer.from(chunk.subarray(at))
          return
        }
        yield* this.#open(chunk.toString('latin1', at, end))
        at = end + 1
        continue
      }
      const take = Math.min(this.#passing.left, chunk.length - at)
      this.#content(this.#passing, chunk.subarray(at, at + take))
      at += take
      if (this.#passing.left === 0) yield* this.#close(this.#passing)
    }
  }

  async *#open(header: string): AsyncGenerator<readonly Fragment[]> {
    const blob = this.#wanted[this.done]!
    const size = /^[0-9a-f]+ blob (\d+)$/.exec(header)?.[1]
    if (size === undefined) {
      this.done++
      const other = /^[0-9a-f]+ (?:tree|commit|tag) (\d+)$/.exec(header)?.[1]
      if (other !== undefined) {
        this.#passing = { blob, left: Number(other), chunkers: null, parts: null, isFirst: false }
        this.done--
      } else {
        this.#reading.notes.skipped({ what: nameOf(blob), why: MISSING, makesPartial: true })
      }
      return
    }
    const { maxFileBytes } = this.#reading.settings
    const passing: Passing = {
      blob,
      left: Number(size),
      chunkers: blob.origins.map(
        (origin) => new TextChunker(this.#reading, origin, { magic: false }),
      ),
      parts: null,
      isFirst: true,
    }
    if (passing.left > maxFileBytes) {
      passing.chunkers = null
      const why = `larger than ${maxFileBytes} bytes`
      this.#reading.notes.skipped({ what: nameOf(blob), why, makesPartial: true })
    }
    this.#passing = passing
    if (passing.left === 0) yield* this.#close(passing)
  }

  #content(passing: Passing, bytes: Buffer): void {
    passing.left -= bytes.length
    if (passing.isFirst && passing.chunkers !== null) {
      passing.isFirst = false
      const path = passing.blob.origins[0]?.path ?? ''
      const { compat, archiveDepth } = this.#reading.settings
      const kind = compat ? compatArchiveKind(path) : archiveKindOf(bytes)
      if (kind !== null && (!compat || hasNul(bytes)) && archiveDepth > 0) {
        passing.chunkers = null
        if (passing.left + bytes.length <= SCAN_NESTED_ZIP_BYTES) passing.parts = []
        else {
          const why = 'an archive too large to open within a repository'
          this.#reading.notes.skipped({ what: path, why, makesPartial: true })
        }
      } else if (compat && hasNul(bytes)) passing.chunkers = null
    }
    if (passing.parts !== null) passing.parts.push(Buffer.from(bytes))
    if (passing.chunkers === null) return
    for (const chunker of passing.chunkers) chunker.push(bytes)
  }

  async *#close(passing: Passing): AsyncGenerator<readonly Fragment[]> {
    this.#passing = null
    this.#isAtNewline = true
    this.done++
    for (const chunker of passing.chunkers ?? []) chunker.end()
    if (passing.parts === null) return
    const bytes = Buffer.concat(passing.parts)
    for (const origin of passing.blob.origins) {
      const { compat } = this.#reading.settings
      const kind = compat ? compatArchiveKind(origin.path) : archiveKindOf(bytes)
      if (kind !== null) yield* readArchive(this.#reading, origin, kind, { bytes })
    }
  }
}

/** Names of objects, as fast as git takes them. */
async function feed(stdin: NodeJS.WritableStream, wanted: readonly WantedBlob[]): Promise<void> {
  const STEP = 2000
  for (let at = 0; at < wanted.length && stdin.writable; at += STEP) {
    const lines = wanted.slice(at, at + STEP).map((blob) => `${blob.oid}\n`)
    if (!stdin.write(lines.join(''))) {
      await new Promise<void>((resolve) => {
        stdin.once('drain', resolve)
        stdin.once('close', resolve)
        stdin.once('error', () => resolve())
      })
    }
  }
  stdin.end()
}
