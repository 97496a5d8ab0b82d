// Batch tokens carry their entry in their text, sealed, so that making one writes nothing. Each is sealed
// under a key of its own, derived from the stored key and 16 random bytes: with one key for all, random
// nonces would be safe for only 2^32 tokens, ten days at 5,000 a second.
// Blob: version (1 byte), salt (16), nonce (12), ciphertext, tag (16); associated data: the namespace's id.
import { createCipheriv, createDecipheriv, createSecretKey, hash } from 'node:crypto'
import type { Random } from '../../base/random.ts'
import { decodeEntry, encodeEntry, type TokenEntry } from './token-entry.ts'

const VERSION = 1
const SALT = 16
const NONCE = 12
const TAG = 16
const HEAD = 1 + SALT + NONCE
/** Scanners look for at least 138 characters after the prefix: 104 bytes in base64url. */
const MIN_BLOB_BYTES = 104

export interface BatchSealer {
  seal(entry: TokenEntry, namespaceId: string): string
  /** null where the body was not sealed by this server for that namespace. */
  open(body: string, namespaceId: string): TokenEntry | null
  /** Wipes the key; nothing can be opened afterwards. */
  wipe(): void
}

/** `key`: 32 bytes. */
export function batchSealer(key: Uint8Array, random: Random): BatchSealer {
  // Key and salt fill less than a block, and the salt's length is fixed: a plain hash is a sound KDF here.
  const scratch = Buffer.alloc(key.length + SALT)
  scratch.set(key)
  const keyFor = (salt: Uint8Array) => {
    scratch.set(salt, key.length)
    const derived = hash('sha256', scratch, 'buffer')
    const secret = createSecretKey(derived)
    derived.fill(0)
    return secret
  }
  return {
    seal(entry, namespaceId) {
      const text = encodeEntry(entry)
      // Spaces behind JSON change nothing when it is read.
      const short = MIN_BLOB_BYTES - HEAD - TAG - Buffer.byteLength(text)
      const plain = Buffer.from(short > 0 ? text + ' '.repeat(short) : text)
      const head = Buffer.concat([Buffer.from([VERSION]), random.bytes(SALT + NONCE)])
      const secret = keyFor(head.subarray(1, 1 + SALT))
      const cipher = createCipheriv('aes-256-gcm', secret, head.subarray(1 + SALT))
      cipher.setAAD(Buffer.from(namespaceId))
      const sealed = Buffer.concat([
        head,
        cipher.update(plain),
        cipher.final(),
        cipher.getAuthTag(),
      ])
      return sealed.toString('base64url')
    },
    wipe: () => void scratch.fill(0),
    open(body, namespaceId) {
      const blob = Buffer.from(body, 'base64url')
      if (blob.length < HEAD + TAG || blob[0] !== VERSION) return null
      // Base64 has several spellings for the same bytes; only ours may pass.
      if (blob.toString('base64url') !== body) return null
      const secret = keyFor(blob.subarray(1, 1 + SALT))
      const decipher = createDecipheriv('aes-256-gcm', secret, blob.subarray(1 + SALT, HEAD), {
        authTagLength: TAG,
      })
      decipher.setAAD(Buffer.from(namespaceId))
      decipher.setAuthTag(blob.subarray(blob.length - TAG))
      try {
        const plain = decipher.update(blob.subarray(HEAD, blob.length - TAG))
        decipher.final()
        return decodeEntry(plain.toString())
      } catch {
        return null
      }
    },
  }
}
