// `app | strongroom redact`: a log passes through, secrets masked, everything else byte for byte. Complete lines are
// scanned and passed on as soon as they are here, together with some that have passed already (rules may span lines).
// A last line without its newline waits for the newline or the end; one that outgrows the window passes piece by
// piece, its end held back, and is never cut within a secret. What the detector fails on is masked whole.
import { REDACT_CONTEXT_BYTES, REDACT_HELD_BYTES, REDACT_WINDOW_BYTES } from '../base/limits.ts'
import type { Detector } from './detector.ts'
import type { Finding } from './finding.ts'
import { KeyLines } from './redact-key-lines.ts'
import { merged, type Range, secretRanges } from './redact-ranges.ts'

export interface RedactOptions {
  readonly detector: Detector
  /** Whether a finding is masked (its tier). */
  readonly wants: (finding: Finding) => boolean
  /** What stands in a secret's place. */
  readonly mask: string
}

export interface RedactStats {
  lines: number
  bytes: number
  /** Places that were masked. */
  masked: number
  /** Findings by rule; a private key that came line by line counts as 'private-key'. */
  readonly rules: Map<string, number>
  /** Windows that the detector failed on. */
  failed: number
}

export class Redactor {
  readonly #options: RedactOptions
  readonly #mask: Buffer
  readonly #keys = new KeyLines()
  /** Passed already; looked at again. */
  #context: Buffer = Buffer.alloc(0)
  #held: Buffer[] = []
  #heldBytes = 0
  readonly stats: RedactStats = { lines: 0, bytes: 0, masked: 0, rules: new Map(), failed: 0 }

  constructor(options: RedactOptions) {
    this.#options = options
    this.#mask = Buffer.from(options.mask)
  }

  /** The next bytes of the log; what can be passed on now. */
  push(bytes: Buffer): Buffer[] {
    const out: Buffer[] = []
    this.stats.bytes += bytes.length
    for (let at = 0; at < bytes.length; at += REDACT_WINDOW_BYTES) {
      const piece = bytes.subarray(at, at + REDACT_WINDOW_BYTES)
      const last = piece.lastIndexOf(10)
      if (last >= 0) {
        const lines = this.#take(piece.subarray(0, last + 1))
        this.#pass(lines, lines.length, out)
      }
      const rest = piece.subarray(last + 1)
      if (rest.length > 0) {
        // The caller may use its buffer again.
        this.#held.push(Buffer.from(rest))
        this.#heldBytes += rest.length
      }
      if (this.#heldBytes > REDACT_WINDOW_BYTES + REDACT_HELD_BYTES) {
        const line = this.#take(Buffer.alloc(0))
        const passed = this.#pass(line, softEnd(line, line.length - REDACT_HELD_BYTES), out)
        this.#held = [line.subarray(passed)]
        this.#heldBytes = line.length - passed
      }
    }
    return out
  }

  /** The log is over: what is left. */
  end(): Buffer[] {
    const out: Buffer[] = []
    const rest = this.#take(Buffer.alloc(0))
    if (rest.length > 0) this.#pass(rest, rest.length, out)
    return out
  }

  #take(more: Buffer): Buffer {
    const all = this.#heldBytes === 0 ? more : Buffer.concat([...this.#held, more])
    this.#held = []
    this.#heldBytes = 0
    return all
  }

  /** Scans `bytes` and passes on those before `end`, or before a secret that reaches over it; answers how many. */
  #pass(bytes: Buffer, end: number, out: Buffer[]): number {
    const scanned = this.#context.length === 0 ? bytes : Buffer.concat([this.#context, bytes])
    const before = this.#context.length
    const text = scanned.toString('latin1')
    const found = this.#found(scanned, text, before)
    let to = before + end
    const over = found.find(([from, until]) => from < to && until > to)
    // A secret that fills the window is longer than any: it is masked as far as it goes.
    if (over !== undefined && over[0] > before) to = over[0]
    const ranges = merged([...found, ...this.#keyRanges(text, before, to)])
    let at = before
    for (const [from, until] of ranges) {
      if (until <= before || from >= to) continue
      if (from > at) out.push(scanned.subarray(at, from))
      out.push(this.#mask)
      this.stats.masked++
      at = Math.max(at, Math.min(until, to))
    }
    if (at < to) out.push(scanned.subarray(at, to))
    this.#context = Buffer.from(scanned.subarray(Math.max(0, to - REDACT_CONTEXT_BYTES), to))
    return to - before
  }

  /** Ranges that the detector finds in `scanned`, of which the first `before` bytes have passed. */
  #found(scanned: Buffer, text: string, before: number): Range[] {
    try {
      const findings = this.#options.detector
        .detect({ bytes: scanned, path: '', symlink: '', startLine: 1, commit: null, kind: 'log' })
        .filter(this.#options.wants)
      this.#count(text, findings, before)
      return secretRanges(text, findings)
    } catch {
      this.stats.failed++
      return wholeLines(text, before)
    }
  }

  /** Bodies of keys in what passes now: each line is seen once. */
  #keyRanges(text: string, before: number, to: number): Range[] {
    const ranges: Range[] = []
    const keys = this.#keys.keys
    for (let at = before; at < to; ) {
      const newline = text.indexOf('\n', at)
      const end = newline < 0 || newline > to ? to : newline
      if (newline >= 0 && newline < to) this.stats.lines++
      const line = text.slice(at, end).replace(/\r$/, '')
      for (const [from, until] of this.#keys.ranges(line)) ranges.push([at + from, at + until])
      at = end + 1
    }
    this.#add('private-key', this.#keys.keys - keys)
    return ranges
  }

  #count(text: string, findings: readonly Finding[], before: number): void {
    if (findings.length === 0) return
    for (const finding of findings) {
      // What stands in the context alone was counted when it passed.
      const isNew = finding.ruleId !== 'private-key' && text.lastIndexOf(finding.secret) >= before
      if (isNew) this.#add(finding.ruleId, 1)
    }
  }

  #add(rule: string, count: number): void {
    const { rules } = this.stats
    if (count > 0) rules.set(rule, (rules.get(rule) ?? 0) + count)
  }
}

/** The last place at or before `end` at which no secret is cut: a space or a quote, not too far back. */
function softEnd(line: Buffer, end: number): number {
  for (let at = end; at > end - REDACT_HELD_BYTES; at--) {
    const byte = line[at - 1]
    if (byte === 32 || byte === 9 || byte === 34 || byte === 44) return at
  }
  return end
}

function wholeLines(text: string, before: number): Range[] {
  const ranges: Range[] = []
  for (let at = before; at < text.length; ) {
    const newline = text.indexOf('\n', at)
    const end = newline < 0 ? text.length : newline
    ranges.push([at, end])
    at = end + 1
  }
  return ranges
}

/** What `redact` writes to: a stream that may close, as that of `| head` does. */
export interface RedactOutput {
  /** Resolves when more is wanted; false once nobody reads any more. */
  write(bytes: Buffer): Promise<boolean>
}

/** Passes `input` on until it ends or nobody reads any more; answers what was done. */
export async function redactStream(
  input: AsyncIterable<Buffer>,
  output: RedactOutput,
  options: RedactOptions,
): Promise<RedactStats> {
  const redactor = new Redactor(options)
  for await (const piece of input) {
    const out = redactor.push(piece)
    if (out.length > 0 && !(await output.write(Buffer.concat(out)))) return redactor.stats
  }
  const rest = redactor.end()
  if (rest.length > 0) await output.write(Buffer.concat(rest))
  return redactor.stats
}
