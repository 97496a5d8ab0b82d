// The digest of a value and the floor below which none is made: a value that can be guessed must not be checkable
// by who has a filter. Scanners compute the same (src/scan/vault), from `salt` and their own key.
import { createHmac } from 'node:crypto'
import type { LiveConfig } from './live-records.ts'

const DIGEST_BYTES = 16
const FILTER_BYTES = 8

/** 16 bytes, the same for all scanners of this index. */
export const liveDigest = (salt: Buffer, value: string): Buffer =>
  createHmac('sha256', salt).update(value).digest().subarray(0, DIGEST_BYTES)

/** 8 bytes, of one scanner's filter: a million of them meet a stranger once in 10^13. */
export const filterDigest = (key: Buffer, digest: Uint8Array): Buffer =>
  createHmac('sha256', key).update(digest).digest().subarray(0, FILTER_BYTES)

/** Shannon's entropy of its characters times its length, in bits: an upper bound of how hard it is to guess. */
export function entropyBits(value: string): number {
  const counts = new Map<string, number>()
  for (const char of value) counts.set(char, (counts.get(char) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= count * Math.log2(count / value.length)
  return bits
}

export function isAboveFloor(
  value: string,
  floor: Pick<LiveConfig, 'minLength' | 'minEntropyBits'>,
): boolean {
  return value.length >= floor.minLength && entropyBits(value) >= floor.minEntropyBits
}

/** Lines of a text (a key file) that are looked for one by one, since scanners see lines. */
const MOST_LINES = 4
/** More is no secret but a document. */
const MOST_CHARS = 64 * 1024

/** What of a value is looked for: itself, and of several lines the ones that tell most. */
export function searchedParts(value: string): readonly string[] {
  if (value.length > MOST_CHARS) return []
  const text = value.trim()
  if (!text.includes('\n')) return [text]
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('-----'))
    .sort((a, b) => entropyBits(b) - entropyBits(a))
    .slice(0, MOST_LINES)
}
