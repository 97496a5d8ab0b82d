// The PKI secrets engine: certificate authorities with several issuers and keys, roles that say what may be
// issued, and the revocation of what was. Every answer is as Vault's.
import { secretsEngine } from '../../sdk/plugin.ts'

export const pki = secretsEngine({
  type: 'pki',
  about: 'Issues certificates and tells which are revoked.',
  endpoints: [],
})
