// PKI's requests: issuing and signing P-256 certificates by a role of an intermediate's kind, each stored. The
// mount is made by `preparePki`, on any server that speaks Vault's API.
import type { ApiClient } from './api-client.ts'

export const pkiOperations = ['pki-issue', 'pki-sign'] as const
export type PkiOperation = (typeof pkiOperations)[number]

export const pkiTitles: Readonly<Record<PkiOperation, string>> = {
  'pki-issue': 'PKI issue P-256',
  'pki-sign': 'PKI sign P-256 request',
}

export const isPki = (operation: string): operation is PkiOperation =>
  (pkiOperations as readonly string[]).includes(operation)

export interface PkiRequest {
  readonly path: string
  readonly body: string
}

const NAMES = { common_name: 'app-1.svc.example.com', alt_names: 'app-1.example.com', ttl: '24h' }
/** For a P-256 key with the common name above; made once, as any such request costs the same. */
const CSR = `-----BEGIN CERTIFICATE REQUEST-----
MIHbMIGCAgEAMCAxHjAcBgNVBAMMFWFwcC0xLnN2Yy5leGFtcGxlLmNvbTBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABGfuGdJ/1JK9vV97jPRYcFZdmJkrOmFEhycr
3MxeCoThaGqfoRRsW0G/phxcqJPx+WU9s1Tcx6BR4DIyaLxH5rGgADAKBggqhkjO
PQQDAgNIADBFAiEAtegirIP52U26P7PiFEnTTCff3IMxi5AD0ZvLELT4excCIG1/
Ec8hdayuIuoqmnpJAL2kjKanurOvkM0Xa3laVFkx
-----END CERTIFICATE REQUEST-----`

export const pkiRequest = (operation: PkiOperation): PkiRequest =>
  operation === 'pki-issue'
    ? { path: 'issue/bench', body: JSON.stringify(NAMES) }
    : { path: 'sign/bench', body: JSON.stringify({ csr: CSR, ttl: '24h' }) }

/** Mounts PKI where it is missing, with a root, addresses and a role. */
export async function preparePki(client: ApiClient): Promise<void> {
  const mount = { type: 'pki', config: { max_lease_ttl: '87600h' } }
  const { status } = await client.call('POST', 'sys/mounts/pki', mount, [200, 204, 400])
  if (status === 400) return
  await client.call('POST', 'pki/config/urls', {
    issuing_certificates: 'http://pki.example.com/ca',
    crl_distribution_points: 'http://pki.example.com/crl',
    ocsp_servers: 'http://pki.example.com/ocsp',
  })
  await client.call('POST', 'pki/root/generate/internal', {
    common_name: 'Bench Root',
    key_type: 'ec',
    ttl: '80000h',
  })
  await client.call('POST', 'pki/roles/bench', {
    allowed_domains: 'example.com',
    allow_subdomains: true,
    key_type: 'ec',
    max_ttl: '72h',
  })
}
