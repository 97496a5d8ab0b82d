// What a verification knows about one writer: its runs of lines, one per file mostly, and what is wrong
// with them. Runs are joined at the end, so that files may come in any order.
import { CHAIN_START, type ChainHead, type ChainLink } from './chain.ts'

/** A place in the files: index and name of the file, line from 1. */
export interface LinePlace {
  readonly source: number
  readonly file: string
  readonly line: number
}

/** A head as the server keeps it: how far a writer's chain is known to be written. */
export interface KnownHead extends ChainHead {
  readonly device: string
  readonly ended: boolean
}

/** Lines of one writer in one file that follow one another. */
interface Run {
  readonly source: number
  readonly first: LinePlace
  readonly firstN: number
  readonly previous: string
  last: LinePlace
  lastN: number
  lastHash: string
  /** The last line carries the server's own signature, so its hash is not in doubt. */
  isLastSigned: boolean
}

/** Lines of a writer that were not found between two of its lines, or before the first, or at the end. */
export interface Gap {
  readonly writer: string
  readonly from: number
  readonly to: number
  readonly after: LinePlace | undefined
  readonly before: LinePlace | undefined
}

export interface TrailReports {
  fail(place: LinePlace | undefined, why: string): void
  gap(gap: Gap): void
  note(text: string): void
}

/** A signature that can be checked once the writer's start record names the key. */
export interface PendingSignature {
  readonly head: ChainHead
  readonly signature: string
  readonly place: LinePlace
}

export class WriterTrail {
  readonly writer: string
  readonly #reports: TrailReports
  #runs: Run[] = []
  #open: Run | undefined
  /** A line whose `previous` is not the hash of the line before: which one is wrong shows the next. */
  #doubt: { readonly before: LinePlace; readonly at: LinePlace } | undefined
  /** The key that its start record pins. */
  key: string | undefined
  device: string | undefined
  /** What stands in front of each of its lines. */
  prefix = ''
  started = false
  endN: number | undefined
  signedN = 0
  pending: PendingSignature[] = []

  constructor(writer: string, reports: TrailReports) {
    this.writer = writer
    this.#reports = reports
  }

  /** Takes the next line of this writer, whose own hash is right. */
  take(link: ChainLink, place: LinePlace, isSigned: boolean): void {
    const run = this.#open
    if (run?.source !== place.source) {
      this.#settleDoubt(false)
      this.#begin(link, place, isSigned)
      return
    }
    if (link.n <= run.lastN) {
      // Moved or copied to here: go on from where the file was.
      this.#reports.fail(
        place,
        `line ${link.n} of writer ${this.writer} after its line ${run.lastN}`,
      )
      return
    }
    if (link.n > run.lastN + 1) {
      this.#settleDoubt(false)
      const { writer } = this
      this.#reports.gap({
        writer,
        from: run.lastN + 1,
        to: link.n - 1,
        after: run.last,
        before: place,
      })
    } else {
      const fits = link.previous === run.lastHash
      const wasSettled = this.#settleDoubt(!fits)
      if (!fits && !wasSettled) this.#suspect(run, place, isSigned)
    }
    run.last = place
    run.lastN = link.n
    run.lastHash = link.hash
    run.isLastSigned = isSigned
  }

  /** Ends the reading: joins the runs, compares with the head that the server knows, if it was asked. */
  finish(head: KnownHead | undefined, isPartial: boolean, wasAsked: boolean): void {
    const { writer } = this
    const { fail, gap, note } = this.#reports
    this.#settleDoubt(false)
    const runs = this.#runs.sort((a, b) => a.firstN - b.firstN)
    const first = runs[0]!
    if (first.firstN === 1 && !this.started)
      fail(first.first, `writer ${writer} has no start record`)
    if (first.firstN > 1) {
      const to = first.firstN - 1
      if (isPartial) note(`lines 1 to ${to} of writer ${writer} were not given`)
      else gap({ writer, from: 1, to, after: undefined, before: first.first })
    }
    for (let at = 1; at < runs.length; at++) this.#join(runs[at - 1]!, runs[at]!)
    const last = runs.at(-1)!
    if (this.endN !== undefined && last.lastN > this.endN) {
      fail(last.last, `writer ${writer} had ended with its line ${this.endN}`)
    }
    if (head && head.n > last.lastN) {
      gap({ writer, from: last.lastN + 1, to: head.n, after: last.last, before: undefined })
    } else if (!head && this.endN === undefined) {
      note(
        wasAsked
          ? `the server has no head of writer ${writer}: it wrote for less than a second, or its head was forgotten`
          : `writer ${writer} has no end record: without the server's heads it can't be proven that nothing was cut off after its line ${last.lastN}`,
      )
    }
    if (head && !head.ended && this.endN === undefined && head.n <= last.lastN) {
      note(
        `writer ${writer} has not ended: what it wrote since its head was last stored (about a second) may be missing`,
      )
    }
    const proven = Math.max(this.signedN, head?.n ?? 0)
    if (proven < last.lastN) {
      note(
        `lines ${proven + 1} to ${last.lastN} of writer ${writer} come after its last checkpoint`,
      )
    }
  }

  /** Whether lines of it are in that source. */
  isIn(source: number): boolean {
    return this.#runs.some((run) => run.source === source)
  }

  /** Where its highest line is; only once the reading has ended. */
  get lastSource(): number | undefined {
    return this.#runs.at(-1)?.source
  }

  get lines(): { readonly first: number; readonly last: number } {
    return { first: this.#runs[0]?.firstN ?? 0, last: this.#runs.at(-1)?.lastN ?? 0 }
  }

  #begin(link: ChainLink, place: LinePlace, isSigned: boolean): void {
    const run: Run = {
      source: place.source,
      first: place,
      firstN: link.n,
      previous: link.previous,
      last: place,
      lastN: link.n,
      lastHash: link.hash,
      isLastSigned: isSigned,
    }
    this.#runs.push(run)
    this.#open = run
    if ((link.n === 1) !== (link.previous === CHAIN_START)) {
      this.#reports.fail(
        place,
        `line ${link.n} of writer ${this.writer} names a wrong line before it`,
      )
    }
  }

  /** Two neighbours don't fit although each is whole: one was written anew. */
  #suspect(run: Run, place: LinePlace, isSigned: boolean): void {
    if (run.isLastSigned) this.#fail(place)
    else if (isSigned) this.#fail(run.last)
    else this.#doubt = { before: run.last, at: place }
  }

  /**
   * With the next line known: if that doesn't fit either, the line between is wrong, else the one before.
   * True where the next line's misfit is thereby explained.
   */
  #settleDoubt(nextMisfits: boolean): boolean {
    const doubt = this.#doubt
    this.#doubt = undefined
    if (doubt) this.#fail(nextMisfits ? doubt.at : doubt.before)
    return doubt !== undefined && nextMisfits
  }

  #fail(place: LinePlace): void {
    this.#reports.fail(
      place,
      'the line was changed: its hash is not the one that its neighbour names',
    )
  }

  #join(before: Run, after: Run): void {
    if (after.firstN > before.lastN + 1) {
      const [from, to] = [before.lastN + 1, after.firstN - 1]
      this.#reports.gap({ writer: this.writer, from, to, after: before.last, before: after.first })
    } else if (after.firstN <= before.lastN) {
      const here = `${before.last.file}:${before.last.line}`
      const why = `line ${after.firstN} of writer ${this.writer} comes twice: the file before ends with line ${before.lastN} (${here})`
      this.#reports.fail(after.first, why)
    } else if (after.previous !== before.lastHash) {
      this.#fail(before.isLastSigned ? after.first : before.last)
    }
  }
}
