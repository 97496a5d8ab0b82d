// What stands on revocation lists: one key per revoked certificate, which holds all that the list says of it,
// so that building a list of 100,000 reads keys and decrypts nothing:
//   crl-entries/<group>/<serial in hex>/<second of revocation>
// delta-entries/… holds those that were revoked since the last complete list.
import { MAX_PAGE } from '../../base/limits.ts'
import { nextTurn } from '../../base/tick.ts'
import type { CrlEntries } from '../../crypto/x509/crl.ts'
import { listNames } from '../../sdk/listing.ts'
import type { ReadStorage } from '../../sdk/storage.ts'

export type EntryPrefix = 'crl-entries/' | 'delta-entries/'

export const entryKey = (
  prefix: EntryPrefix,
  group: string,
  serial: string,
  revokedAtMs: number,
): string => `${prefix}${group}/${serial.replaceAll(':', '')}/${Math.floor(revokedAtMs / 1000)}`

/** Keys of one group's entries, a page at a time; others get their turn in between. */
export async function* entryPages(
  storage: ReadStorage,
  prefix: EntryPrefix,
  group: string,
): AsyncGenerator<readonly string[]> {
  const folder = `${prefix}${group}/`
  let after: string | undefined
  for (;;) {
    const page = { limit: MAX_PAGE, ...(after === undefined ? undefined : { after }) }
    const keys = await storage.range(folder, page)
    if (keys.length > 0) yield keys
    if (keys.length < MAX_PAGE) return
    after = keys.at(-1)
    await nextTurn()
  }
}

/** Adds those keys to the list, except for the serial numbers (hex) that are left out. */
export function addEntries(
  list: CrlEntries,
  keys: readonly string[],
  leftOut: ReadonlySet<string>,
): void {
  const serial = Buffer.allocUnsafe(64)
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!
    const timeAt = key.lastIndexOf('/')
    const hex = key.slice(key.lastIndexOf('/', timeAt - 1) + 1, timeAt)
    if (leftOut.size > 0 && leftOut.has(hex)) continue
    const length = serial.write(hex, 'hex')
    list.add(serial.subarray(0, length), Number(key.slice(timeAt + 1)) * 1000)
  }
}

/** Ids of the groups that have entries. */
export async function entryGroups(
  storage: ReadStorage,
  prefix: EntryPrefix,
): Promise<readonly string[]> {
  const folders = await listNames(storage, prefix, { after: undefined, limit: undefined })
  return folders.map((folder) => folder.slice(0, -1))
}
