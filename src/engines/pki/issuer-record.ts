// What is kept of one issuer beyond the directory: its certificate, what it may be used for, and the addresses
// that go into what it signs. Keys are entries of their own, so that reading an issuer decrypts no key.
import { badRequest } from '../../base/errors.ts'
import type { KeyType } from '../../crypto/x509/key-algorithms.ts'
import type { ReadStorage, Tx } from '../../sdk/storage.ts'

export interface AiaUrls {
  readonly issuingCertificates: readonly string[]
  readonly crlDistributionPoints: readonly string[]
  readonly deltaCrlDistributionPoints: readonly string[]
  readonly ocspServers: readonly string[]
  readonly isTemplated: boolean
}

export type LeafNotAfter = 'err' | 'truncate' | 'permit'

export const USAGES = ['crl-signing', 'issuing-certificates', 'ocsp-signing', 'read-only'] as const
export type Usage = (typeof USAGES)[number]

export interface IssuerRecord {
  readonly id: string
  /** DER, base64. */
  readonly certificate: string
  readonly leafNotAfter: LeafNotAfter
  /** Sorted; 'read-only' is always one of them. */
  readonly usages: readonly Usage[]
  /** Name of a signature algorithm; '' for what the key's type suggests. */
  readonly revocationSignatureAlgorithm: string
  /** null: not revoked. */
  readonly revokedAtMs: number | null
  /** null: the mount's. */
  readonly aia: AiaUrls | null
  readonly changedAtMs: number
}

export interface KeyRecord {
  readonly id: string
  readonly type: KeyType
  readonly bits: number
  /** PEM as it was generated or imported: it is answered only where it was generated for export. */
  readonly pem: string
}

export const issuerKey = (id: string): string => `issuer/${id}`
export const keyKey = (id: string): string => `key/${id}`

/** null where it is gone. */
export const readIssuer = async (storage: ReadStorage, id: string): Promise<IssuerRecord | null> =>
  (await storage.get(issuerKey(id)))?.json<IssuerRecord>() ?? null

export const putIssuer = (tx: Tx, record: IssuerRecord): void =>
  tx.put(issuerKey(record.id), { json: record })

export const readKey = async (storage: ReadStorage, id: string): Promise<KeyRecord | null> =>
  (await storage.get(keyKey(id)))?.json<KeyRecord>() ?? null

export const putKey = (tx: Tx, record: KeyRecord): void =>
  tx.put(keyKey(record.id), { json: record })

const isUsage = (name: string): name is Usage => (USAGES as readonly string[]).includes(name)

/** Throws 400 naming the valid ones. A name given twice takes itself back, as in Vault. */
export function parseUsages(names: readonly string[]): readonly Usage[] {
  const chosen = new Set<Usage>()
  for (const name of names) {
    if (!isUsage(name))
      throw badRequest(
        `Unable to parse specified usages: [${names.join(' ')}] - valid values are ${USAGES.join(',')}`,
      )
    if (!chosen.delete(name)) chosen.add(name)
  }
  chosen.add('read-only')
  return USAGES.filter((usage) => chosen.has(usage))
}

export function parseLeafNotAfter(text: string): LeafNotAfter {
  if (text === 'err' || text === 'truncate' || text === 'permit') return text
  throw badRequest(
    'Unknown value for field `leaf_not_after_behavior`. Possible values are `err`, `truncate`, and `permit`.',
  )
}
