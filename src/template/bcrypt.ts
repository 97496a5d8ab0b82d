// bcrypt hashes ("$2a$10$..."), for sprig's bcrypt and htpasswd. Source: Provos and Mazieres, as OpenBSD has it.
import { Blowfish } from './blowfish.ts'
import { FunctionError } from './template-error.ts'

const ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const TEXT = 'OrpheanBeholderScryDoubt'
const MOST_PASSWORD_BYTES = 72

function encoded(bytes: Uint8Array): string {
  let out = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const left = Math.min(3, bytes.length - at)
    const word = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    for (let i = 0; i <= left; i++) out += ALPHABET[(word >> (18 - 6 * i)) & 63]
  }
  return out
}

/** The hash of a password with a salt of 16 bytes. Throws FunctionError for more than 72 bytes. */
export function bcryptHash(password: Uint8Array, salt: Uint8Array, cost: number): string {
  if (password.length > MOST_PASSWORD_BYTES) {
    throw new FunctionError('bcrypt: password length exceeds 72 bytes')
  }
  const key = new Uint8Array(password.length + 1)
  key.set(password)
  const cipher = new Blowfish()
  cipher.expand(key, salt)
  for (let i = 0; i < 2 ** cost; i++) {
    cipher.expand(key)
    cipher.expand(salt)
  }
  key.fill(0)
  const words = new Uint32Array(6)
  for (let i = 0; i < TEXT.length; i++) {
    words[i >> 2] = (words[i >> 2]! << 8) | TEXT.charCodeAt(i)
  }
  for (let at = 0; at < 6; at += 2) cipher.encrypt(words, at, 64)
  const bytes = new Uint8Array(24)
  for (const [i, word] of words.entries()) new DataView(bytes.buffer).setUint32(i * 4, word)
  return `$2a$${String(cost).padStart(2, '0')}$${encoded(salt)}${encoded(bytes.subarray(0, 23))}`
}
