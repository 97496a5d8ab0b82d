// What a role says about the credentials of its users (`credential_type`, `credential_config`): checked when
// the role is written, in Vault's words. Vault's API page of the database engine.
import { badRequest } from '../../base/errors.ts'
import type { NameSources } from '../../template/username-functions.ts'
import { readAuthority } from './client-certificate.ts'
import { DatabaseError } from './database-error.ts'
import type { CredentialType } from './database-plugin.ts'
import { commonNameMaker } from './username.ts'

export type CredentialSettings =
  | { readonly type: 'password'; readonly passwordPolicy: string }
  | { readonly type: 'rsa_private_key'; readonly keyBits: number }
  | CertificateSettings

export interface CertificateSettings {
  readonly type: 'client_certificate'
  readonly commonNameTemplate: string
  readonly caCert: string
  readonly caPrivateKey: string
  readonly keyType: 'rsa' | 'ec' | 'ed25519'
  /** 0 for ed25519. */
  readonly keyBits: number
  readonly signatureBits: number
}

export const PASSWORD: CredentialSettings = { type: 'password', passwordPolicy: '' }

const TYPES: readonly CredentialType[] = ['password', 'rsa_private_key', 'client_certificate']

/** What is not sent stays as it was. Throws 400. */
export function readCredentialSettings(
  before: CredentialSettings | null,
  sent: {
    readonly credential_type: string | undefined
    readonly credential_config: Readonly<Record<string, string>> | undefined
  },
  sources: NameSources,
): CredentialSettings {
  const name = sent.credential_type ?? before?.type ?? 'password'
  const type = TYPES.find((one) => one === name)
  if (type === undefined) throw badRequest(`invalid credential_type ${JSON.stringify(name)}`)
  if (sent.credential_config === undefined && before?.type === type) return before
  const config = sent.credential_config ?? {}
  if (type === 'password') return { type, passwordPolicy: config.password_policy ?? '' }
  return type === 'rsa_private_key' ? rsaSettings(config) : certificateSettings(config, sources)
}

/** As reading the role shows it; null where there is nothing to show. The authority's key never is. */
export function shownCredentialConfig(
  of: CredentialSettings,
): Readonly<Record<string, string | number>> | null {
  if (of.type === 'password') {
    return of.passwordPolicy === '' ? null : { password_policy: of.passwordPolicy }
  }
  if (of.type === 'rsa_private_key') return { format: 'pkcs8', key_bits: of.keyBits }
  return {
    ca_cert: of.caCert,
    common_name_template: of.commonNameTemplate,
    ...(of.keyBits > 0 ? { key_bits: of.keyBits } : undefined),
    key_type: of.keyType,
    signature_bits: of.signatureBits,
  }
}

type Config = Readonly<Record<string, string>>

const refused = (why: string) => badRequest(`credential_config validation failed: ${why}`)

function rsaSettings(config: Config): CredentialSettings {
  const format = config.format ?? ''
  if (format !== '' && format.toLowerCase() !== 'pkcs8') throw refused(`invalid format: ${format}`)
  const bits = Number(config.key_bits || 2048)
  if (![2048, 3072, 4096].includes(bits)) throw refused(`invalid key_bits: ${config.key_bits}`)
  return { type: 'rsa_private_key', keyBits: bits }
}

const CERTIFICATE_BITS = {
  rsa: [2048, 3072, 4096],
  ec: [256, 224, 384, 521],
  ed25519: [0],
} as const

function certificateSettings(config: Config, sources: NameSources): CertificateSettings {
  const keyType = config.key_type
  if (keyType !== 'rsa' && keyType !== 'ec' && keyType !== 'ed25519')
    throw refused('invalid key_type')
  const allowed: readonly number[] = CERTIFICATE_BITS[keyType]
  const keyBits = keyType === 'ed25519' ? 0 : Number(config.key_bits || allowed[0])
  if (!allowed.includes(keyBits)) throw refused('invalid key_bits')
  const signatureBits = Number(config.signature_bits || 256)
  if (![256, 384, 512].includes(signatureBits)) throw refused('invalid signature_bits')
  const settings: CertificateSettings = {
    type: 'client_certificate',
    commonNameTemplate: config.common_name_template ?? '',
    caCert: config.ca_cert ?? '',
    caPrivateKey: config.ca_private_key ?? '',
    keyType,
    keyBits,
    signatureBits,
  }
  if (settings.commonNameTemplate === '') throw refused('missing required common_name_template')
  try {
    commonNameMaker(settings.commonNameTemplate, sources)
  } catch (error) {
    throw error instanceof DatabaseError ? refused(error.message) : error
  }
  if (settings.caCert === '') throw refused('missing required ca_cert')
  if (settings.caPrivateKey === '') throw refused('missing required ca_private_key')
  const authority = readAuthority(settings)
  if (typeof authority === 'string') throw refused(authority)
  return settings
}
