// Checks of a secret's own structure, for rules that name one: what fails them is most likely made up. It is then still
// reported, with the lowest tier. Sources: GitHub's and npm's pages on their token formats (a CRC-32 in base 62 at the
// end), AWS's on key ids (base 32), RFC 7519.
import { crc32 } from 'node:zlib'
import type { CheckName } from '../rule.ts'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

function base62(value: number, length: number): string {
  let rest = value
  let text = ''
  for (; rest > 0; rest = Math.floor(rest / 62)) text = BASE62[rest % 62] + text
  return text.padStart(length, '0')
}

/** The six last characters are the CRC-32 of what stands between the prefix and them. */
export function withBase62Crc(prefix: string, body: string): string {
  return prefix + body + base62(crc32(body), 6)
}

function hasBase62Crc(token: string): boolean {
  const body = token.slice(token.indexOf('_') + 1)
  return body.length > 6 && base62(crc32(body.slice(0, -6)), 6) === body.slice(-6)
}

/** The id of the account that is written into a key id; 12 digits. Ids from before 2019 may hold any number. */
export function awsAccountOf(keyId: string): string | null {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  let bits = 0n
  for (const character of keyId.slice(4, 14)) {
    const digit = alphabet.indexOf(character)
    if (digit < 0) return null
    bits = bits * 32n + BigInt(digit)
  }
  return ((bits >> 2n) & 0x7fffffffffffn).toString().slice(0, 12).padStart(12, '0')
}

function isJwt(token: string): boolean {
  const header = token.replaceAll('\\', '').split('.')[0] ?? ''
  try {
    const read: unknown = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'))
    return typeof read === 'object' && read !== null
  } catch {
    return false
  }
}

const CHECKS: Readonly<Record<CheckName, (secret: string) => boolean>> = {
  'base62-crc32': hasBase62Crc,
  'aws-key-id': (secret) => awsAccountOf(secret) !== null,
  jwt: isJwt,
}

export function passesCheck(check: CheckName, secret: string): boolean {
  return CHECKS[check](secret)
}
