// The checks that every storage backend makes, in the same words: what one backend refuses all refuse,
// so that a plugin that works on memory works on etcd. The numbers and their reasons are in base/limits.ts.
import { badRequest, tooLarge } from '../base/errors.ts'
import { MAX_BATCH_BYTES, MAX_BATCH_KEYS, MAX_KEY_BYTES, MAX_PAGE } from '../base/limits.ts'
import type { Batch, Page } from './storage.ts'

/** String.prototype.isWellFormed: in every supported Node, not yet in the ES2023 typings. */
type WellFormed = { isWellFormed(): boolean }

/**
 * Refuses (400) a key that is empty, too long, or not Unicode: a lone surrogate has no UTF-8 form, and two
 * such keys would meet in one place.
 */
export function checkKey(key: string): void {
  if (key.length === 0) throw badRequest('storage key is empty')
  if (key.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(key) > MAX_KEY_BYTES)
    throw badRequest(`storage key is longer than ${MAX_KEY_BYTES} bytes`)
  if (!(key as unknown as WellFormed).isWellFormed())
    throw badRequest('storage key is not valid Unicode')
}

/** Checks the keys of one read. */
export function checkKeys(keys: readonly string[]): void {
  if (keys.length > MAX_BATCH_KEYS)
    throw badRequest(`storage read has more than ${MAX_BATCH_KEYS} keys`)
  for (let i = 0; i < keys.length; i++) checkKey(keys[i]!)
}

/** Checks counts, keys and total size of one commit. A value that is too big is 413, as in Vault. */
export function checkBatch(batch: Batch): void {
  if (batch.expect.size > MAX_BATCH_KEYS)
    throw badRequest(`storage batch expects more than ${MAX_BATCH_KEYS} keys`)
  if (batch.writes.size > MAX_BATCH_KEYS)
    throw badRequest(`storage batch writes more than ${MAX_BATCH_KEYS} keys`)
  let bytes = 0
  for (const key of batch.expect.keys()) {
    checkKey(key)
    bytes += key.length
  }
  for (const [key, value] of batch.writes) {
    checkKey(key)
    bytes += key.length + (value === null ? 0 : value.length)
  }
  if (bytes > MAX_BATCH_BYTES)
    throw tooLarge(
      `put failed due to value being too large; got ${bytes} bytes, max: ${MAX_BATCH_BYTES} bytes`,
    )
}

/** Checks the page of a list or range. */
export function checkPage(page: Page): void {
  if (!Number.isInteger(page.limit) || page.limit < 1 || page.limit > MAX_PAGE)
    throw badRequest(`storage page limit is not between 1 and ${MAX_PAGE}`)
}

/** A folder is empty (the root) or ends in '/'. */
export function checkFolder(prefix: string): void {
  if (prefix !== '' && !prefix.endsWith('/')) throw badRequest("storage folder does not end in '/'")
}

/**
 * Where a list that begins after the name `after` starts: `exclusive` is the key to start behind, or
 * `from` the first possible key. Everything inside a folder counts as that folder's name.
 */
export function listStart(
  prefix: string,
  after: string | undefined,
): { readonly key: string; readonly exclusive: boolean } {
  if (after === undefined || after === '') return { key: prefix, exclusive: false }
  const slash = after.indexOf('/')
  if (slash < 0) return { key: prefix + after, exclusive: true }
  return { key: behindFolder(prefix + after.slice(0, slash + 1)), exclusive: false }
}

/** The first key that sorts after everything inside `folder` ('0' follows '/'). */
export const behindFolder = (folder: string): string => `${folder.slice(0, -1)}0`
