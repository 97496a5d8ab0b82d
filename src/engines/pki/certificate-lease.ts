// Leases of certificates: when one ends early, by revocation, the certificate is revoked. One that ends with
// the certificate has nothing to revoke, but its entry is kept in any case as long as the certificate's.
import { leaseKind } from '../../sdk/lease.ts'
import { revokeForLease } from './authority-events.ts'

export interface LeasedCertificate {
  /** 'aa:bb:…' */
  readonly serial: string
}

export const certificateLease = leaseKind<LeasedCertificate>('pki', {
  revoke: (mount, { serial }) => revokeForLease(mount, serial),
})
