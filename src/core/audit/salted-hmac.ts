// HMAC-SHA256 of the values in an audit line (RFC 2104), keyed by a device's salt as in Vault. Made of two
// plain hashes, since creating an Hmac object costs twice as much as the two together (hot-path.md).
import { hash } from 'node:crypto'

/** Makes of a text its HMAC: 'hmac-sha256:' and 64 hex digits. Also what sys/audit-hash answers. */
export type SaltedHmac = (text: string) => string

const BLOCK_BYTES = 64
const INNER_PAD = 0x36
const OUTER_PAD = 0x5c

/**
 * The HMAC under this salt. The salt is ASCII text of at most 64 bytes (ours is a UUID), so that the
 * inner key block is ASCII too and can be joined to the text as a string, without a buffer.
 */
export function saltedHmac(salt: string): SaltedHmac {
  const key = Buffer.alloc(BLOCK_BYTES)
  // The two paddings keep the eighth bit as it is, so an ASCII salt gives ASCII blocks.
  if (salt.length > BLOCK_BYTES || Buffer.byteLength(salt) !== salt.length) {
    throw new Error('an audit salt is ASCII text of at most 64 bytes')
  }
  key.write(salt, 'latin1')
  const inner = Buffer.from(key.map((byte) => byte ^ INNER_PAD)).toString('latin1')
  const outer = Buffer.alloc(BLOCK_BYTES + 32)
  for (let at = 0; at < BLOCK_BYTES; at++) outer[at] = key[at]! ^ OUTER_PAD
  key.fill(0)
  const hmac: SaltedHmac = (text) => {
    outer.write(hash('sha256', inner + text, 'binary'), BLOCK_BYTES, 32, 'latin1')
    return `hmac-sha256:${hash('sha256', outer, 'hex')}`
  }
  // Answers are full of empty strings (deletion_time, entity_id, description).
  const ofNothing = hmac('')
  return (text) => (text === '' ? ofNothing : hmac(text))
}
