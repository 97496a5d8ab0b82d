// Hash algorithms by their names in the API, with OpenSSL's.
import { badRequest } from '../../base/errors.ts'

export interface HashAlgorithm {
  readonly name: string
  /** '' for "none": what was sent is taken as it is. */
  readonly openssl: string
  readonly bytes: number
}

const row = (name: string, openssl: string, bytes: number): [string, HashAlgorithm] => [
  name,
  { name, openssl, bytes },
]

const ALL = new Map([
  row('none', '', 0),
  row('sha1', 'sha1', 20),
  row('sha2-224', 'sha224', 28),
  row('sha2-256', 'sha256', 32),
  row('sha2-384', 'sha384', 48),
  row('sha2-512', 'sha512', 64),
  row('sha3-224', 'sha3-224', 28),
  row('sha3-256', 'sha3-256', 32),
  row('sha3-384', 'sha3-384', 48),
  row('sha3-512', 'sha3-512', 64),
])

export const hashNames: readonly string[] = [...ALL.keys()]

export const findHash = (name: string): HashAlgorithm | undefined => ALL.get(name)

/** The one of the path, else of the body, else SHA-256. Throws 400 for others. */
export function chosenHash(...names: readonly (string | undefined)[]): HashAlgorithm {
  const name = names.find((one) => one !== undefined && one !== '') ?? 'sha2-256'
  const found = ALL.get(name)
  if (!found) throw badRequest(`invalid hash algorithm ${JSON.stringify(name)}`)
  return found
}
