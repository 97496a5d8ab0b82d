// From the request target to the path and data that core works with. Percent-encoding is undone once
// and never again; whatever two readers could take for different paths (dot segments, encoded slashes,
// empty segments, control characters, broken UTF-8) is refused, never repaired.
import { badRequest, notFound } from '../base/errors.ts'

export interface ApiPathRules {
  /**
   * Take `%2F` as a slash inside a segment and allow empty segments: only for rows that are marked
   * `encoded`, whose last part is opaque data (OCSP by GET).
   */
  readonly allowEncodedSlash: boolean
}

const STRICT: ApiPathRules = { allowEncodedSlash: false }
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
export function apiPath(rawPath: string, rules: ApiPathRules = STRICT): string {
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

function checkSegments(path: string, rules: ApiPathRules): void {
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
