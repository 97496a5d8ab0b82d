// Private keys: making them (RSA off the main thread), and PKCS#8, PKCS#1 and SEC 1 in and out. No function
// here puts key material into an error.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import { curveOfBits, type KeyType } from './key-algorithms.ts'
import { PEM, type PemBlock, toPem } from './pem.ts'
import { type PublicKey, parsePublicKey } from './public-key.ts'
import { keyKindOf } from './signer.ts'
import { malformed } from './x509-error.ts'

export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: PublicKey
}

/** A new key; `bits` as KEY_BITS has them. RSA is made on the thread pool. Throws X509Error for other bits. */
export async function generateKey(type: KeyType, bits: number): Promise<KeyPair> {
  const publicKeyEncoding = { type: 'spki', format: 'der' } as const
  if (type === 'rsa') return pairOf(await generateRsa(bits))
  if (type === 'ed25519') return pairOf(generateKeyPairSync('ed25519').privateKey)
  const curve = curveOfBits(bits)
  if (!curve) throw malformed('unsupported key length')
  // Asking for DER costs nothing here; exporting it from the key object later would.
  const made = generateKeyPairSync('ec', {
    namedCurve: curve.name,
    publicKeyEncoding,
  } as never) as unknown as { publicKey: Buffer; privateKey: KeyObject }
  return { privateKey: made.privateKey, publicKey: parsePublicKey(made.publicKey) }
}

function generateRsa(bits: number): Promise<KeyObject> {
  return new Promise((resolve, reject) => {
    generateKeyPair('rsa', { modulusLength: bits }, (error, _public, privateKey) =>
      error ? reject(error) : resolve(privateKey),
    )
  })
}

const pairOf = (privateKey: KeyObject): KeyPair => ({
  privateKey,
  publicKey: parsePublicKey(createPublicKey(privateKey).export({ type: 'spki', format: 'der' })),
})

/** "der" or PEM text of a private key: PKCS#8, or the form of its type (PKCS#1, SEC 1; Ed25519 has none). */
export function privateKeyDer(key: KeyObject, form: 'pkcs8' | 'traditional'): Buffer {
  return key.export({ type: formOf(key, form), format: 'der' })
}

export function privateKeyPem(key: KeyObject, form: 'pkcs8' | 'traditional'): string {
  const type = formOf(key, form)
  const label = type === 'pkcs1' ? PEM.rsaKey : type === 'sec1' ? PEM.ecKey : PEM.pkcs8
  return toPem(label, key.export({ type, format: 'der' }))
}

function formOf(key: KeyObject, form: 'pkcs8' | 'traditional'): 'pkcs8' | 'pkcs1' | 'sec1' {
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
