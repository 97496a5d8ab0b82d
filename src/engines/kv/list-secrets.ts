// Lists the secrets of a folder, or all below it, in pages. Both versions of KV keep a key under the same
// prefix, so both list alike. Order: byte order of the names.
import { string } from '../../schema/field.ts'
import { listNames, type PageOf, rangeNames } from '../../sdk/listing.ts'
import type { ReadStorage } from '../../sdk/storage.ts'
import { secretKey } from './secret-path.ts'

export const folderParam = {
  path: string('The folder; with or without a slash at the end.', { required: true }),
}

/** The folder's own path: '' or ending in '/'. */
export const folderOf = (path: string): string =>
  path === '' || path.endsWith('/') ? path : `${path}/`

/** Names right below the folder; sub-folders end in '/'. */
export const namesIn = (storage: ReadStorage, folder: string, page: PageOf) =>
  listNames(storage, secretKey(folder), page)

/** Paths, relative to the folder, of all secrets below it. */
export const namesBelow = (storage: ReadStorage, folder: string, page: PageOf) =>
  rangeNames(storage, secretKey(folder), page)
