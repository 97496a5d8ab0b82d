// What a new user logs in with: made by us, told to the database as far as it must know, answered once.
import { createPublicKey } from 'node:crypto'
import { ApiError } from '../../base/errors.ts'
import { PEM, toPem } from '../../crypto/x509/pem.ts'
import { generateKey, privateKeyPem } from '../../crypto/x509/private-key.ts'
import type { MountContext } from '../../sdk/context.ts'
import { resourceKind } from '../../sdk/resource.ts'
import { type Authority, makeCertificate, readAuthority } from './client-certificate.ts'
import type { CredentialSettings } from './credential-settings.ts'
import { serverFault } from './database-faults.ts'
import type { Credential } from './database-plugin.ts'
import { findRole } from './role-record.ts'
import { commonNameMaker, type NamedFor, type UsernameMaker } from './username.ts'

export interface MadeCredential {
  readonly credential: Credential
  /** The fields of the answer. */
  readonly data: Readonly<Record<string, string>>
}

export interface CredentialFor {
  /** Of the connection: counts where the role names none. */
  readonly fallbackPolicy: string
  readonly namedFor: NamedFor
  readonly roleName: string
  /** For certificates. */
  readonly expiresAtMs: number
}

export async function makeCredential(
  mount: MountContext,
  settings: CredentialSettings,
  of: CredentialFor,
): Promise<MadeCredential> {
  if (settings.type === 'password') {
    const password = await makePassword(mount, settings.passwordPolicy || of.fallbackPolicy)
    return { credential: { type: 'password', password }, data: { password } }
  }
  if (settings.type === 'rsa_private_key') return makeRsaKey(settings.keyBits)
  return mount.use(authorities, of.roleName, async ({ authority, commonName }) => {
    const made = await makeCertificate(settings, authority, {
      commonName: commonName(of.namedFor),
      nowMs: mount.clock.now(),
      expiresAtMs: of.expiresAtMs,
      random: mount.random,
    })
    return {
      credential: { type: 'client_certificate', subject: made.subject },
      data: {
        client_certificate: made.certificate,
        private_key: made.privateKey,
        private_key_type: settings.keyType,
      },
    }
  })
}

/** '' is no policy. Throws in Vault's words where the policy is gone. */
export async function makePassword(mount: MountContext, policy: string): Promise<string> {
  try {
    return await mount.services.password(policy)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    throw serverFault(`failed to generate password: ${error.message}`, { cause: error })
  }
}

export async function makeRsaKey(bits: number): Promise<MadeCredential> {
  const { privateKey } = await generateKey('rsa', bits)
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  return {
    credential: { type: 'rsa_private_key', publicKey: `${toPem(PEM.publicKey, spki)}\n` },
    data: { rsa_private_key: `${privateKeyPem(privateKey, 'pkcs8')}\n` },
  }
}

interface RoleAuthority {
  readonly authority: Authority
  readonly commonName: UsernameMaker
}

/** The parsed authority of a role, which is not parsed for each user. */
const authorities = resourceKind<RoleAuthority>('certificate-authority', {
  idleMs: 10 * 60_000,
  build: async (mount, roleName) => {
    const settings = (await findRole(mount.storage, roleName))?.credential
    if (settings?.type !== 'client_certificate') throw serverFault('the role was changed meanwhile')
    const authority = readAuthority(settings)
    if (typeof authority === 'string') throw serverFault(authority)
    const commonName = commonNameMaker(settings.commonNameTemplate, mount)
    return { authority, commonName }
  },
  dispose: async () => {},
})
