// From the request target to the path and data that core works with. Percent-encoding is undone once
// and never again; whatever two readers could take for different paths (dot segments, encoded slashes,
// empty segments, control characters, broken UTF-8) is refused, never repaired.
import { ApiError, badRequest, notFound } from '../base/errors.ts'

interface Rules {
  /** Take `%2F` for a slash and allow empty segments. */
  readonly allowEncodedSlash: boolean
}

const STRICT: Rules = { allowEncodedSlash: false }
const OPAQUE: Rules = { allowEncodedSlash: true }
const PREFIX = '/v1/'

/** Printable ASCII without `%`: nothing to decode, nothing to check but the segments. */
const PLAIN = /^[!-$&-~]*$/
/** What Go's unicode.IsPrint takes: letters, marks, numbers, punctuation, symbols, the space. */
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u
/** An empty, `.` or `..` segment anywhere but an empty one at the end. */
const BAD_SEGMENT = /(?:^|\/)(?:\.{1,2}(?:\/|$)|\/)/

/**
 * The path below `/v1/` of a raw request path (no query), decoded, a trailing slash kept. Throws
 * ApiError: 404 outside `/v1/`, 400 for a path that is refused.
 */
export const apiPath = (rawPath: string): string => decodedPath(rawPath, STRICT)

/**
 * The same for a path that `apiPath` refused, where nothing but encoded slashes and empty segments is wrong
 * with it, and where they begin: a row that is marked `encoded` takes them in its opaque rest (OCSP by GET).
 * null where more is wrong.
 */
export function opaquePath(rawPath: string): { path: string; opaqueFrom: number } | null {
  if (!rawPath.startsWith(PREFIX)) return null
  try {
    const path = decodedPath(rawPath, OPAQUE)
    const begin = /%2f|(?:^|(?<=\/))\//i.exec(rawPath.slice(PREFIX.length))
    if (!begin) return null
    const before = rawPath.slice(PREFIX.length, PREFIX.length + begin.index)
    return { path, opaqueFrom: decode(before, 'path').length }
  } catch (error) {
    if (error instanceof ApiError) return null
    throw error
  }
}

function decodedPath(rawPath: string, rules: Rules): string {
  if (!rawPath.startsWith(PREFIX)) throw notFound(`path must start with ${PREFIX}`)
  const raw = rawPath.slice(PREFIX.length)
  let path = raw
  if (!PLAIN.test(raw)) {
    if (!rules.allowEncodedSlash && /%2f/i.test(raw)) {
      throw badRequest('path must not contain an encoded slash')
    }
    path = decode(raw, 'path')
    if (UNPRINTABLE.test(path)) throw badRequest('path must not contain non-printable characters')
  }
  if (BAD_SEGMENT.test(path)) checkSegments(path, rules)
  return path
}

function checkSegments(path: string, rules: Rules): void {
  for (const segment of path.split('/')) {
    if (segment === '.' || segment === '..') {
      throw badRequest('path must not contain a relative segment (. or ..)')
    }
  }
  if (!rules.allowEncodedSlash) throw badRequest('path must not contain an empty segment')
}

/**
 * The parameters of a raw query string, in order of first appearance; a name that comes several times
 * keeps all its values. Throws ApiError 400 for broken encoding.
 */
export function parseQuery(query: string): Map<string, string[]> {
  const parameters = new Map<string, string[]>()
  if (query === '') return parameters
  for (const pair of query.split('&')) {
    if (pair === '') continue
    const mark = pair.indexOf('=')
    const name = decodeForm(mark < 0 ? pair : pair.slice(0, mark))
    const value = mark < 0 ? '' : decodeForm(pair.slice(mark + 1))
    const values = parameters.get(name)
    if (values === undefined) parameters.set(name, [value])
    else values.push(value)
  }
  return parameters
}

function decodeForm(raw: string): string {
  const spaced = raw.includes('+') ? raw.replaceAll('+', ' ') : raw
  return /^[\x20-$&-~]*$/.test(spaced) ? spaced : decode(spaced, 'query')
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Undoes percent-encoding once and reads the bytes as UTF-8; `raw` is Latin-1, as headers are. */
function decode(raw: string, what: string): string {
  const bytes = Buffer.allocUnsafe(raw.length)
  let length = 0
  for (let index = 0; index < raw.length; index++) {
    let byte = raw.charCodeAt(index)
    if (byte === 37) {
      const digits = raw.slice(index + 1, index + 3)
      if (!/^[0-9A-Fa-f]{2}$/.test(digits)) {
        throw badRequest(`${what} contains a malformed percent-encoding`)
      }
      byte = Number.parseInt(digits, 16)
      index += 2
    }
    bytes[length++] = byte
  }
  try {
    return utf8.decode(bytes.subarray(0, length))
  } catch (cause) {
    throw badRequest(`${what} is not valid UTF-8`, { cause })
  }
}
