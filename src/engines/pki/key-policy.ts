// Which keys and hashes a role or a request may ask for: defaults and refusals in Vault's words.
import { badRequest } from '../../base/errors.ts'
import { KEY_BITS } from '../../crypto/x509/key-algorithms.ts'

/** 'any' leaves the choice to the request. */
export type RoleKeyType = 'rsa' | 'ec' | 'ed25519' | 'any'

export interface KeyChoice {
  readonly keyType: RoleKeyType
  /** 0 where the type has no choice. */
  readonly keyBits: number
  /** 0: what the signing key suggests. */
  readonly signatureBits: number
}

const MIN_RSA_BITS = 2048

/** With the defaults filled in; throws 400 with `where` in front of its message. */
export function keyChoice(
  type: string,
  bits: number,
  signatureBits: number,
  where = '',
): KeyChoice {
  const keyType = type as RoleKeyType
  if (keyType === 'any' || keyType === 'ed25519')
    return { keyType, keyBits: bits, signatureBits: 0 }
  if (keyType !== 'rsa' && keyType !== 'ec') throw badRequest(`${where}unknown key type ${type}`)
  const keyBits = bits === 0 ? KEY_BITS[keyType][0]! : bits
  if (keyType === 'rsa' && keyBits < MIN_RSA_BITS)
    throw badRequest(
      `${where}RSA keys < ${MIN_RSA_BITS} bits are unsafe and not supported: got ${keyBits}`,
    )
  if (!KEY_BITS[keyType].includes(keyBits))
    throw badRequest(`${where}unsupported bit length for ${keyType.toUpperCase()} key: ${keyBits}`)
  if (keyType === 'ec') return { keyType, keyBits, signatureBits }
  const hashBits = signatureBits === 0 ? 256 : signatureBits
  if (hashBits !== 256 && hashBits !== 384 && hashBits !== 512)
    throw badRequest(`${where}unsupported hash signature algorithm: ${hashBits}`)
  return { keyType, keyBits, signatureBits: hashBits }
}
