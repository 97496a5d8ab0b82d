// The rules about a key that a request wants made: which type goes with which setting. Texts as Vault's.
import { badRequest } from '../../base/errors.ts'
import { findKeyType, isHmacSize, type KeyType } from './key-types.ts'

const SHORTEST_PERIOD_SECONDS = 3600

export interface NewKeyInput {
  readonly type: string
  readonly derived?: boolean | undefined
  readonly convergent_encryption?: boolean | undefined
  readonly exportable?: boolean | undefined
  readonly allow_plaintext_backup?: boolean | undefined
  readonly auto_rotate_period?: number | undefined
  readonly key_size?: number | undefined
  readonly parameter_set?: string | undefined
}

export interface NewKeySettings {
  readonly type: KeyType
  readonly derived: boolean
  readonly convergent: boolean
  readonly exportable: boolean
  readonly allowPlaintextBackup: boolean
  readonly autoRotateSeconds: number
  readonly keySize: number
  readonly parameterSet: string
}

/** Of automatic rotation. Throws 400. */
export function checkPeriod(seconds: number): void {
  if (seconds !== 0 && seconds < SHORTEST_PERIOD_SECONDS)
    throw badRequest('auto rotate period must be 0 to disable or at least an hour')
}

/** Throws 400 where the settings don't go together. */
export function checkNewKey(input: NewKeyInput): NewKeySettings {
  const derived = input.derived ?? false
  const convergent = input.convergent_encryption ?? false
  const autoRotateSeconds = input.auto_rotate_period ?? 0
  checkPeriod(autoRotateSeconds)
  if (convergent && !derived)
    throw badRequest('convergent encryption requires derivation to be enabled')
  const type = findKeyType(input.type)
  if (!type) throw badRequest(`unknown key type ${input.type}`)
  const keySize = checkSize(type, input.key_size ?? 0)
  const parameterSet = checkParameterSet(type, input.parameter_set ?? '')
  checkDerivation(type, derived, convergent)
  return {
    ...{ type, derived, convergent, autoRotateSeconds, keySize, parameterSet },
    exportable: input.exportable ?? false,
    allowPlaintextBackup: input.allow_plaintext_backup ?? false,
  }
}

/** The length of an hmac key, 0 for other types; `size` 0 is what was not sent. Throws 400. */
export function checkSize(type: KeyType, size: number): number {
  if (size === 0) return type.kind === 'hmac' ? type.keyBytes : 0
  if (type.kind !== 'hmac') throw badRequest(`key_size is not valid for algorithm ${type.name}`)
  if (!isHmacSize(size)) throw badRequest(`invalid key_size ${size}`)
  return size
}

/** Throws 400 unless it is one of the type's. */
export function checkParameterSet(type: KeyType, sent: string): string {
  const sets = type.parameterSets
  if (sets.length === 0 && sent !== '')
    throw badRequest(`parameter_set is not valid for algorithm ${type.name}`)
  if (sets.length > 0 && !sets.includes(sent))
    throw badRequest(`parameter_set must be one of ${sets.join(', ')} for ${type.name}`)
  return sent
}

/** Throws 400 where the type doesn't go with it. */
export function checkDerivation(type: KeyType, derived: boolean, convergent: boolean): void {
  if (derived && !type.derives)
    throw badRequest(
      `key derivation and convergent encryption not supported for keys of type ${type.name}`,
    )
  if (convergent && type.kind !== 'aead')
    throw badRequest(`convergent encryption not supported for keys of type ${type.name}`)
}
