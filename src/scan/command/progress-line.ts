// The line on a terminal that tells how far a scan is: bytes, items, findings, time, and what is left where that is
// known. It is drawn over itself, at most ten times a second, and cleared before anything else is printed.
import type { Clock } from '../../base/clock.ts'
import { sizeText } from '../amounts.ts'
import type { SourceProgress } from '../source.ts'

const DRAW_MS = 100
/** Short scans show nothing. */
const FIRST_MS = 400
const CLEAR = '\r\x1b[K'

export class ProgressLine {
  private readonly write: (text: string) => void
  private readonly clock: Clock
  private readonly startedAt: number
  private readonly what: string
  private drawnAt: number
  private isDrawn = false

  /** `what` names the items: files, commits, entries. */
  constructor(write: (text: string) => void, clock: Clock, what: string) {
    this.write = write
    this.clock = clock
    this.what = what
    this.startedAt = clock.monotonic()
    this.drawnAt = this.startedAt + FIRST_MS - DRAW_MS
  }

  update(done: SourceProgress, findings: number): void {
    const now = this.clock.monotonic()
    if (now - this.drawnAt < DRAW_MS) return
    this.drawnAt = now
    this.isDrawn = true
    this.write(`${CLEAR}${this.text(done, findings, now - this.startedAt)}`)
  }

  /** Makes room for other output. */
  clear(): void {
    if (this.isDrawn) this.write(CLEAR)
    this.isDrawn = false
  }

  private text(done: SourceProgress, findings: number, elapsedMs: number): string {
    const parts = [
      `${done.items.toLocaleString('en-US')} ${done.counts ?? this.what}`,
      sizeText(done.bytes),
      `${findings} found`,
      clockText(elapsedMs),
    ]
    if (done.total !== undefined && done.items > 0 && done.total >= done.items) {
      const left = (elapsedMs / done.items) * (done.total - done.items)
      const percent = Math.floor((100 * done.items) / Math.max(1, done.total))
      parts.push(`${percent} %, about ${clockText(left)} left`)
    }
    return parts.join(', ')
  }
}

/** 0:07, 12:34, 1:02:03. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const two = (value: number): string => String(value).padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  const rest = `${hours > 0 ? two(minutes % 60) : minutes}:${two(seconds % 60)}`
  return hours > 0 ? `${hours}:${rest}` : rest
}
