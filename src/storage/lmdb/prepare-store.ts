// Looks at a store's folder and file before LMDB maps them: mapping a file that is cut off ends the process
// with SIGBUS at the first missing page, and LMDB takes an empty file for a new store.
import { existsSync, mkdirSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { checkStoreFile } from './check-store-file.ts'

/**
 * The real folder and the store file in it. Makes the folder (mode 0700) if it is missing; throws an Error
 * in words if it can't be used or the file is damaged.
 */
export function prepareStore(path: string): { readonly folder: string; readonly file: string } {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new Error(`storage folder ${path} can't be made: ${(cause as Error).message}`, { cause })
  }
  if (!statSync(path).isDirectory()) throw new Error(`storage path ${path} is not a folder`)
  const folder = realpathSync(path)
  const file = join(folder, 'data.mdb')
  if (existsSync(file)) checkStoreFile(file)
  return { folder, file }
}
