// Proves audit logs: nothing changed, removed, inserted, reordered or cut off, over any number of rotated
// files and of writers, in any order. One pass, memory only per writer. Pure: gets bytes, gives a report.
// What can't be proven from what was given (no heads, no key) is said in the notes. Nothing is proven by
// nothing: no lines, or none of a device whose heads are known, is a failure.
import { type ChainHead, type ChainLink, isIntact, isSignedBy, readLink } from './chain.ts'
import { CHAIN_ENDED, CHAIN_STARTED } from './chain-records.ts'
import { type Gap, type KnownHead, type LinePlace, WriterTrail } from './writer-trail.ts'

export type { KnownHead, LinePlace } from './writer-trail.ts'

export interface AuditSource {
  readonly name: string
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

export interface VerifyOptions {
  /**
   * The server's heads: they show a cut tail and a missing writer. Of a running server they have to be
   * fetched before the files are read, or lines written in between look cut off.
   */
  readonly heads?: readonly KnownHead[]
  /** The server's public keys; without them the keys in the logs are taken as they are. */
  readonly publicKeys?: readonly string[]
  /** Not all files are given: beginnings and whole writers may be missing. */
  readonly isPartial?: boolean
  /** Only this device's writers have to be there, as 'file/'. Without it those of all the heads. */
  readonly device?: string
}

export interface ChainFailure {
  /** Absent where no line is left to point at: a whole writer is missing. */
  readonly place: LinePlace | undefined
  readonly why: string
}

export interface WriterReport {
  readonly writer: string
  readonly device: string | undefined
  readonly firstLine: number
  readonly lastLine: number
  readonly hasEnded: boolean
}

export interface ChainReport {
  /** There are lines, and nothing is wrong with them. */
  readonly isUnchanged: boolean
  /** Unchanged, and the heads show that nothing was cut off: never without them, nor of a part. */
  readonly isComplete: boolean
  readonly lines: number
  /** The first bad line in the order of the files, then what else was found (at most 100). */
  readonly failures: readonly ChainFailure[]
  /** Fragments of lines left by a full disk or a crash; nothing of a chain is missing with them. */
  readonly torn: readonly LinePlace[]
  readonly notes: readonly string[]
  readonly writers: readonly WriterReport[]
}

const MAX_FINDINGS = 100
const FORGET =
  'if its files were deleted on purpose, "audit forget-heads" lets the server forget them'
const NEWLINE = 0x0a
const ENTRY_START = '{"time":"'
/** A record about a chain, right at the beginning of an entry. */
const RECORD = /^\{"time":"[^"]*","type":"(audit-[a-z]+)"/

export async function verifyChains(
  sources: Iterable<AuditSource>,
  options: VerifyOptions = {},
): Promise<ChainReport> {
  const verification = new Verification(options)
  let index = 0
  for (const source of sources) {
    let line = 0
    for await (const bytes of linesOf(source.chunks)) {
      line++
      verification.take(bytes, { source: index, file: source.name, line })
    }
    index++
  }
  return verification.finish()
}

/** A line that is no whole audit line: it may be what is left of one that is then missing. */
interface BadLine {
  readonly place: LinePlace
  /** Which line it says it is, where it still says so. */
  readonly claims: { readonly writer: string; readonly n: number } | undefined
  /** Only a fragment so far: no failure unless a line is missing there. */
  readonly isTorn: boolean
}

class Verification {
  readonly #options: VerifyOptions
  readonly #heads: ReadonlyMap<string, KnownHead>
  readonly #trails = new Map<string, WriterTrail>()
  readonly #failures: ChainFailure[] = []
  readonly #torn: LinePlace[] = []
  /** The last line of each source, where that is a fragment. */
  readonly #tornEnds = new Map<number, LinePlace>()
  #bad: BadLine[] = []
  readonly #gaps: Gap[] = []
  readonly #notes: string[] = []
  #lines = 0

  constructor(options: VerifyOptions) {
    this.#options = options
    this.#heads = new Map((options.heads ?? []).map((head) => [head.writer, head]))
  }

  take(line: Buffer, place: LinePlace): void {
    // A line break that ends a fragment may leave an empty line.
    if (line.length === 0) return
    this.#lines++
    this.#tornEnds.delete(place.source)
    const link = readLink(line)
    if (link === undefined) this.#takeUnchained(line, place)
    else if (isIntact(link)) this.#takeLinked(link, line, place)
    else this.#takeDamaged(link, line, place)
  }

  finish(): ChainReport {
    const { isPartial = false, heads, publicKeys } = this.#options
    for (const trail of this.#trails.values()) {
      trail.finish(this.#heads.get(trail.writer), isPartial, heads !== undefined)
    }
    for (const gap of this.#gaps) this.#tellGap(gap)
    for (const place of this.#tornEnds.values()) this.#judgeTornEnd(place)
    if (this.#lines === 0) this.#fail(undefined, 'there is no line: an empty log proves nothing')
    this.#findMissing(isPartial)
    if (!publicKeys) {
      this.#notes.push("the signing key was taken from the logs: compare it with the server's")
    }
    const isUnchanged = this.#failures.length === 0
    return {
      isUnchanged,
      isComplete: isUnchanged && heads !== undefined && !isPartial,
      lines: this.#lines,
      failures: this.#failures.sort(byPlace).slice(0, MAX_FINDINGS),
      torn: this.#torn,
      notes: this.#notes,
      writers: [...this.#trails.values()].map(reportOf),
    }
  }

  /** Writers that the server knows and no line is of. */
  #findMissing(isPartial: boolean): void {
    const { device, heads } = this.#options
    const deviceOf = (trail: WriterTrail): string | undefined =>
      trail.device ?? this.#heads.get(trail.writer)?.device
    const found = new Set([...this.#trails.values()].map(deviceOf))
    const missing = new Map<string, string[]>()
    let known = 0
    for (const head of this.#heads.values()) {
      if (device !== undefined && head.device !== device) continue
      if (this.#trails.has(head.writer)) known++
      else if (found.has(head.device)) {
        const why = `all ${head.n} lines of writer ${head.writer} (device ${head.device}) are missing`
        this.#tellMissing(`${why}; ${FORGET}`, isPartial)
      } else missing.set(head.device, [...(missing.get(head.device) ?? []), head.writer])
    }
    for (const [path, writers] of missing) {
      const count = `${writers.length} writer${writers.length === 1 ? '' : 's'}`
      const why = `no line of device ${path} is there, of which the server knows ${count}`
      const limit = found.size > 0 ? `; other devices are left out with -device` : ''
      this.#tellMissing(`${why}${limit}; ${FORGET}`, isPartial)
    }
    if (device !== undefined && this.#lines > 0 && !found.has(device)) {
      if (!missing.has(device)) this.#fail(undefined, `no line of device ${device} is there`)
    } else if (heads && !isPartial && known === 0 && missing.size === 0 && this.#lines > 0) {
      this.#fail(
        undefined,
        'the server knows no writer of these lines: nothing shows that all are there',
      )
    }
  }

  #tellMissing(why: string, isPartial: boolean): void {
    if (isPartial) this.#notes.push(why)
    else this.#fail(undefined, why)
  }

  /**
   * A file that ends inside a line: a crash did that, or somebody who cut it. It is no failure where all
   * writers that may have written the line are known to have lost none: by head, end, or later lines.
   */
  #judgeTornEnd(place: LinePlace): void {
    const trails = [...this.#trails.values()]
    const mayBeOf = (trail: WriterTrail): boolean =>
      trail.endN === undefined &&
      !this.#heads.has(trail.writer) &&
      !(trail.isIn(place.source) && trail.lastSource !== place.source)
    const isOfUnknown = !this.#options.heads && !trails.some((one) => one.isIn(place.source))
    if (!isOfUnknown && !trails.some(mayBeOf)) return
    // A gap told there already says what is missing.
    if (this.#failures.some((one) => one.place === place)) return
    this.#fail(
      place,
      "the file ends inside a line: whether it was cut only the server's heads can show",
    )
  }

  #takeLinked(link: ChainLink, line: Buffer, place: LinePlace): void {
    const trail = this.#trail(link.writer)
    const text = line.toString('latin1', 0, Math.min(line.length, 4096))
    const entryAt = text.indexOf(ENTRY_START)
    const record = entryAt === -1 ? undefined : RECORD.exec(text.slice(entryAt))?.[1]
    if (record === CHAIN_STARTED) this.#start(trail, line, entryAt, place)
    const isSigned = this.#checkSignature(trail, link, record, place)
    trail.take(link, place, isSigned)
    if (record === CHAIN_ENDED && isSigned) trail.endN = link.n
    const head = this.#heads.get(link.writer)
    if (head?.n === link.n && head.hash !== link.hash) {
      this.#fail(place, 'the line was changed: the server knows another hash of it')
    }
    if (head?.ended && link.n > head.n) {
      this.#fail(place, `the server ended writer ${link.writer} with its line ${head.n}`)
    }
  }

  /** A line whose hash is wrong: a fragment of another line before a good one, or a changed line. */
  #takeDamaged(link: ChainLink, line: Buffer, place: LinePlace): void {
    const prefix = this.#trails.get(link.writer)?.prefix ?? ''
    const start = Buffer.from(prefix + ENTRY_START)
    for (let at = line.lastIndexOf(start); at > 0; at = line.lastIndexOf(start, at - 1)) {
      const whole = line.subarray(at)
      const inner = readLink(whole)
      if (inner === undefined || !isIntact(inner) || line.indexOf(start) !== 0) continue
      this.#torn.push(place)
      this.#takeLinked(inner, whole, place)
      return
    }
    this.#fail(place, 'the line was changed: its hash is wrong')
    const claims = { writer: link.writer, n: link.n }
    this.#bad.push({ place, claims, isTorn: false })
  }

  #takeUnchained(line: Buffer, place: LinePlace): void {
    const isFragment = !line.subarray(-3).equals(LINE_END) && isBrokenEntry(line)
    this.#bad.push({ place, claims: undefined, isTorn: isFragment })
    if (isFragment) {
      this.#torn.push(place)
      this.#tornEnds.set(place.source, place)
    } else this.#fail(place, 'the line carries no chain: it was changed or inserted')
  }

  #start(trail: WriterTrail, line: Buffer, entryAt: number, place: LinePlace): void {
    let start: { audit?: { key?: unknown; device?: unknown } } = {}
    try {
      start = JSON.parse(line.toString('utf8', entryAt))
    } catch {
      // Reported below: it names no key.
    }
    const { key, device } = start.audit ?? {}
    if (trail.started || typeof key !== 'string' || typeof device !== 'string') {
      this.#fail(place, `writer ${trail.writer} can't start here`)
      return
    }
    if (this.#options.publicKeys && !this.#options.publicKeys.includes(key)) {
      this.#fail(place, `writer ${trail.writer} signs with a key that is not the server's`)
    }
    trail.started = true
    trail.key = key
    trail.device = device
    trail.prefix = line.toString('utf8', 0, entryAt)
    for (const { head, signature, place: signedAt } of trail.pending.splice(0)) {
      this.#verifySignature(trail, head, signature, [key], signedAt)
    }
  }

  #checkSignature(
    trail: WriterTrail,
    link: ChainLink,
    record: string | undefined,
    place: LinePlace,
  ): boolean {
    if (link.signature === undefined) {
      if (record !== undefined) this.#fail(place, `the record ${record} is not signed`)
      return false
    }
    const head = { writer: link.writer, n: link.n, hash: link.hash }
    const keys = trail.key === undefined ? this.#options.publicKeys : [trail.key]
    if (keys) return this.#verifySignature(trail, head, link.signature, keys, place)
    trail.pending.push({ head, signature: link.signature, place })
    return false
  }

  #verifySignature(
    trail: WriterTrail,
    head: ChainHead,
    signature: string,
    keys: readonly string[],
    place: LinePlace,
  ): boolean {
    if (!keys.some((key) => isSignedBy(key, head, signature))) {
      this.#fail(place, "the signature is not the server's")
      return false
    }
    if (head.n > trail.signedN) trail.signedN = head.n
    return true
  }

  /** A gap is told at the damaged line that fills it, if there is one, else at the line after it. */
  #tellGap({ writer, from, to, after, before }: Gap): void {
    const size = to - from + 1
    const isClaimed = ({ claims }: BadLine): boolean =>
      claims?.writer === writer && claims.n >= from && claims.n <= to
    const isWithin = after !== undefined && before?.source === after.source
    // What a damaged line says about itself may be the damage: then its place counts. Between files
    // the missing line may have stood in any of them.
    const isThere = ({ place }: BadLine): boolean =>
      !isWithin ||
      (place.source === after.source && place.line > after.line && place.line < before!.line)
    const candidates = [...this.#bad.filter(isClaimed), ...this.#bad.filter(isThere)]
    const found = [...new Set(candidates)].slice(0, size)
    this.#bad = this.#bad.filter((bad) => !found.includes(bad))
    const what = size === 1 ? `line ${from}` : `lines ${from} to ${to}`
    for (const { place, isTorn } of found) {
      if (isTorn) this.#fail(place, `only a part is left of ${what} of writer ${writer}`)
    }
    if (found.length === size) return
    const missing = `${what} of writer ${writer} ${size === 1 ? 'is' : 'are'} missing`
    const hint =
      from === 1 ? '; if their file was deleted on purpose, -partial leaves them out' : ''
    if (before) this.#fail(before, `${missing} before it${hint}`)
    else this.#fail(after, `cut off: ${missing} after it`)
  }

  #trail(writer: string): WriterTrail {
    let trail = this.#trails.get(writer)
    if (!trail) {
      trail = new WriterTrail(writer, {
        fail: (place, why) => this.#fail(place, why),
        gap: (gap) => void this.#gaps.push(gap),
        note: (text) => void this.#notes.push(text),
      })
      this.#trails.set(writer, trail)
    }
    return trail
  }

  #fail(place: LinePlace | undefined, why: string): void {
    this.#failures.push({ place, why })
  }
}

const LINE_END = Buffer.from('"}}')

/** True for the beginning of an entry that is not a whole one. */
function isBrokenEntry(line: Buffer): boolean {
  const start = line.indexOf(ENTRY_START)
  if (start === -1) return false
  try {
    JSON.parse(line.toString('utf8', start))
    return false
  } catch {
    return true
  }
}

function byPlace(a: ChainFailure, b: ChainFailure): number {
  if (!a.place || !b.place) return (a.place ? 0 : 1) - (b.place ? 0 : 1)
  return a.place.source - b.place.source || a.place.line - b.place.line
}

function reportOf(trail: WriterTrail): WriterReport {
  const { first, last } = trail.lines
  return {
    writer: trail.writer,
    device: trail.device,
    firstLine: first,
    lastLine: last,
    hasEnded: trail.endN !== undefined,
  }
}

/** The lines without their line breaks; a last one without a line break is a line too. */
async function* linesOf(chunks: AuditSource['chunks']): AsyncGenerator<Buffer> {
  let rest: Buffer[] = []
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let from = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
      const part = bytes.subarray(from, end)
      yield rest.length === 0 ? part : Buffer.concat([...rest, part])
      rest = []
      from = end + 1
    }
    if (from < bytes.length) rest.push(Buffer.from(bytes.subarray(from)))
  }
  if (rest.length > 0) yield Buffer.concat(rest)
}
