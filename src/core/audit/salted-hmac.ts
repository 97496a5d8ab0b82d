// HMAC-SHA256 of the values in an audit line, keyed by a device's salt, in Vault's spelling.
import { HmacSha256 } from '../../crypto/hmac.ts'

/** Makes of a text its HMAC: 'hmac-sha256:' and 64 hex digits. Also what sys/audit-hash answers. */
export type SaltedHmac = (text: string) => string

/** The HMAC under this salt, whose text is the key. */
export function saltedHmac(salt: string): SaltedHmac {
  const key = new HmacSha256(Buffer.from(salt))
  // Answers are full of empty strings (deletion_time, entity_id, description).
  const ofNothing = `hmac-sha256:${key.hex('')}`
  return (text) => (text === '' ? ofNothing : `hmac-sha256:${key.hex(text)}`)
}
