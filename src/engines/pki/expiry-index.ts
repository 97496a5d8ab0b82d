// The index of issued certificates by the time at which they expire: expiry/<second>/<serial>. Tidying reads
// its front in pages and never the certificates that are still valid.

export const EXPIRY_PREFIX = 'expiry/'

/** Seconds in twelve digits: text that sorts as time does, up to the year 9999. */
const timeText = (atMs: number): string =>
  String(Math.max(0, Math.floor(atMs / 1000))).padStart(12, '0')

export const expiryKey = (notAfterMs: number, serial: string): string =>
  `${EXPIRY_PREFIX}${timeText(notAfterMs)}/${serial}`

/** For `before` of a range: what expired before this time, exclusive. */
export const expiryBound = (atMs: number): string => EXPIRY_PREFIX + timeText(atMs)

export function parseExpiryKey(key: string): {
  readonly notAfterMs: number
  readonly serial: string
} {
  const [time, serial] = key.slice(EXPIRY_PREFIX.length).split('/') as [string, string]
  return { notAfterMs: Number(time) * 1000, serial }
}
