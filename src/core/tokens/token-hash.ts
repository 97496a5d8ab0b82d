// What a token is stored under: a hash keyed with a salt that lies behind the barrier (HMAC-SHA256, cut to
// 144 bits, far beyond any chance of two tokens meeting). The same text is the token's accessor, so that
// one hash and one entry serve both look-ups.
import { HmacSha256 } from '../../crypto/hmac.ts'

/** Characters of base64url. */
export const TOKEN_HASH_CHARS = 24

export interface TokenHasher {
  hash(text: string): string
  /** Wipes the salt; nothing is found afterwards. */
  wipe(): void
}

export function tokenHasher(salt: Uint8Array): TokenHasher {
  const hmac = new HmacSha256(salt)
  return {
    hash: (text) => hmac.base64url(text).slice(0, TOKEN_HASH_CHARS),
    wipe: () => hmac.wipe(),
  }
}
