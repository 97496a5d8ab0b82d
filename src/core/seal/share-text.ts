// Key shares as clients send them (hex or base64) and the shape of a split: what is wrong with either is
// said in Vault's words.
import { badRequest } from '../../base/errors.ts'
import { AEAD_KEY_BYTES } from '../../crypto/aead.ts'
import { MAX_SHARES } from '../../crypto/shamir.ts'
import type { SharesWanted } from './seal.ts'

/** The length of a share is that of the key, and one byte for its number. */
const MAX_SHARE_BYTES = AEAD_KEY_BYTES + 1
const MIN_SHARE_BYTES = 16

/** The bytes of a share; throws 400. */
export function parseShare(key: string): Buffer {
  const text = key.trim()
  let bytes = Buffer.alloc(0)
  if (/^(?:[0-9a-f]{2})+$/i.test(text)) bytes = Buffer.from(text, 'hex')
  // A base64 text may look like hex: hex it is only where the length fits.
  if (bytes.length < MIN_SHARE_BYTES || bytes.length > MAX_SHARE_BYTES) {
    const isBase64 = text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text)
    if (!isBase64) throw badRequest("'key' must be a valid hex or base64 string")
    bytes = Buffer.from(text, 'base64')
  }
  if (bytes.length < MIN_SHARE_BYTES) {
    throw badRequest(`invalid key: key is shorter than minimum ${MIN_SHARE_BYTES} bytes`)
  }
  if (bytes.length > MAX_SHARE_BYTES) {
    throw badRequest(`invalid key: key is longer than maximum ${MAX_SHARE_BYTES} bytes`)
  }
  return bytes
}

/** What is wrong with the numbers of a split; null where they will do. */
export function splitFault({ shares, threshold }: SharesWanted): string | null {
  if (shares < 1) return 'shares must be at least one'
  if (threshold < 1) return 'threshold must be at least one'
  if (shares > MAX_SHARES) return `shares must be less than ${MAX_SHARES + 1}`
  if (threshold > shares) return 'threshold cannot be larger than shares'
  if (shares > 1 && threshold < 2) {
    return 'threshold must be greater than one for multiple shares'
  }
  return null
}
