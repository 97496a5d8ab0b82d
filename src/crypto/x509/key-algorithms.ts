// Key types and signature algorithms, one row each: names as Vault writes them, identifiers in DER, and what
// node:crypto calls them. Nothing else in this library branches on a key type. Sources: RFC 3279, 4055, 5758,
// 8410; NIST curves by RFC 5480.
import { context, integer, NULL, oid, sequence } from './der-writer.ts'
import { OID } from './oids.ts'

export type KeyType = 'rsa' | 'ec' | 'ed25519'
export type SignatureBits = 256 | 384 | 512

export interface Curve {
  readonly bits: 224 | 256 | 384 | 521
  readonly oid: string
  /** Name for node:crypto. */
  readonly name: string
  /** What Vault hashes with for a key on this curve. */
  readonly hashBits: SignatureBits
}

export const CURVES: readonly Curve[] = [
  { bits: 224, oid: '1.3.132.0.33', name: 'secp224r1', hashBits: 256 },
  { bits: 256, oid: '1.2.840.10045.3.1.7', name: 'prime256v1', hashBits: 256 },
  { bits: 384, oid: '1.3.132.0.34', name: 'secp384r1', hashBits: 384 },
  { bits: 521, oid: '1.3.132.0.35', name: 'secp521r1', hashBits: 512 },
]

export const curveOfOid = (curve: string): Curve | undefined =>
  CURVES.find((row) => row.oid === curve)
export const curveOfBits = (bits: number): Curve | undefined =>
  CURVES.find((row) => row.bits === bits)
export const curveOfName = (name: string): Curve | undefined =>
  CURVES.find((row) => row.name === name)

export interface SignatureAlgorithm {
  /** Vault's name, as in an issuer's revocation_signature_algorithm. */
  readonly name: string
  /** Go's name (x509.SignatureAlgorithm.String). */
  readonly goName: string
  readonly keyType: KeyType
  readonly isPss: boolean
  /** For node:crypto; null for Ed25519, which hashes by itself. */
  readonly hash: 'sha1' | 'sha256' | 'sha384' | 'sha512' | null
  readonly hashBits: number
  /** The whole AlgorithmIdentifier. */
  readonly der: Buffer
}

const HASH_OIDS = { 256: OID.sha256, 384: OID.sha384, 512: OID.sha512 } as const

export const HASH_ALGORITHMS: Readonly<Record<'sha1' | 'sha256' | 'sha384' | 'sha512', string>> = {
  sha1: OID.sha1,
  sha256: OID.sha256,
  sha384: OID.sha384,
  sha512: OID.sha512,
}

function pssIdentifier(bits: SignatureBits): Buffer {
  const hash = sequence(oid(HASH_OIDS[bits]), NULL)
  const mask = sequence(oid(OID.mgf1), hash)
  const salt = integer(bits / 8)
  return sequence(oid(OID.rsaPss), sequence(context(0, hash), context(1, mask), context(2, salt)))
}

function rsaRow(bits: SignatureBits, id: string): SignatureAlgorithm {
  return {
    name: `SHA${bits}WithRSA`,
    goName: `SHA${bits}-RSA`,
    keyType: 'rsa',
    isPss: false,
    hash: `sha${bits}`,
    hashBits: bits,
    der: sequence(oid(id), NULL),
  }
}

function pssRow(bits: SignatureBits): SignatureAlgorithm {
  return {
    name: `SHA${bits}WithRSAPSS`,
    goName: `SHA${bits}-RSAPSS`,
    keyType: 'rsa',
    isPss: true,
    hash: `sha${bits}`,
    hashBits: bits,
    der: pssIdentifier(bits),
  }
}

function ecRow(bits: SignatureBits, id: string): SignatureAlgorithm {
  return {
    name: `ECDSAWithSHA${bits}`,
    goName: `ECDSA-SHA${bits}`,
    keyType: 'ec',
    isPss: false,
    hash: `sha${bits}`,
    hashBits: bits,
    der: sequence(oid(id)),
  }
}

const ed25519Row: SignatureAlgorithm = {
  name: 'Ed25519',
  goName: 'Ed25519',
  keyType: 'ed25519',
  isPss: false,
  hash: null,
  hashBits: 0,
  der: sequence(oid(OID.ed25519)),
}

/** What is signed with. SHA-1 is only ever read: see LEGACY_ALGORITHMS. */
export const SIGNATURE_ALGORITHMS: readonly SignatureAlgorithm[] = [
  rsaRow(256, '1.2.840.113549.1.1.11'),
  rsaRow(384, '1.2.840.113549.1.1.12'),
  rsaRow(512, '1.2.840.113549.1.1.13'),
  ecRow(256, '1.2.840.10045.4.3.2'),
  ecRow(384, '1.2.840.10045.4.3.3'),
  ecRow(512, '1.2.840.10045.4.3.4'),
  pssRow(256),
  pssRow(384),
  pssRow(512),
  ed25519Row,
]

/** Names of what may stand in an old certificate; its signature counts as unverified. */
const LEGACY_ALGORITHMS: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.5': 'SHA1-RSA',
  '1.2.840.10045.4.1': 'ECDSA-SHA1',
}

const BY_DER = new Map(SIGNATURE_ALGORITHMS.map((row) => [row.der.toString('latin1'), row]))
/** RFC 4055 takes RSA identifiers without the NULL too, RFC 5758 forbids it for ECDSA. */
for (const row of SIGNATURE_ALGORITHMS) {
  if (row.keyType !== 'rsa' || row.isPss) continue
  BY_DER.set(sequence(row.der.subarray(2, -2)).toString('latin1'), row)
}

/** The row of a whole AlgorithmIdentifier; undefined for what is not supported. */
export const algorithmOfDer = (der: Buffer): SignatureAlgorithm | undefined =>
  BY_DER.get(der.toString('latin1'))

export const legacyName = (id: string): string | undefined => LEGACY_ALGORITHMS[id]

/** By Vault's name, letter case aside ("sha256withrsa", "PureEd25519"). */
export function algorithmOfName(name: string): SignatureAlgorithm | undefined {
  const lower = name.toLowerCase()
  const wanted = lower === 'pureed25519' ? 'ed25519' : lower
  return SIGNATURE_ALGORITHMS.find((row) => row.name.toLowerCase() === wanted)
}

/** What a key of this type signs with: `bits` 0 is Vault's default (256 for RSA, the curve's for EC). */
export function signatureAlgorithm(of: {
  readonly keyType: KeyType
  readonly keyBits: number
  readonly bits?: number
  readonly pss?: boolean
}): SignatureAlgorithm | undefined {
  if (of.keyType === 'ed25519') return ed25519Row
  const fallback = of.keyType === 'rsa' ? 256 : curveOfBits(of.keyBits)?.hashBits
  const bits = of.bits || fallback
  const isPss = of.keyType === 'rsa' && of.pss === true
  return SIGNATURE_ALGORITHMS.find(
    (row) => row.keyType === of.keyType && row.isPss === isPss && row.hashBits === bits,
  )
}

/** Key lengths that Vault takes; the first is the default. */
export const KEY_BITS: Readonly<Record<KeyType, readonly number[]>> = {
  rsa: [2048, 3072, 4096, 8192],
  ec: [256, 224, 384, 521],
  ed25519: [0],
}
