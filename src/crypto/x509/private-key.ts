// Private keys: making them (RSA off the main thread), and PKCS#8, PKCS#1 and SEC 1 in and out. No function
// here puts key material into an error.
import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import { bitString, context, integer, octetString, oid, sequence } from './der-writer.ts'
import { type Curve, curveOfBits, type KeyType } from './key-algorithms.ts'
import { OID } from './oids.ts'
import { PEM, type PemBlock, toPem } from './pem.ts'
import { type PublicKey, parsePublicKey } from './public-key.ts'
import { keyKindOf } from './signer.ts'
import { malformed } from './x509-error.ts'

export interface KeyPair {
  readonly type: KeyType
  readonly publicKey: PublicKey
  /** Made when it is first asked for: a key that is only handed out never needs it. */
  readonly privateKey: KeyObject
  /** PKCS#8, or the form of its type: PKCS#1, SEC 1; Ed25519 has none of its own. */
  der(form: KeyForm): Buffer
  pem(form: KeyForm): string
}

export type KeyForm = 'pkcs8' | 'traditional'

/** A new key; `bits` as KEY_BITS has them. RSA is made on the thread pool. Throws X509Error for other bits. */
export async function generateKey(type: KeyType, bits: number): Promise<KeyPair> {
  if (type === 'rsa') return keyPairOf(await generateRsa(bits))
  if (type === 'ed25519') return ed25519Pair()
  const curve = curveOfBits(bits)
  if (!curve) throw malformed('unsupported key length')
  return curvePair(curve)
}

/** A pair of a key that is there already. Throws X509Error for a type that is not supported. */
export function keyPairOf(privateKey: KeyObject): KeyPair {
  const kind = keyKindOf(privateKey)
  if (kind === null) throw malformed('unsupported type of private key')
  return {
    type: kind.type,
    privateKey,
    publicKey: parsePublicKey(createPublicKey(privateKey).export({ type: 'spki', format: 'der' })),
    der: (form) => privateKeyDer(privateKey, form),
    pem: (form) => privateKeyPem(privateKey, form),
  }
}

/**
 * Of raw bytes by ECDH: five times faster than making a KeyObject and having OpenSSL encode it, and the same
 * key. The forms are those of RFC 5915 and 5958.
 */
function curvePair(curve: Curve): KeyPair {
  const ecdh = createECDH(curve.name)
  const point = ecdh.generateKeys()
  const scalar = ecdh.getPrivateKey()
  const size = Math.ceil(curve.bits / 8)
  const padded = Buffer.alloc(size)
  padded.set(scalar, size - scalar.length)
  const curveId = oid(curve.oid)
  const algorithm = sequence(oid(OID.ecPublicKey), curveId)
  const publicBits = bitString(point)
  const start = [integer(1), octetString(padded)]
  const traditional = sequence(...start, context(0, curveId), context(1, publicBits))
  const pkcs8 = () =>
    sequence(integer(0), algorithm, octetString(sequence(...start, context(1, publicBits))))
  return lazyPair('ec', sequence(algorithm, publicBits), {
    traditional: () => traditional,
    pkcs8,
    traditionalLabel: PEM.ecKey,
    object: () => createPrivateKey({ key: traditional, format: 'der', type: 'sec1' }),
  })
}

function ed25519Pair(): KeyPair {
  const { privateKey } = generateKeyPairSync('ed25519')
  const { d, x } = privateKey.export({ format: 'jwk' }) as { d: string; x: string }
  const algorithm = sequence(oid(OID.ed25519))
  const pkcs8 = () =>
    sequence(integer(0), algorithm, octetString(octetString(Buffer.from(d, 'base64url'))))
  const spki = sequence(algorithm, bitString(Buffer.from(x, 'base64url')))
  return lazyPair('ed25519', spki, {
    traditional: pkcs8,
    pkcs8,
    traditionalLabel: PEM.pkcs8,
    object: () => privateKey,
  })
}

function lazyPair(
  type: KeyType,
  spki: Buffer,
  of: {
    traditional(): Buffer
    pkcs8(): Buffer
    object(): KeyObject
    readonly traditionalLabel: string
  },
): KeyPair {
  let object: KeyObject | null = null
  const der = (form: KeyForm): Buffer => (form === 'pkcs8' ? of.pkcs8() : of.traditional())
  return {
    type,
    publicKey: parsePublicKey(spki),
    get privateKey() {
      return (object ??= of.object())
    },
    der,
    pem: (form) => toPem(form === 'pkcs8' ? PEM.pkcs8 : of.traditionalLabel, der(form)),
  }
}

function generateRsa(bits: number): Promise<KeyObject> {
  return new Promise((resolve, reject) => {
    generateKeyPair('rsa', { modulusLength: bits }, (error, _public, privateKey) =>
      error ? reject(error) : resolve(privateKey),
    )
  })
}

/** DER of a private key: PKCS#8, or the form of its type (PKCS#1, SEC 1; Ed25519 has none). */
export function privateKeyDer(key: KeyObject, form: KeyForm): Buffer {
  return key.export({ type: formOf(key, form), format: 'der' })
}

export function privateKeyPem(key: KeyObject, form: KeyForm): string {
  const type = formOf(key, form)
  const label = type === 'pkcs1' ? PEM.rsaKey : type === 'sec1' ? PEM.ecKey : PEM.pkcs8
  return toPem(label, key.export({ type, format: 'der' }))
}

function formOf(key: KeyObject, form: KeyForm): 'pkcs8' | 'pkcs1' | 'sec1' {
  if (form === 'pkcs8') return 'pkcs8'
  if (key.asymmetricKeyType === 'rsa') return 'pkcs1'
  return key.asymmetricKeyType === 'ec' ? 'sec1' : 'pkcs8'
}

const KEY_FORMS: Readonly<Record<string, 'pkcs8' | 'pkcs1' | 'sec1'>> = {
  [PEM.pkcs8]: 'pkcs8',
  [PEM.rsaKey]: 'pkcs1',
  [PEM.ecKey]: 'sec1',
}

export const isPrivateKeyBlock = (block: PemBlock): boolean => block.label in KEY_FORMS

/** The key of a PEM block. Throws X509Error where it is none, or of a type that is not supported. */
export function parsePrivateKeyBlock(block: PemBlock): KeyObject {
  const type = KEY_FORMS[block.label]
  if (type === undefined) throw malformed('PEM block is no private key')
  return parsePrivateKeyDer(block.der, type)
}

export function parsePrivateKeyDer(der: Buffer, type: 'pkcs8' | 'pkcs1' | 'sec1'): KeyObject {
  const key = tryPrivateKey(der, type)
  if (key === null || keyKindOf(key) === null) throw malformed('invalid or unsupported private key')
  return key
}

function tryPrivateKey(der: Buffer, type: 'pkcs8' | 'pkcs1' | 'sec1'): KeyObject | null {
  try {
    return createPrivateKey({ key: der, format: 'der', type })
  } catch {
    return null
  }
}
