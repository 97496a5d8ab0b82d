// An issuer as the API shows it, with its chain.
import { internal } from '../../base/errors.ts'
import { toPem } from '../../crypto/x509/pem.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { ReadStorage } from '../../sdk/storage.ts'
import { URL_LISTS } from './aia.ts'
import { type IssuerInfo, issuerOf, readDirectory } from './authority.ts'
import { chainOf } from './chain.ts'
import { goTime } from './go-time.ts'
import { type IssuerRecord, issuerKey } from './issuer-record.ts'
import { sortedData } from './sorted-data.ts'

export interface LoadedIssuer {
  readonly info: IssuerInfo
  readonly record: IssuerRecord
  /** PEM with a line break at the end, itself first. */
  readonly chain: readonly string[]
}

/** Throws 400 where the reference leads nowhere. */
export async function loadIssuer(storage: ReadStorage, ref: string): Promise<LoadedIssuer> {
  const directory = await readDirectory(storage)
  const info = issuerOf(directory, ref)
  const ids = chainOf(directory, info.id)
  const entries = await storage.read([...new Set([info.id, ...ids])].map(issuerKey))
  const record = entries.get(issuerKey(info.id))?.json<IssuerRecord>()
  if (!record) throw internal(`issuer ${info.id} has no entry`)
  const chain = ids.flatMap((id) => {
    const found = entries.get(issuerKey(id))?.json<IssuerRecord>()
    return found ? [pemText(found)] : []
  })
  return { info, record, chain }
}

export const pemText = ({ certificate }: Pick<IssuerRecord, 'certificate'>): string =>
  `${toPem('CERTIFICATE', Buffer.from(certificate, 'base64'))}\n`

const PSS_WARNING =
  'Issuer uses a PSS Revocation Signature Algorithm. This algorithm will be downgraded to PKCS#1v1.5 signature scheme on OCSP responses, due to limitations in the OCSP library.'

/** Throws 400 where the reference leads nowhere. */
export async function issuerAnswer(
  storage: ReadStorage,
  ref: string,
  warnings: readonly string[] = [],
): Promise<Answer> {
  const { info, record, chain } = await loadIssuer(storage, ref)
  const { aia, revokedAtMs } = record
  const lists = URL_LISTS.map(([wire, name]) => [wire, aia?.[name] ?? []] as const)
  const data = sortedData({
    ...Object.fromEntries(lists),
    ca_chain: chain,
    certificate: pemText(record),
    enable_aia_url_templating: aia?.isTemplated,
    issuer_id: info.id,
    issuer_name: info.name,
    key_id: info.keyId,
    leaf_not_after_behavior: record.leafNotAfter,
    manual_chain: info.manualChain.length > 0 ? info.manualChain : null,
    revocation_signature_algorithm: record.revocationSignatureAlgorithm,
    revocation_time: revokedAtMs === null ? undefined : Math.floor(revokedAtMs / 1000),
    revocation_time_rfc3339: revokedAtMs === null ? undefined : goTime(revokedAtMs),
    revoked: revokedAtMs !== null,
    usage: record.usages.join(','),
  })
  const isPss = record.revocationSignatureAlgorithm.endsWith('PSS')
  return { data, warnings: isPss ? [PSS_WARNING, ...warnings] : warnings }
}
