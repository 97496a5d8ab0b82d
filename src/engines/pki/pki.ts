// The PKI secrets engine: certificate authorities with several issuers and keys, roles that say what may be
// issued, and the revocation of what was. Every answer is as Vault's.
import { secretsEngine } from '../../sdk/plugin.ts'
import { certificateLease } from './certificate-lease.ts'
import { configRows } from './config-rows.ts'
import { crlConfigRows } from './crl-config-rows.ts'
import { crlRows } from './crl-rows.ts'
import { crlSigningRows } from './crl-signing-rows.ts'
import { crlUpkeep, ensureListed } from './crl-upkeep.ts'
import { importRows } from './import-rows.ts'
import { intermediateRows } from './intermediate-rows.ts'
import { issueRows } from './issue-rows.ts'
import { issuerRows } from './issuer-rows.ts'
import { keyRows } from './key-rows.ts'
import { ocspRows } from './ocsp-rows.ts'
import { removeAllRows, removeLeftovers } from './remove-all-rows.ts'
import { revocationFetchRows } from './revocation-fetch-rows.ts'
import { revocationRows } from './revocation-rows.ts'
import { roleRows } from './role-rows.ts'
import { rootRows } from './root-rows.ts'
import { signCaRows } from './sign-ca-rows.ts'
import { tidyRows } from './tidy-rows.ts'
import { autoTidy, tidyRun } from './tidy-run.ts'

export const pki = secretsEngine({
  type: 'pki',
  about: 'Issues certificates and tells which are revoked.',
  endpoints: [
    ...roleRows,
    ...issueRows,
    ...rootRows,
    ...removeAllRows,
    ...signCaRows,
    ...intermediateRows,
    ...importRows,
    ...issuerRows,
    ...keyRows,
    ...configRows,
    ...revocationRows,
    ...revocationFetchRows,
    ...crlConfigRows,
    ...crlRows,
    ...ocspRows,
    ...crlSigningRows,
    ...tidyRows,
  ],
  leases: [certificateLease],
  jobs: [removeLeftovers, crlUpkeep, ensureListed, tidyRun, autoTidy],
})
