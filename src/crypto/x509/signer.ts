// A private key with the algorithm it signs with, and the check of signatures. RSA is signed on the thread
// pool, since a 4096-bit signature takes milliseconds; the others are faster than the way there and back.
import { constants, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import {
  curveOfName,
  type KeyType,
  type SignatureAlgorithm,
  signatureAlgorithm,
} from './key-algorithms.ts'
import { type PublicKey, parsePublicKey, publicKeyObject } from './public-key.ts'
import { malformed } from './x509-error.ts'

export interface Signer {
  readonly publicKey: PublicKey
  readonly algorithm: SignatureAlgorithm
  sign(tbs: Uint8Array): Promise<Buffer>
}

/** Type and length of a key object; null for what is not supported. */
export function keyKindOf(key: KeyObject): { type: KeyType; bits: number } | null {
  const details = key.asymmetricKeyDetails
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return { type: 'rsa', bits: details?.modulusLength ?? 0 }
    case 'ec': {
      const curve = curveOfName(details?.namedCurve ?? '')
      return curve ? { type: 'ec', bits: curve.bits } : null
    }
    case 'ed25519':
      return { type: 'ed25519', bits: 0 }
    default:
      return null
  }
}

/**
 * A signer of this private key. `bits` (256, 384, 512; 0: Vault's default) chooses the hash, `pss` the padding
 * of RSA; or `algorithm` says all. Throws X509Error where the key can't sign so.
 */
export function signerOf(
  key: KeyObject,
  of: {
    readonly bits?: number
    readonly pss?: boolean
    readonly algorithm?: SignatureAlgorithm
  } = {},
): Signer {
  const kind = keyKindOf(key)
  if (kind === null) throw malformed('unsupported type of private key')
  const algorithm =
    of.algorithm ??
    signatureAlgorithm({
      keyType: kind.type,
      keyBits: kind.bits,
      bits: of.bits ?? 0,
      pss: of.pss ?? false,
    })
  if (!algorithm || algorithm.keyType !== kind.type)
    throw malformed('this private key cannot sign with that algorithm')
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  return { publicKey: parsePublicKey(spki), algorithm, sign: signing(key, algorithm) }
}

/** From here on hashing alone takes longer than the way to the thread pool and back. */
const LARGE_BYTES = 64 * 1024

function signing(key: KeyObject, algorithm: SignatureAlgorithm): Signer['sign'] {
  const { hash } = algorithm
  const options = algorithm.isPss ? pssOptions(key, algorithm) : { key }
  const isSlow = algorithm.keyType === 'rsa'
  return async (tbs) => {
    if (!isSlow && tbs.length < LARGE_BYTES) return sign(hash, tbs, key)
    return new Promise((resolve, reject) =>
      sign(hash, tbs, options, (error, signature) => (error ? reject(error) : resolve(signature))),
    )
  }
}

const pssOptions = (key: KeyObject, algorithm: SignatureAlgorithm) => ({
  key,
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: algorithm.hashBits / 8,
})

/** Is this the key's signature over the bytes? False also where the key is of another type or broken. */
export function verifySignature(of: {
  readonly key: PublicKey
  readonly algorithm: SignatureAlgorithm | null
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}): boolean {
  const { key, algorithm } = of
  if (algorithm === null || key.type !== algorithm.keyType) return false
  try {
    const object = publicKeyObject(key)
    const options = algorithm.isPss ? pssOptions(object, algorithm) : object
    return verify(algorithm.hash, of.signed, options, of.signature)
  } catch {
    return false
  }
}
