// The addresses that go into certificates (authority information access, CRL distribution points): the mount's
// or an issuer's own, with templates filled in when something is signed. Path config/urls and config/cluster
// of Vault's API.
import type { ReadStorage } from '../../sdk/storage.ts'
import type { AiaUrls } from './issuer-record.ts'

export const URLS_KEY = 'config/urls'
export const CLUSTER_KEY = 'config/cluster'

export interface Cluster {
  readonly path: string
  readonly aiaPath: string
}

export const NO_URLS: AiaUrls = {
  issuingCertificates: [],
  crlDistributionPoints: [],
  deltaCrlDistributionPoints: [],
  ocspServers: [],
  isTemplated: false,
}

export const readUrls = async (storage: ReadStorage): Promise<AiaUrls> =>
  (await storage.get(URLS_KEY))?.json<AiaUrls>() ?? NO_URLS

export const readCluster = async (storage: ReadStorage): Promise<Cluster> =>
  (await storage.get(CLUSTER_KEY))?.json<Cluster>() ?? { path: '', aiaPath: '' }

/** Nothing that counts is set: delta lists alone have no use. */
export const isWithoutUrls = (urls: AiaUrls | null): boolean =>
  urls === null ||
  urls.issuingCertificates.length + urls.crlDistributionPoints.length + urls.ocspServers.length ===
    0

const TEMPLATES = ['{{issuer_id}}', '{{cluster_path}}', '{{cluster_aia_path}}']

/** The first text that is no absolute URL with a host; null: all are. */
export function badUrl(urls: readonly string[]): string | null {
  return urls.find((url) => !isUrl(url) || TEMPLATES.some((text) => url.includes(text))) ?? null
}

/** Control characters, spaces and what is beyond ASCII have no place in a certificate's URL. */
export const isUrl = (text: string): boolean =>
  /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/?#]/.test(text) &&
  /^[\x21-\x7e]+$/.test(text) &&
  URL.canParse(text)

/** Names of the fields by which the lists are written and read. */
export const URL_LISTS = [
  ['issuing_certificates', 'issuingCertificates'],
  ['crl_distribution_points', 'crlDistributionPoints'],
  ['delta_crl_distribution_points', 'deltaCrlDistributionPoints'],
  ['ocsp_servers', 'ocspServers'],
] as const

/** The addresses for what this issuer signs, or why there are none. */
export type Resolved = { readonly urls: AiaUrls } | { readonly fault: string }

/** `issuerId` is '' while a root is made that has none yet. */
export function resolveUrls(urls: AiaUrls, cluster: Cluster, issuerId: string): Resolved {
  if (isWithoutUrls(urls)) return { urls: NO_URLS }
  if (!urls.isTemplated) return { urls }
  const filled: Record<string, readonly string[]> = {}
  for (const [wire, name] of URL_LISTS) {
    for (const url of urls[name]) {
      const fault = missing(url, cluster, issuerId)
      if (fault) return { fault: `unable to template AIA URLs as we lack ${fault}` }
    }
    filled[name] = urls[name].map((url) =>
      url
        .replaceAll('{{cluster_path}}', cluster.path)
        .replaceAll('{{cluster_aia_path}}', cluster.aiaPath)
        .replaceAll('{{issuer_id}}', issuerId),
    )
    const bad = badUrl(filled[name])
    if (bad !== null) return { fault: `error validating templated ${wire}; invalid URI: ${bad}` }
  }
  return { urls: { ...urls, ...filled } }
}

function missing(url: string, cluster: Cluster, issuerId: string): string | null {
  if (url.includes('{{cluster_path}}') && cluster.path === '')
    return 'local cluster address information (path)'
  if (url.includes('{{cluster_aia_path}}') && cluster.aiaPath === '')
    return 'local cluster address information (aia_path)'
  if (url.includes('{{issuer_id}}') && issuerId === '') return 'an issuer_id for this operation'
  return null
}

export const NO_AIA_WARNING =
  "This mount hasn't configured any authority information access (AIA) fields; this may make it harder for systems to find missing certificates in the chain or to validate revocation status of certificates. Consider updating /config/urls or the newly generated issuer with this information."
