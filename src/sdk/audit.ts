// What an audit device is to the broker: a sink of whole lines. Formatting, HMAC, queues, deadlines and
// chaining are the broker's, so that a device stays small.
import type { Clock } from '../base/clock.ts'

export interface AuditDevice {
  readonly type: string
  /**
   * Takes whole lines (each ends in a newline) and resolves when the operating system or the peer has
   * all of them; a throw fails every request that has a line among them. The signal fires at the
   * deadline. Calls never overlap. Lines of one call mostly lie side by side in one buffer: see
   * `joinLines`. Once a call has resolved, the bytes are the broker's again and will change.
   * After a throw the broker keeps what was not taken and offers it again: see AuditWriteError.
   */
  write(lines: readonly Uint8Array[], signal: AbortSignal): Promise<void>
  /** Reopens its target (SIGHUP). */
  reload?(): Promise<void>
  close(): Promise<void>
}

/** What a device is opened with, beside its own options. */
export interface AuditContext {
  readonly clock: Clock
  /** True where a request named the target, false where the server's configuration did. */
  readonly fromRequest: boolean
  /** Directories that files named by a request must lie in; empty: anywhere. */
  readonly directories: readonly string[]
  /** Text in front of each line, '' mostly: with it a device can recognise a log of ours. */
  readonly prefix: string
}

/** One kind of device; registry.ts lists them and core receives them as values. */
export interface AuditPlugin {
  readonly type: string
  /** One sentence for the docs. */
  readonly about: string
  /** Checks the options and opens the target; throws an Error in words where that can't be done. */
  open(options: Readonly<Record<string, string>>, context: AuditContext): Promise<AuditDevice>
  /**
   * What a device with these options writes to, in one spelling, where two devices must not share it;
   * undefined where they may. Absent: they always may.
   */
  target?(options: Readonly<Record<string, string>>): Promise<string | undefined>
}

/** A failed write of which part is known to have arrived. The message names the device's trouble only. */
export class AuditWriteError extends Error {
  override readonly name = 'AuditWriteError'
  /** How many lines, from the first, the target has whole; the rest is offered again. */
  readonly takenLines: number
  /** True where the next line can never be taken (too long for a datagram): it is then skipped. */
  readonly hopeless: boolean

  constructor(
    message: string,
    options: { takenLines?: number; hopeless?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.takenLines = options.takenLines ?? 0
    this.hopeless = options.hopeless ?? false
  }
}

/** All lines as one buffer: without a copy where they already lie side by side. */
export function joinLines(lines: readonly Uint8Array[]): Uint8Array {
  const first = lines[0]
  if (first === undefined) return new Uint8Array(0)
  let end = first.byteOffset
  for (const line of lines) {
    if (line.buffer !== first.buffer || line.byteOffset !== end) return Buffer.concat(lines)
    end += line.byteLength
  }
  return new Uint8Array(first.buffer, first.byteOffset, end - first.byteOffset)
}
