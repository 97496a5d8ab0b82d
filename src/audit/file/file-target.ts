// What a file device may write to. A request that names a file must not become a way to write anywhere:
// the file has to be new or hold a log of ours, must not be reached through a link, and must lie in the
// configured directories. The configuration itself may name any file.
import { constants } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path'

export interface FileTarget {
  readonly path: string
  readonly prefix: string
  /** Permissions that the file gets; undefined: a present file keeps its own. */
  readonly mode: number | undefined
  readonly fromRequest: boolean
  readonly directories: readonly string[]
}

/** Files that take everything and keep nothing. */
const SINKS = new Set(['/dev/null'])
const DEFAULT_MODE = 0o600
/** Enough for the whole first line of a log of ours: a start record. */
const FIRST_LINE_BYTES = 4096

/** The option `mode`: octal digits; '0000' keeps what is there; executable bits are dropped. */
export function parseMode(text: string | undefined): number | undefined {
  if (text === undefined) return DEFAULT_MODE
  if (!/^0*[0-7]{1,3}$/.test(text)) {
    throw new Error(`mode ${JSON.stringify(text)} is not an octal number up to 0777`)
  }
  const mode = Number.parseInt(text, 8) & ~0o111
  return Number.parseInt(text, 8) === 0 ? undefined : mode
}

/** The file's one name, through all links; undefined for one that keeps nothing. */
export async function realTarget(path: string): Promise<string | undefined> {
  const name = resolve(path)
  if (SINKS.has(name)) return undefined
  const real = await realpath(name).catch(() => undefined)
  if (real !== undefined) return SINKS.has(real) ? undefined : real
  // Not there yet: its directory may be.
  const directory = await realpath(dirname(name)).catch(() => dirname(name))
  return join(directory, basename(name))
}

/** Opens the file for appending after all checks. The caller closes it. */
export async function openTarget(target: FileTarget): Promise<FileHandle> {
  const directory = dirname(target.path)
  // Before anything is made on the way there; links in it are judged afterwards.
  if (target.fromRequest) assertNamesAllowed(target)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  if (target.fromRequest) await assertAllowed(target, directory)
  const flags =
    constants.O_WRONLY |
    constants.O_APPEND |
    constants.O_CREAT |
    // A pipe without a reader must not hold up the server.
    constants.O_NONBLOCK |
    (target.fromRequest ? constants.O_NOFOLLOW : 0)
  const file = await open(target.path, flags, target.mode ?? DEFAULT_MODE)
  try {
    const found = await file.stat()
    if (target.fromRequest && !found.isFile() && !SINKS.has(target.path)) {
      throw new Error('the audit file is not a regular file')
    }
    if (found.isFile() && target.mode !== undefined && (found.mode & 0o777) !== target.mode) {
      await file.chmod(target.mode)
    }
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

const OUTSIDE = 'file_path is not in a directory that the configuration allows for audit files'

function assertNamesAllowed(target: FileTarget): void {
  if (SINKS.has(target.path)) return
  if (!isAbsolute(target.path)) throw new Error('file_path must be an absolute path')
  const path = resolve(target.path)
  const allowed = target.directories
  if (allowed.length > 0 && !allowed.some((one) => isInside(resolve(one), path))) {
    throw new Error(OUTSIDE)
  }
}

async function assertAllowed(target: FileTarget, directory: string): Promise<void> {
  if (SINKS.has(target.path)) return
  const real = await realpath(directory)
  if (target.directories.length > 0) {
    const allowed = await Promise.all(
      target.directories.map((one) => realpath(one).catch(() => one)),
    )
    if (!allowed.some((one) => isInside(resolve(one), real))) {
      throw new Error(
        'file_path is not in a directory that the configuration allows for audit files',
      )
    }
  }
  const found = await lstat(target.path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (found === null || (found.isFile() && found.size === 0)) return
  if (!found.isFile()) throw new Error('the audit file is not a regular file')
  if (!(await isLogOfOurs(target))) {
    throw new Error('the file exists and is not an audit log of this server')
  }
}

function isInside(parent: string, path: string): boolean {
  const step = relative(parent, path)
  return step === '' || !(step === '..' || step.startsWith('../') || isAbsolute(step))
}

/** An entry at the file's very beginning, in the order in which entries are always written. */
const FIRST_ENTRY = /^\{"time":"[\dT:.Z-]+","type":"(?:audit-[a-z]+|request|response)"[,}]/

async function isLogOfOurs(target: FileTarget): Promise<boolean> {
  const file = await open(target.path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(FIRST_LINE_BYTES), 0)
    const text = buffer.toString('utf8', 0, bytesRead)
    return text.startsWith(target.prefix) && FIRST_ENTRY.test(text.slice(target.prefix.length))
  } finally {
    await file.close()
  }
}
