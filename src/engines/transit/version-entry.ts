// One version of a key as it is stored: facts as JSON, then the secret bytes as they are, so that no secret
// ever is a JavaScript string, which could not be wiped. Layout: length of the facts (4 bytes, big endian),
// facts, key, HMAC key.

export interface VersionFacts {
  /** RFC 3339; from a backup with nanoseconds. */
  readonly createdAt: string
  /** 0 where the key's own setting counts. */
  readonly convergentVersion: number
  /** SubjectPublicKeyInfo (DER, base64); '' for symmetric keys. */
  readonly publicKey: string
  /** DER, base64, leaf first; null where none was set. */
  readonly certificates: readonly string[] | null
}

export interface KeyVersion extends VersionFacts {
  /** Symmetric: the key. ed25519: seed and public key. Else PKCS #8 (DER). Empty: only the public key. */
  readonly key: Buffer
  /** Empty where there is none. */
  readonly hmacKey: Buffer
}

interface StoredFacts extends VersionFacts {
  readonly keyBytes: number
}

export const hasPrivate = (version: KeyVersion): boolean => version.key.length > 0

export function encodeVersion(version: KeyVersion): Buffer {
  const facts: StoredFacts = {
    createdAt: version.createdAt,
    convergentVersion: version.convergentVersion,
    publicKey: version.publicKey,
    certificates: version.certificates,
    keyBytes: version.key.length,
  }
  const text = Buffer.from(JSON.stringify(facts))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.length)
  return Buffer.concat([length, text, version.key, version.hmacKey])
}

/** The secret parts are views of `bytes`: wiping it wipes them. */
export function decodeVersion(bytes: Buffer): KeyVersion {
  const keyAt = 4 + bytes.readUInt32BE(0)
  const facts = JSON.parse(bytes.toString('utf8', 4, keyAt)) as StoredFacts
  const hmacAt = keyAt + facts.keyBytes
  return {
    createdAt: facts.createdAt,
    convergentVersion: facts.convergentVersion,
    publicKey: facts.publicKey,
    certificates: facts.certificates,
    key: bytes.subarray(keyAt, hmacAt),
    hmacKey: bytes.subarray(hmacAt),
  }
}

/** Overwrites what is secret. */
export function wipeVersion(version: KeyVersion): void {
  version.key.fill(0)
  version.hmacKey.fill(0)
}

export const keyPath = (name: string): string => `keys/${name}`
export const versionsPath = (id: string): string => `versions/${id}/`
/** Padded, so that byte order is the order of versions. */
export const versionPath = (id: string, version: number): string =>
  `versions/${id}/${String(version).padStart(9, '0')}`
export const usesPath = (id: string, version: number): string => `uses/${id}/${version}`
