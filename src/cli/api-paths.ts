// API paths as commands take them: without slashes around, joined and cleaned.
// Commands take paths as people write them; the API gets them in one form.
import { posix } from 'node:path'

/** The path without slashes and white space around it. */
export function barePath(path: string): string {
  return path.trim().replace(/^\/+/, '').replace(/\/+$/, '')
}

/** The path with one slash at its end; '' stays ''. */
export function folderPath(path: string): string {
  const trimmed = path.trim()
  return trimmed === '' || trimmed.endsWith('/') ? trimmed : `${trimmed}/`
}

/** Joined and cleaned like Go's path.Join, which drops a slash at the end. */
export function joinPath(...parts: readonly string[]): string {
  const filled = parts.filter((part) => part !== '')
  if (filled.length === 0) return ''
  const joined = posix.join(...filled)
  return joined.length > 1 ? joined.replace(/\/$/, '') : joined
}
