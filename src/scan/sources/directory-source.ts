// Files of a tree, in the order of their names' bytes, as `gitleaks dir` walks them (sources/files.go): links are read
// through only when asked for and only to files, so that no loop of them is entered. Pipes, sockets and devices are
// never opened. Reading is synchronous: a small file costs three system calls and no promise.
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs'
import { posix } from 'node:path'
import type { Fragment } from '../fragment.ts'
import type { Source, SourceNotes } from '../source.ts'
import { archiveKindOf, compatArchiveKind } from './archive-kind.ts'
import { FragmentBatcher } from './fragment-batcher.ts'
import { readArchive } from './open-archive.ts'
import {
  type FileOrigin,
  failureWords,
  pathBytes,
  type Reading,
  type SourceSettings,
  systemPath,
} from './source-settings.ts'
import { TextChunker } from './text-chunker.ts'

const READ_BYTES = 256 * 1024
const MOST_LINKS = 255

/** The files at and below `root`, a path as the user typed it. */
export function directorySource(root: string, settings: SourceSettings): Source {
  return {
    async *fragments(notes, signal) {
      const reading: Reading = { settings, notes, signal, batcher: new FragmentBatcher() }
      const start = rootPath(root)
      yield* readTree(reading, start)
      yield* reading.batcher.take(true)
    },
  }
}

/** Just these files (what a hook or an index names), in their order. */
export function filesSource(paths: readonly string[], settings: SourceSettings): Source {
  return {
    async *fragments(notes, signal) {
      const reading: Reading = { settings, notes, signal, batcher: new FragmentBatcher() }
      for (const path of paths) {
        const walked = pathBytes(path)
        const stats = attempt(notes, walked, () => lstatSync(systemPath(walked)))
        if (stats && !stats.isDirectory()) yield* readEntry(reading, walked, stats)
        if (signal.aborted) return
      }
      yield* reading.batcher.take(true)
    },
  }
}

/** Go's filepath.Clean leaves no slash at the end. */
function rootPath(root: string): string {
  const path = pathBytes(root === '' ? '.' : root)
  return path.length > 1 && path.endsWith('/') ? path.replace(/\/+$/, '') || '/' : path
}

async function* readTree(reading: Reading, root: string): AsyncGenerator<readonly Fragment[]> {
  const { notes, settings } = reading
  const stats = attempt(notes, root, () => rootStats(root, settings.compat))
  if (stats === null) return
  if (!stats.isDirectory()) return yield* readEntry(reading, root, stats)
  if (settings.skipPath(root)) return
  // A stack of what is still to be visited, the next on top: names may be many, calls must not nest.
  const stack: Array<{ path: string; isDirectory: boolean; isFile: boolean; isLink: boolean }> = []
  const enter = (path: string): void => {
    const entries = attempt(notes, path, () =>
      readdirSync(systemPath(path), { withFileTypes: true, encoding: 'latin1' }),
    )
    if (entries === null) return
    entries.sort((a, b) => (a.name < b.name ? 1 : -1))
    for (const entry of entries) {
      stack.push({
        path: posix.join(path, entry.name),
        isDirectory: entry.isDirectory(),
        isFile: entry.isFile(),
        isLink: entry.isSymbolicLink(),
      })
    }
  }
  enter(root)
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (reading.signal.aborted) return
    if (next.isDirectory) {
      if (settings.skipPath(next.path)) continue
      if (!settings.compat && posix.basename(next.path) === '.git') continue
      enter(next.path)
    } else if (next.isFile) {
      if (!settings.skipPath(next.path)) yield* readFile(reading, next.path, '')
    } else if (next.isLink) yield* readLink(reading, next.path)
    else notes.skipped({ what: next.path, why: 'a pipe, socket or device', makesPartial: false })
    const { bytes, items } = reading.batcher
    notes.progress({ bytes, items })
  }
}

/** gitleaks takes a root that is a link for a link to a file; otherwise it is followed. */
function rootStats(root: string, compat: boolean): Stats {
  const own = lstatSync(systemPath(root))
  return own.isSymbolicLink() && !compat ? statSync(systemPath(root)) : own
}

async function* readEntry(
  reading: Reading,
  path: string,
  stats: Stats,
): AsyncGenerator<readonly Fragment[]> {
  if (stats.isSymbolicLink()) yield* readLink(reading, path)
  else if (!stats.isFile()) {
    const why = 'a pipe, socket or device'
    reading.notes.skipped({ what: path, why, makesPartial: false })
  } else if (!reading.settings.skipPath(path)) yield* readFile(reading, path, '')
}

async function* readLink(reading: Reading, path: string): AsyncGenerator<readonly Fragment[]> {
  const { notes, settings } = reading
  const leaveOut = (why: string): void => notes.skipped({ what: path, why, makesPartial: false })
  if (!settings.followSymlinks) return leaveOut('a symbolic link')
  let target: string
  try {
    target = resolveLinks(path)
    const stats = statSync(systemPath(target))
    if (stats.isDirectory()) return leaveOut('a symbolic link to a directory')
    if (!stats.isFile()) return leaveOut('a symbolic link to a pipe, socket or device')
  } catch (error) {
    return leaveOut(`a symbolic link: ${failureWords(error)}`)
  }
  if (!settings.skipPath(path)) yield* readFile(reading, target, path)
}

/** As Go's EvalSymlinks: a relative path stays relative while no link on the way is absolute. */
function resolveLinks(path: string): string {
  let done = path.startsWith('/') ? '/' : ''
  const parts = path.split('/')
  for (let links = 0; parts.length > 0; ) {
    const part = parts.shift()!
    if (part === '' || part === '.') continue
    const next = posix.join(done, part)
    if (part === '..' || !lstatSync(systemPath(next)).isSymbolicLink()) {
      done = next
      continue
    }
    if (++links > MOST_LINKS) throw new Error('a loop of symbolic links')
    const target = readlinkSync(systemPath(next), { encoding: 'latin1' })
    if (target.startsWith('/')) done = '/'
    parts.unshift(...target.split('/'))
  }
  return done === '' ? '.' : done
}

async function* readFile(
  reading: Reading,
  path: string,
  symlink: string,
): AsyncGenerator<readonly Fragment[]> {
  const { notes, settings, batcher } = reading
  const origin: FileOrigin = { path, symlink, commit: null, kind: settings.fileKind }
  const compatKind = settings.compat ? compatArchiveKind(path) : null
  if (compatKind !== null && settings.archiveDepth === 0) return
  const flags =
    constants.O_RDONLY | constants.O_NONBLOCK | (symlink === '' ? constants.O_NOFOLLOW : 0)
  const fd = attempt(notes, path, () => openSync(systemPath(path), flags))
  if (fd === null) return
  try {
    if (settings.maxFileBytes !== Number.MAX_SAFE_INTEGER) {
      if (fstatSync(fd).size > settings.maxFileBytes) return tooLarge(reading, path)
    }
    if (compatKind !== null) yield* readArchive(reading, origin, compatKind, { fd, path })
    else yield* readOpenFile(reading, origin, fd)
  } catch (error) {
    batcher.cancel()
    notes.skipped({ what: path, why: failureWords(error), makesPartial: true })
  } finally {
    closeSync(fd)
  }
  yield* batcher.take()
}

function tooLarge(reading: Reading, path: string): void {
  const size = reading.settings.maxFileBytes
  const why = `larger than ${size >= 1e6 ? `${size / 1e6} MB` : `${size} bytes`}`
  reading.notes.skipped({ what: path, why, makesPartial: true })
}

const first = Buffer.allocUnsafeSlow(READ_BYTES)

async function* readOpenFile(
  reading: Reading,
  origin: FileOrigin,
  fd: number,
): AsyncGenerator<readonly Fragment[]> {
  let count = readSync(fd, first, 0, READ_BYTES, null)
  if (count === 0) return
  if (!reading.settings.compat) {
    const kind = archiveKindOf(first.subarray(0, count))
    if (kind !== null) {
      return yield* readArchive(reading, origin, kind, { fd, path: origin.path })
    }
  }
  const chunker = new TextChunker(reading, origin)
  while (count > 0 && !chunker.isDone) {
    chunker.push(first.subarray(0, count))
    if (count < READ_BYTES) break
    // Another file may be read while the consumer holds a batch, so nothing stays in the shared buffer here.
    yield* reading.batcher.take()
    if (reading.signal.aborted) return
    count = readSync(fd, first, 0, READ_BYTES, null)
  }
  chunker.end()
}

function attempt<T>(notes: SourceNotes, what: string, act: () => T): T | null {
  try {
    return act()
  } catch (error) {
    notes.skipped({ what, why: failureWords(error), makesPartial: true })
    return null
  }
}
