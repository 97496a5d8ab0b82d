// The storage keys of a KV mount, and what a secret's path may be. A path is used exactly as it was sent:
// making two spellings one secret would let the second walk around a policy on the first.
//   config · s/<path> the key · v/<id>/<version> data of a version that isn't inside it · gone/<id>
import { badRequest } from '../../base/errors.ts'
import { MAX_SECRET_PATH_BYTES } from '../../base/limits.ts'

export const SECRET_PREFIX = 's/'
const GONE_PREFIX = 'gone/'

/** Where the key of that path stands. Throws 400 where a path is too long for any storage. */
export function secretKey(path: string): string {
  // A UTF-16 unit takes at most three bytes, so most paths need no count.
  if (path.length * 3 > MAX_SECRET_PATH_BYTES && Buffer.byteLength(path) > MAX_SECRET_PATH_BYTES)
    throw badRequest(`path is longer than ${MAX_SECRET_PATH_BYTES} bytes`)
  return SECRET_PREFIX + path
}

/** Throws 400 where nothing can be stored: a folder, or a path with an empty segment. */
export function checkWritable(path: string): void {
  if (path === '') throw badRequest('missing path')
  if (path.endsWith('/')) throw badRequest("cannot write to a path ending in '/'")
  if (path.startsWith('/') || path.includes('//')) throw badRequest('path has an empty segment')
}

/** Ten digits, so that byte order is the order of versions. */
export const versionKey = (id: string, version: number): string =>
  versionPrefix(id) + String(version).padStart(10, '0')
export const versionPrefix = (id: string): string => `v/${id}/`
export const versionOfKey = (key: string): number => Number(key.slice(key.lastIndexOf('/') + 1))

/** Mark of a key whose versions' data is still being removed. */
export const goneKey = (id: string): string => GONE_PREFIX + id
