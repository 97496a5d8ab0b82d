// sprig's hashes, passwords, AES and random values. Slow ones (bcrypt, scrypt, keys) count as many steps, so that a
// template can't make a server work for minutes.
import { createCipheriv, createDecipheriv, createHash, createHmac, scryptSync } from 'node:crypto'
import type { Random } from '../base/random.ts'
import { bcryptHash } from './bcrypt.ts'
import { byteStringOf, bytesOf, encodeRunes, runesOf } from './byte-strings.ts'
import { decodeBase64 } from './decode-text.ts'
import type { FunctionTable, GoInt, GoValue, Rendering } from './go-values.ts'
import { PASSWORD_CHARACTERS, PASSWORD_TEMPLATES } from './password-templates.ts'
import { generatePrivateKeyPem } from './private-keys.ts'
import { randomBelow } from './sprig-math.ts'
import { FunctionError } from './template-error.ts'
import { functionTable, goFunction } from './template-functions.ts'

const BCRYPT_COST = 10
const BCRYPT_STEPS = 1_000_000
const SCRYPT_STEPS = 1_000_000
/** RSA and DSA keys take seconds, the others almost nothing. */
const SLOW_KEY_STEPS = 3_000_000
const KEY_STEPS = 20_000
const BLOCK = 16

const digest = (name: string) =>
  goFunction('string', ([text]) =>
    createHash(name)
      .update(bytesOf(text as string))
      .digest('hex'),
  )

function adler32(text: string): string {
  let [a, b] = [1, 0]
  for (let i = 0; i < text.length; i++) {
    a = (a + text.charCodeAt(i)) % 65521
    b = (b + a) % 65521
  }
  return String(b * 65536 + a)
}

function bcrypt(password: string, random: Random, rendering: Rendering): string {
  rendering.spend(BCRYPT_STEPS)
  try {
    return bcryptHash(bytesOf(password), random.bytes(16), BCRYPT_COST)
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error
    return `failed to encrypt string with bcrypt: ${error.message}`
  }
}

const PASSWORD_SEED = 'com.lyndir.masterpassword'

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A password that is the same for the same master password, user, site and counter (Master Password's algorithm). */
function derivePassword(args: readonly GoValue[], rendering: Rendering): string {
  const [counter, type, password, user, site] = args as [GoInt, string, string, string, string]
  const templates = Object.hasOwn(PASSWORD_TEMPLATES, type) ? PASSWORD_TEMPLATES[type] : undefined
  if (!templates) return `cannot find password template ${type}`
  rendering.spend(SCRYPT_STEPS)
  const seed = bytesOf(PASSWORD_SEED)
  const salt = Buffer.concat([seed, uint32(user.length), bytesOf(user)])
  const options = { N: 32768, r: 8, p: 2, maxmem: 128 * 1024 * 1024 }
  const key = scryptSync(bytesOf(password), salt, 64, options)
  const mac = createHmac('sha256', key)
  mac.update(
    Buffer.concat([seed, uint32(site.length), bytesOf(site), uint32(Number(counter.value))]),
  )
  const bytes = mac.digest()
  const template = templates[bytes[0]! % templates.length]!
  return Array.from(template, (kind, i) => {
    const characters = PASSWORD_CHARACTERS[kind]!
    return characters[bytes[i + 1]! % characters.length]
  }).join('')
}

function aesKey(password: string): Buffer {
  const key = Buffer.alloc(32)
  bytesOf(password).copy(key)
  return key
}

function encryptAes(password: string, text: string, random: Random): string {
  if (text === '') return ''
  const iv = random.bytes(BLOCK)
  const cipher = createCipheriv('aes-256-cbc', aesKey(password), iv)
  return Buffer.concat([iv, cipher.update(bytesOf(text)), cipher.final()]).toString('base64')
}

function decryptAes(password: string, encoded: string): string {
  if (encoded === '') return ''
  const bytes = decodeBase64(encoded)
  if (bytes.length < BLOCK) {
    throw new FunctionError(
      `runtime error: slice bounds out of range [:${BLOCK}] with capacity ${bytes.length}`,
    )
  }
  if (bytes.length % BLOCK !== 0) {
    throw new FunctionError('crypto/cipher: input not full blocks')
  }
  const decipher = createDecipheriv('aes-256-cbc', aesKey(password), bytes.subarray(0, BLOCK))
  decipher.setAutoPadding(false)
  const plain = Buffer.concat([decipher.update(bytes.subarray(BLOCK)), decipher.final()])
  if (plain.length === 0) throw new FunctionError('runtime error: index out of range [-1]')
  const end = plain.length - plain.at(-1)!
  if (end < 0) throw new FunctionError(`runtime error: slice bounds out of range [:${end}]`)
  return byteStringOf(plain.subarray(0, end))
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const DIGITS = '0123456789'
const PRINTABLE = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('')

function randomText(alphabet: string, count: number, random: Random, rendering: Rendering): string {
  if (count <= 0) return ''
  rendering.room(count)
  rendering.spend(count)
  const limit = 256 - (256 % alphabet.length)
  let out = ''
  while (out.length < count) {
    for (const byte of random.bytes(Math.min(4096, (count - out.length) * 2))) {
      if (byte < limit && out.length < count) out += alphabet[byte % alphabet.length]
    }
  }
  return out
}

function shuffled(text: string, random: Random, rendering: Rendering): string {
  const runes = runesOf(text)
  rendering.spend(runes.length)
  for (let i = runes.length - 1; i > 0; i--) {
    const other = Number(randomBelow(random, BigInt(i + 1)))
    ;[runes[i], runes[other]] = [runes[other]!, runes[i]!]
  }
  return encodeRunes(runes)
}

export function cryptoFunctions(random: Random): FunctionTable {
  const randomOf = (alphabet: string) =>
    goFunction('int', ([count], of) => randomText(alphabet, Number(count), random, of))
  const derive = goFunction('uint32, string, string, string, string', derivePassword)
  return functionTable({
    sha1sum: digest('sha1'),
    sha256sum: digest('sha256'),
    sha512sum: digest('sha512'),
    adler32sum: goFunction('string', ([text]) => adler32(text as string)),
    bcrypt: goFunction('string', ([password], of) => bcrypt(password as string, random, of)),
    htpasswd: goFunction('string, string', ([user, password], of) =>
      (user as string).includes(':')
        ? `invalid username: ${user}`
        : `${user}:${bcrypt(password as string, random, of)}`,
    ),
    derivePassword: derive,
    genPrivateKey: goFunction('string', ([type], of) => {
      of.spend(['ecdsa', 'ed25519'].includes(type as string) ? KEY_STEPS : SLOW_KEY_STEPS)
      return generatePrivateKeyPem(type as string)
    }),
    encryptAES: goFunction('string, string', ([password, text]) =>
      encryptAes(password as string, text as string, random),
    ),
    decryptAES: goFunction('string, string', ([password, text]) =>
      decryptAes(password as string, text as string),
    ),
    randBytes: goFunction('int', ([count], of) => {
      if ((count as bigint) < 0n)
        throw new FunctionError('runtime error: makeslice: len out of range')
      of.room(Number(count))
      return random.bytes(Number(count)).toString('base64')
    }),
    randAlphaNum: randomOf(LETTERS + DIGITS),
    randAlpha: randomOf(LETTERS),
    randNumeric: randomOf(DIGITS),
    randAscii: randomOf(PRINTABLE),
    shuffle: goFunction('string', ([text], of) => shuffled(text as string, random, of)),
    uuidv4: goFunction('', () => random.uuid()),
  })
}
