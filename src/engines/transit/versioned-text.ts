// What a key made carries the version that made it in front: "vault:v3:" and base64. Errors are in the
// original's words, which say "ciphertext" or "signature".
import { badRequest } from '../../base/errors.ts'
import type { LoadedKey } from './loaded-key.ts'

const WHOLE_NUMBER = /^[+-]?\d{1,15}$/

export const prefixOf = (key: LoadedKey, version: number): string =>
  key.prefix[0] + version + key.prefix[1]

/** The version and what follows it. Throws 400; a version of 0 counts as 1 where `zeroIsOne`. */
export function splitVersion(
  key: LoadedKey,
  text: string,
  word: 'ciphertext' | 'signature',
  zeroIsOne: boolean,
): { readonly version: number; readonly body: string } {
  const [before, after] = key.prefix
  if (!text.startsWith(before)) throw badRequest(`invalid ${word}: no prefix`)
  const end = text.indexOf(after, before.length)
  if (end < 0) throw badRequest(`invalid ${word}: wrong number of fields`)
  const number = text.slice(before.length, end)
  if (!WHOLE_NUMBER.test(number))
    throw badRequest(`invalid ${word}: version number could not be decoded`)
  const sent = Number(number)
  const version = sent === 0 && zeroIsOne ? 1 : sent
  if (version > key.record.latestVersion) throw badRequest(`invalid ${word}: version is too new`)
  if (version < key.record.minDecryptionVersion)
    throw badRequest('ciphertext or signature version is disallowed by policy (too old)')
  return { version, body: text.slice(end + after.length) }
}

/** Throws 400 where the key is soft-deleted. */
export function checkNotDeleted(key: LoadedKey): void {
  if (key.record.softDeleted) throw badRequest('refusing to use soft-deleted key')
}

/** The version to make something with: 0 is the latest. `purpose` is "encryption" or "signing". */
export function versionToUse(
  key: LoadedKey,
  asked: number,
  purpose: 'encryption' | 'signing' | 'key wrapping',
): number {
  const { latestVersion, minEncryptionVersion } = key.record
  if (asked === 0) return latestVersion
  if (asked < 0) throw badRequest(`requested version for ${purpose} is negative`)
  if (asked > latestVersion)
    throw badRequest(`requested version for ${purpose} is higher than the latest key version`)
  if (asked < minEncryptionVersion)
    throw badRequest(
      `requested version for ${purpose} is less than the minimum encryption key version`,
    )
  return asked
}
