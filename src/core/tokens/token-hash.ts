// What a token is stored under: a hash keyed with a salt that lies behind the barrier (HMAC-SHA256, RFC
// 2104, cut to 144 bits). The same text is the token's accessor. It is taken on every request, hence two
// one-shot hashes with the key's blocks made ready once, instead of an Hmac object.
import { hash } from 'node:crypto'
import { MAX_TOKEN_CHARS } from '../../base/limits.ts'

const BLOCK = 64
const DIGEST = 32
/** Characters of base64url: 144 bits, far beyond any chance of two tokens meeting. */
export const TOKEN_HASH_CHARS = 24

/** Returns the hash of a token's text; salt: up to 64 bytes. Not safe to call from inside itself. */
export function tokenHasher(salt: Uint8Array): (text: string) => string {
  if (salt.length > BLOCK) throw new Error('the salt is longer than a block')
  // A text's UTF-8 form takes at most three bytes for each UTF-16 unit.
  const inner = Buffer.alloc(BLOCK + 3 * MAX_TOKEN_CHARS, 0x36)
  const outer = Buffer.alloc(BLOCK + DIGEST, 0x5c)
  for (let at = 0; at < salt.length; at++) {
    inner[at]! ^= salt[at]!
    outer[at]! ^= salt[at]!
  }
  return (text) => {
    const end = BLOCK + inner.write(text, BLOCK)
    hash('sha256', inner.subarray(0, end), 'buffer').copy(outer, BLOCK)
    inner.fill(0, BLOCK, end)
    return hash('sha256', outer, 'base64url').slice(0, TOKEN_HASH_CHARS)
  }
}
