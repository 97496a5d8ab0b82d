// config/issuers and root/replace, config/keys, config/urls, config/cluster: the defaults of the mount and the
// addresses in what it signs.
import { badRequest } from '../../base/errors.ts'
import { boolean, list, string } from '../../schema/field.ts'
import type { Answer, Data } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import {
  badUrl,
  CLUSTER_KEY,
  type Cluster,
  isUrl,
  readCluster,
  readUrls,
  resolveUrls,
  URL_LISTS,
  URLS_KEY,
} from './aia.ts'
import {
  type Directory,
  findIssuer,
  findKey,
  putDirectory,
  readDirectory,
  unresolvedIssuer,
  unresolvedKey,
} from './authority.ts'
import type { AuthorityDraft } from './authority-draft.ts'
import { changeIssuers } from './authority-events.ts'
import { entryGroups } from './crl-entries.ts'
import { groupsOf, NO_GROUP } from './crl-groups.ts'
import type { AiaUrls } from './issuer-record.ts'
import { sortedData } from './sorted-data.ts'

const { read, write } = endpoints()

const issuersOutput = {
  default: string('Id of the default issuer; empty: none.'),
  default_follows_latest_issuer: boolean('A new issuer with a key becomes the default.'),
}
const keysOutput = { default: string('Id of the default key; empty: none.') }
const urlLists = {
  crl_distribution_points: list('Where lists of revoked certificates are.'),
  delta_crl_distribution_points: list('Where delta lists are.'),
  issuing_certificates: list("Where the issuer's certificate is."),
  ocsp_servers: list('Where OCSP is served.'),
}
const urlFields = {
  ...urlLists,
  enable_templating: boolean(
    'Addresses may hold {{issuer_id}}, {{cluster_path}} and {{cluster_aia_path}}.',
  ),
}
const clusterFields = {
  aia_path: string('Address for {{cluster_aia_path}}.'),
  path: string("This mount's own address, for {{cluster_path}}."),
}

export const configRows = [
  read('config/issuers', {
    about: 'Shows the default issuer.',
    effects: false,
    output: issuersOutput,
    handle: async (ctx) => ({ data: issuersData(await readDirectory(ctx.storage)) }),
  }),
  write('config/issuers', {
    about: 'Sets the default issuer.',
    input: {
      default: string('Issuer: an id or a name.', { default: '' }),
      default_follows_latest_issuer: boolean('A new issuer with a key becomes the default.'),
    },
    output: issuersOutput,
    handle: (ctx, sent) => setDefault(ctx, sent.default, sent.default_follows_latest_issuer),
  }),
  write('root/replace', {
    about: 'Makes the issuer named "next" the default.',
    input: { default: string('Issuer: an id or a name.', { default: 'next' }) },
    output: issuersOutput,
    handle: (ctx, sent) => setDefault(ctx, sent.default, undefined),
  }),
  read('config/keys', {
    about: 'Shows the default key.',
    effects: false,
    output: keysOutput,
    handle: async (ctx) => ({ data: { default: (await readDirectory(ctx.storage)).defaultKey } }),
  }),
  write('config/keys', {
    about: 'Sets the default key.',
    input: { default: string('Key: an id or a name.', { default: '' }) },
    output: keysOutput,
    handle: async (ctx, sent) => {
      const ref = sent.default
      if (ref === '' || ref === 'default')
        throw badRequest("Invalid key specification; must be non-empty and can't be 'default'.")
      const id = await ctx.storage.transaction(async (tx) => {
        const directory = await readDirectory(tx)
        const key = findKey(directory, ref)
        if (!key) throw badRequest(`Error resolving issuer reference: ${unresolvedKey(ref)}`)
        putDirectory(tx, { ...directory, defaultKey: key.id })
        return key.id
      })
      return { data: { default: id } }
    },
  }),
  read('config/urls', {
    about: 'Shows the addresses that go into certificates.',
    effects: false,
    output: urlFields,
    handle: async (ctx) => ({ data: urlsData(await readUrls(ctx.storage)) }),
  }),
  write('config/urls', {
    about: 'Sets the addresses that go into certificates.',
    input: urlFields,
    output: urlFields,
    handle: setUrls,
  }),
  read('config/cluster', {
    about: "Shows the mount's own addresses.",
    effects: false,
    output: clusterFields,
    handle: async (ctx) => ({ data: clusterData(await readCluster(ctx.storage)) }),
  }),
  write('config/cluster', {
    about: "Sets the mount's own addresses.",
    input: clusterFields,
    output: clusterFields,
    handle: async (ctx, { path, aia_path }) => {
      if (path !== undefined && !isUrl(path))
        throw badRequest(`invalid, non-URL path given to cluster: ${path}`)
      if (aia_path !== undefined && !isUrl(aia_path))
        throw badRequest(`invalid, non-URL aia_path given to cluster: ${aia_path}`)
      const cluster = await ctx.storage.transaction(async (tx) => {
        const before = await readCluster(tx)
        const after = { path: path ?? before.path, aiaPath: aia_path ?? before.aiaPath }
        tx.put(CLUSTER_KEY, { json: after })
        return after
      })
      return { data: clusterData(cluster) }
    },
  }),
]

const issuersData = (directory: Directory): Data => ({
  default: directory.defaultIssuer,
  default_follows_latest_issuer: directory.followsLatest,
})

const clusterData = ({ path, aiaPath }: Cluster): Data => ({ aia_path: aiaPath, path })

const urlsData = (urls: AiaUrls): Data =>
  sortedData({
    ...Object.fromEntries(URL_LISTS.map(([wire, name]) => [wire, urls[name]])),
    enable_templating: urls.isTemplated,
  })

async function setDefault(
  ctx: RequestContext,
  ref: string,
  follows: boolean | undefined,
): Promise<Answer> {
  if (ref === '' || ref === 'default')
    throw badRequest("Invalid issuer specification; must be non-empty and can't be 'default'.")
  const change = async (draft: AuthorityDraft): Promise<Answer> => {
    const issuer = findIssuer(draft.directory, ref)
    if (!issuer) throw badRequest(`Error resolving issuer reference: ${unresolvedIssuer(ref)}`)
    await draft.setDefaultIssuer(issuer.id)
    if (follows !== undefined) draft.directory = { ...draft.directory, followsLatest: follows }
    const data = issuersData(draft.directory)
    return issuer.keyId === '' ? { data, warnings: [DEFAULT_WITHOUT_KEY] } : { data }
  }
  // What no other issuer lists stands on the default one's list.
  const listed = groupsOf(await readDirectory(ctx.storage)).map(({ id }) => id)
  const groups = await entryGroups(ctx.storage, 'crl-entries/')
  const isOnDefault = groups.some((id) => !listed.includes(id))
  const { made } = await changeIssuers(ctx, change, {
    lists: () => (isOnDefault ? { group: NO_GROUP } : null),
  })
  return made
}

const DEFAULT_WITHOUT_KEY =
  'This selected default issuer has no key associated with it. Some operations like issuing certificates and signing CRLs will be unavailable with the requested default issuer until a key is imported or the default issuer is changed.'

interface SentUrls {
  readonly crl_distribution_points: readonly string[] | undefined
  readonly delta_crl_distribution_points: readonly string[] | undefined
  readonly issuing_certificates: readonly string[] | undefined
  readonly ocsp_servers: readonly string[] | undefined
  readonly enable_templating: boolean | undefined
}

async function setUrls(ctx: RequestContext, sent: SentUrls): Promise<Answer> {
  return ctx.storage.transaction(async (tx) => {
    const before = await readUrls(tx)
    const urls: AiaUrls = {
      issuingCertificates: sent.issuing_certificates ?? before.issuingCertificates,
      crlDistributionPoints: sent.crl_distribution_points ?? before.crlDistributionPoints,
      deltaCrlDistributionPoints:
        sent.delta_crl_distribution_points ?? before.deltaCrlDistributionPoints,
      ocspServers: sent.ocsp_servers ?? before.ocspServers,
      isTemplated: sent.enable_templating ?? before.isTemplated,
    }
    if (!urls.isTemplated) assertUrls(urls)
    tx.put(URLS_KEY, { json: urls })
    return {
      data: urlsData(urls),
      warnings: urls.isTemplated ? await templateFaults(tx, urls) : [],
    }
  })
}

/** Throws 400 naming the first bad one. */
export function assertUrls(urls: AiaUrls): void {
  for (const [wire, name] of URL_LISTS) {
    const bad = badUrl(urls[name])
    if (bad !== null)
      throw badRequest(
        `invalid URL found in Authority Information Access (AIA) parameter ${wire}: ${bad}`,
      )
  }
}

async function templateFaults(
  storage: Parameters<typeof readDirectory>[0],
  urls: AiaUrls,
): Promise<readonly string[]> {
  const [first] = (await readDirectory(storage)).issuers
  const resolved = first ? resolveUrls(urls, await readCluster(storage), first.id) : null
  return resolved && 'fault' in resolved ? [templateWarning(resolved.fault)] : []
}

export const templateWarning = (fault: string): string =>
  `issuance may fail: ${fault}\n\nConsider setting the cluster-local address if it is not already set.`
