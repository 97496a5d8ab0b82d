// The indexes of certificates by the time at which they expire: expiry/<second>/<serial> for those that are
// stored, revoked-expiry/… for those that are revoked. Tidying reads their fronts in pages and never what is
// still valid.
import type { ReadStorage } from '../../sdk/storage.ts'

export const EXPIRY_PREFIX = 'expiry/'
export const REVOKED_EXPIRY_PREFIX = 'revoked-expiry/'
export type ExpiryPrefix = typeof EXPIRY_PREFIX | typeof REVOKED_EXPIRY_PREFIX

/** Seconds in twelve digits: text that sorts as time does, up to the year 9999. */
const timeText = (atMs: number): string =>
  String(Math.max(0, Math.floor(atMs / 1000))).padStart(12, '0')

export const expiryKey = (
  notAfterMs: number,
  serial: string,
  prefix: ExpiryPrefix = EXPIRY_PREFIX,
): string => `${prefix}${timeText(notAfterMs)}/${serial}`

export interface Expired {
  /** The key in the index. */
  readonly key: string
  readonly serial: string
}

/** The first that expired before this time, in order, behind the key `after`. */
export async function expiredBefore(
  storage: ReadStorage,
  prefix: ExpiryPrefix,
  of: { readonly beforeMs: number; readonly limit: number; readonly after?: string },
): Promise<readonly Expired[]> {
  const keys = await storage.range(prefix, {
    before: prefix + timeText(of.beforeMs),
    limit: of.limit,
    ...(of.after === undefined ? undefined : { after: of.after }),
  })
  return keys.map((key) => ({ key, serial: key.slice(key.lastIndexOf('/') + 1) }))
}
