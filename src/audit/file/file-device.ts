// The audit device `file`: whole lines appended to a file, or to standard output or error, or discarded.
// No line is lost when the file is moved or deleted: a deleted file is noticed before its lines are
// acknowledged (it has no name left) and they are written again to a new one; a moved one within a
// quarter of a second. Several processes may append to one file (O_APPEND).
import { fstatSync, write as writeFile } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import type { Clock } from '../../base/clock.ts'
import {
  type AuditContext,
  type AuditDevice,
  type AuditPlugin,
  AuditWriteError,
  joinLines,
} from '../../sdk/audit.ts'
import { type FileTarget, openTarget, parseMode, realTarget } from './file-target.ts'

const STANDARD: ReadonlyMap<string, number> = new Map([
  ['stdout', 1],
  ['stderr', 2],
])
/** How often it is checked that the path still names the open file. */
const MOVE_CHECK_MS = 250
/** Wait before a full pipe is tried again. */
const PIPE_FULL_MS = 5

export const fileAudit: AuditPlugin = {
  type: 'file',
  about: 'Appends audit entries to a file, to standard output or to standard error.',
  async open(options, context) {
    const path = pathOf(options)
    if (!path) throw new Error('file_path is required')
    const name = path.toLowerCase()
    if (name === 'discard') return discard
    const standard = STANDARD.get(name)
    if (standard !== undefined) return new StandardDevice(standard, context.clock)
    const device = new FileDevice(path, parseMode(options.mode), context)
    await device.reload()
    return device
  },
  async target(options) {
    const path = pathOf(options)
    if (!path) return undefined
    const name = path.toLowerCase()
    return name === 'discard' || STANDARD.has(name) ? undefined : realTarget(path)
  },
}

const pathOf = (options: Readonly<Record<string, string>>): string | undefined =>
  options.file_path ?? options.path

const discard: AuditDevice = {
  type: 'file',
  write: () => Promise.resolve(),
  close: () => Promise.resolve(),
}

class StandardDevice implements AuditDevice {
  readonly type = 'file'
  readonly #fd: number
  readonly #clock: Clock
  #isTorn = false

  constructor(fd: number, clock: Clock) {
    this.#fd = fd
    this.#clock = clock
  }

  async write(lines: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    try {
      await writeLines(this.#fd, lines, this.#isTorn, this.#clock, signal)
      this.#isTorn = false
    } catch (error) {
      this.#isTorn = error instanceof TornWrite
      throw error
    }
  }

  async close(): Promise<void> {
    // Standard output belongs to the process.
  }
}

class FileDevice implements AuditDevice {
  readonly type = 'file'
  readonly #target: FileTarget
  readonly #clock: Clock
  #file: FileHandle | undefined
  /** True where the file may end in the middle of a line. */
  #isTorn = false
  #isRegular = true
  #checkedAt = 0

  constructor(path: string, mode: number | undefined, context: AuditContext) {
    const { prefix, fromRequest, directories } = context
    this.#target = { path, prefix, mode, fromRequest, directories }
    this.#clock = context.clock
  }

  async reload(): Promise<void> {
    const opened = await openTarget(this.#target)
    const old = this.#file
    this.#file = opened
    this.#checkedAt = this.#clock.monotonic()
    const found = await opened.stat()
    this.#isRegular = found.isFile()
    this.#isTorn = this.#isRegular && found.size > 0 && !(await this.#endsInNewline(found.size))
    await old?.close()
  }

  async write(lines: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    if (this.#file === undefined) await this.reload()
    else if (this.#clock.monotonic() - this.#checkedAt >= MOVE_CHECK_MS) await this.#followPath()
    for (;;) {
      const fd = this.#file!.fd
      try {
        await writeLines(fd, lines, this.#isTorn, this.#clock, signal)
        this.#isTorn = false
      } catch (error) {
        this.#isTorn = error instanceof TornWrite
        throw error
      }
      // The write has just ended, so this look at the open file finds it in memory: 2 us.
      if (!this.#isRegular || fstatSync(fd).nlink > 0) return
      await this.reload()
    }
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  /** Opens the path anew where it names another file, or none. */
  async #followPath(): Promise<void> {
    this.#checkedAt = this.#clock.monotonic()
    const present = fstatSync(this.#file!.fd)
    const named = await stat(this.#target.path).catch(() => null)
    if (named !== null && named.ino === present.ino && named.dev === present.dev) return
    try {
      await this.reload()
    } catch (error) {
      // A file that was moved away still takes lines; a deleted one would lose them.
      if (present.nlink === 0) throw error
    }
  }

  async #endsInNewline(size: number): Promise<boolean> {
    const last = Buffer.alloc(1)
    try {
      const reader = await open(this.#target.path, 'r')
      try {
        await reader.read(last, 0, 1, size - 1)
      } finally {
        await reader.close()
      }
    } catch {
      // Not readable for us (mode 0200): an empty line does no harm.
      return false
    }
    return last[0] === NEWLINE_BYTE
  }
}

const NEWLINE_BYTE = 0x0a
const NEWLINE = Buffer.from('\n')

/** A write that ended inside a line. */
class TornWrite extends AuditWriteError {}

/**
 * Writes all lines, going on after short writes. `isTorn`: begin with a line break, since the target ends
 * inside a line. Throws TornWrite where it does so afterwards.
 */
async function writeLines(
  fd: number,
  lines: readonly Uint8Array[],
  isTorn: boolean,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const all = isTorn ? Buffer.concat([NEWLINE, ...lines]) : joinLines(lines)
  let done = 0
  while (done < all.byteLength) {
    try {
      done += await writeSome(fd, all, done)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN' && !signal.aborted) {
        await clock.sleep(PIPE_FULL_MS)
        continue
      }
      const endsInLine = done === 0 ? isTorn : all[done - 1] !== NEWLINE_BYTE
      const takenLines = countWhole(lines, done - (isTorn ? 1 : 0))
      const options = { takenLines, cause: error }
      throw new (endsInLine ? TornWrite : AuditWriteError)(wordsOf(error), options)
    }
  }
}

function writeSome(fd: number, bytes: Uint8Array, from: number): Promise<number> {
  return new Promise((resolve, reject) => {
    writeFile(fd, bytes, from, bytes.byteLength - from, null, (error, count) =>
      error ? reject(error) : resolve(count),
    )
  })
}

/** How many lines lie whole within the first `bytes` bytes. */
function countWhole(lines: readonly Uint8Array[], bytes: number): number {
  let count = 0
  let left = bytes
  for (const line of lines) {
    left -= line.byteLength
    if (left < 0) break
    count++
  }
  return count
}

/** What went wrong, without the path: 'ENOSPC: no space left on device, write' gives the middle. */
function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : 'write failed'
  return /^[A-Z0-9_]+: ([^,]*)/.exec(message)?.[1] ?? message
}
