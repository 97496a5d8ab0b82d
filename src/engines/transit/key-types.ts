// The types of keys, one row each: what a type can do and how its keys are made. Everything that depends
// on the type asks this table. `number` names a type in backups; those below 1000 are OpenBao's.
// Source: the transit API pages (key types), OpenBao 2.6 for what each supports.

export type KeyKind = 'aead' | 'ec' | 'ed25519' | 'rsa' | 'hmac' | 'cmac' | 'pq'

export interface KeyType {
  readonly name: string
  readonly kind: KeyKind
  readonly number: number
  /** Also decrypts. */
  readonly encrypts: boolean
  readonly signs: boolean
  readonly derives: boolean
  /** The input is hashed before it is signed. */
  readonly hashesInput: boolean
  readonly takesAssociatedData: boolean
  /** ECDH with another party's public key. */
  readonly agrees: boolean
  /** A version may be a public key alone. */
  readonly takesPublicKey: boolean
  /** Symmetric kinds: the length of a new key. */
  readonly keyBytes: number
  /** OpenSSL's cipher, '' where node:crypto has none. */
  readonly cipher: string
  readonly nonceBytes: number
  /** OpenSSL's curve. */
  readonly curve: string
  /** What is shown as the name of a version. */
  readonly shownName: string
  /** Of a coordinate of the curve. */
  readonly scalarBytes: number
  readonly modulusBits: number
  /** The sets of a post-quantum type, one of which a key names; else empty. */
  readonly parameterSets: readonly string[]
}

const NOTHING: KeyType = {
  name: '',
  kind: 'hmac',
  number: 0,
  encrypts: false,
  signs: false,
  derives: false,
  hashesInput: false,
  takesAssociatedData: false,
  agrees: false,
  takesPublicKey: false,
  keyBytes: 0,
  cipher: '',
  nonceBytes: 0,
  curve: '',
  shownName: '',
  scalarBytes: 0,
  modulusBits: 0,
  parameterSets: [],
}

const aead = (
  name: string,
  number: number,
  keyBytes: number,
  cipher: string,
  nonceBytes = 12,
): KeyType => ({
  ...NOTHING,
  ...{ name, number, keyBytes, cipher, nonceBytes },
  kind: 'aead',
  encrypts: true,
  derives: true,
  takesAssociatedData: true,
})

const ec = (
  name: string,
  number: number,
  curve: string,
  shownName: string,
  scalarBytes: number,
): KeyType => ({
  ...NOTHING,
  ...{ name, number, curve, shownName, scalarBytes },
  kind: 'ec',
  signs: true,
  hashesInput: true,
  agrees: true,
  takesPublicKey: true,
})

const rsa = (number: number, modulusBits: number): KeyType => ({
  ...NOTHING,
  ...{ number, modulusBits },
  name: `rsa-${modulusBits}`,
  shownName: `rsa-${modulusBits}`,
  kind: 'rsa',
  encrypts: true,
  signs: true,
  hashesInput: true,
  takesPublicKey: true,
})

const cmac = (bits: number): KeyType => ({
  ...NOTHING,
  name: `aes${bits}-cmac`,
  kind: 'cmac',
  keyBytes: bits / 8,
  // Only our own backups have these.
  number: 1000 + bits,
  cipher: `aes-${bits}-cbc`,
})

const SLH_DSA_SETS = ['sha2', 'shake'].flatMap((hash) =>
  ['128s', '128f', '192s', '192f', '256s', '256f'].map((size) => `slh-dsa-${hash}-${size}`),
)

const pq = (name: string, number: number, parameterSets: readonly string[]): KeyType => ({
  ...NOTHING,
  ...{ name, number, parameterSets },
  kind: 'pq',
  shownName: name,
  signs: true,
})

const ALL: readonly KeyType[] = [
  aead('aes128-gcm96', 8, 16, 'aes-128-gcm'),
  aead('aes256-gcm96', 0, 32, 'aes-256-gcm'),
  aead('chacha20-poly1305', 5, 32, 'chacha20-poly1305'),
  aead('xchacha20-poly1305', 11, 32, '', 24),
  ec('ecdsa-p256', 1, 'prime256v1', 'P-256', 32),
  ec('ecdsa-p384', 6, 'secp384r1', 'P-384', 48),
  ec('ecdsa-p521', 7, 'secp521r1', 'P-521', 66),
  {
    ...NOTHING,
    name: 'ed25519',
    shownName: 'ed25519',
    kind: 'ed25519',
    number: 2,
    signs: true,
    derives: true,
    takesPublicKey: true,
  },
  rsa(3, 2048),
  rsa(9, 3072),
  rsa(4, 4096),
  { ...NOTHING, name: 'hmac', kind: 'hmac', number: 10, keyBytes: 32 },
  cmac(128),
  cmac(192),
  cmac(256),
  // FIPS 204 and 205; a Node that has them not makes none.
  pq('ml-dsa', 1001, ['44', '65', '87']),
  pq('slh-dsa', 1002, SLH_DSA_SETS),
]

const byName = new Map(ALL.map((type) => [type.name, type]))

export const keyTypeNames: readonly string[] = ALL.map((type) => type.name)

export const findKeyType = (name: string): KeyType | undefined => byName.get(name)

/** By the number that a backup has. */
export const keyTypeByNumber = (number: number): KeyType | undefined =>
  ALL.find((type) => type.number === number)

/** Of a stored key, whose type was checked when it was made. */
export function keyTypeOf(name: string): KeyType {
  const type = byName.get(name)
  if (!type) throw new Error(`stored key of unknown type ${name}`)
  return type
}

/** An HMAC key may be this long, bytes. */
export const HMAC_KEY_BYTES = { min: 32, max: 512 } as const

export const isHmacSize = (bytes: number): boolean =>
  bytes >= HMAC_KEY_BYTES.min && bytes <= HMAC_KEY_BYTES.max
