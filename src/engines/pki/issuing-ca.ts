// An issuer ready for use: its certificate and key parsed once, its chain, its addresses, and the parts of what
// it signs that are always the same. It lives while all the entries that it was built from stand (ctx.use), so
// that no request parses a key.
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { badRequest, internal } from '../../base/errors.ts'
import { type Certificate, parseCertificate } from '../../crypto/x509/certificate.ts'
import { toPem } from '../../crypto/x509/pem.ts'
import { type Signer, signerOf } from '../../crypto/x509/signer.ts'
import { resourceKind } from '../../sdk/resource.ts'
import type { ReadStorage } from '../../sdk/storage.ts'
import { type Resolved, readCluster, readUrls, resolveUrls } from './aia.ts'
import { findIssuer, type IssuerInfo, readDirectory, unresolvedIssuer } from './authority.ts'
import { chainOf } from './chain.ts'
import {
  type AiaUrls,
  type IssuerRecord,
  issuerKey,
  type KeyRecord,
  keyKey,
  type Usage,
} from './issuer-record.ts'

export interface IssuingCa {
  readonly info: IssuerInfo
  readonly record: IssuerRecord
  readonly certificate: Certificate
  readonly certificatePem: string
  /** Itself first, then those that signed it. */
  readonly chain: readonly Certificate[]
  readonly chainPem: readonly string[]
  /** null while the mount doesn't have the key. */
  readonly key: KeyObject | null
  /** Throws 400 where a template can't be filled in. */
  urls(): AiaUrls
  /** The same; null where a template can't be filled in. */
  readonly filledUrls: AiaUrls | null
  /** Throws 400 without a key. Signers are kept by what they are asked for. */
  signer(of: { readonly bits: number; readonly pss: boolean }): Signer
}

const IDLE_MS = 5 * 60 * 1000

/** By issuer reference: 'default', an id or a name. */
export const issuingCas = resourceKind<IssuingCa>('issuing-ca', {
  idleMs: IDLE_MS,
  build: (mount, ref) => buildIssuingCa(mount.storage, ref),
  dispose: async () => {},
})

/** Throws 400, with `where` in front of its message, where the reference leads nowhere. */
export async function buildIssuingCa(
  storage: ReadStorage,
  ref: string,
  where = '',
): Promise<IssuingCa> {
  const directory = await readDirectory(storage)
  const info = findIssuer(directory, ref)
  if (info === null) throw badRequest(where + unresolvedIssuer(ref))
  const chainIds = chainOf(directory, info.id)
  const ids = [info.id, ...chainIds.filter((id) => id !== info.id)]
  const keys = ids.map(issuerKey)
  const entries = await storage.read(info.keyId === '' ? keys : [...keys, keyKey(info.keyId)])
  const record = entries.get(issuerKey(info.id))?.json<IssuerRecord>()
  if (!record) throw internal(`issuer ${info.id} has no entry`)
  const parsed = new Map<string, Certificate>()
  for (const id of ids) {
    const found = entries.get(issuerKey(id))?.json<IssuerRecord>()
    if (found) parsed.set(id, certificateOf(found))
  }
  const key = entries.get(keyKey(info.keyId))?.json<KeyRecord>()
  const own = record.aia ?? (await readUrls(storage))
  const resolved = resolveUrls(own, await readCluster(storage), info.id)
  const chain = chainIds.flatMap((id) => parsed.get(id) ?? [])
  return issuingCa({
    info,
    record,
    certificate: parsed.get(info.id)!,
    chain,
    key: key ? createPrivateKey(key.pem) : null,
    resolved,
  })
}

export const certificateOf = (record: Pick<IssuerRecord, 'certificate'>): Certificate =>
  parseCertificate(Buffer.from(record.certificate, 'base64'))

function issuingCa(of: {
  readonly info: IssuerInfo
  readonly record: IssuerRecord
  readonly certificate: Certificate
  readonly chain: readonly Certificate[]
  readonly key: KeyObject | null
  readonly resolved: Resolved
}): IssuingCa {
  const { key, resolved } = of
  const signers = new Map<string, Signer>()
  return {
    info: of.info,
    record: of.record,
    certificate: of.certificate,
    certificatePem: toPem('CERTIFICATE', of.certificate.der),
    chain: of.chain,
    chainPem: of.chain.map(({ der }) => toPem('CERTIFICATE', der)),
    key,
    filledUrls: 'urls' in resolved ? resolved.urls : null,
    urls() {
      if ('fault' in resolved)
        throw badRequest(
          `error fetching CA certificate: unable to fetch AIA URL information: ${resolved.fault}`,
        )
      return resolved.urls
    },
    signer({ bits, pss }) {
      if (key === null) throw badRequest(lacksKey(of.info.id))
      const name = `${bits} ${pss}`
      let signer = signers.get(name)
      if (!signer) signers.set(name, (signer = signerOf(key, { bits, pss })))
      return signer
    },
  }
}

const lacksKey = (id: string): string =>
  `could not fetch the CA certificate (was one set?): unable to fetch corresponding key for issuer ${id}; unable to use this issuer for signing`

/** Throws 400 where the issuer may not be used so, or has no key. */
export function assertUsable(ca: IssuingCa, usage: Usage): void {
  const { info, record } = ca
  if (!record.usages.includes(usage)) {
    const name = info.name === '' ? '' : ` / name:${info.name}`
    throw badRequest(
      `error fetching CA certificate: error while attempting to use issuer ${info.id}: requested usage ${usage} for issuer [id:${info.id}${name}] but only had usage ${record.usages.join(',')}`,
    )
  }
  if (ca.key === null) throw badRequest(lacksKey(info.id))
}
