// Checks of a mount's roles: options that together allow more than they seem to.
import type { JsonMap } from '../exact-json.ts'
import { textsOf } from '../secret.ts'
import { type Check, type Finding, type MountReader, unreadable } from './health-report.ts'

type Judge = (role: JsonMap) => Pick<Finding, 'message' | 'status'> | null

async function overRoles(
  mount: MountReader,
  allGood: string,
  judge: Judge,
): Promise<readonly Finding[]> {
  const denied = unreadable(await mount.list('roles'), mount.endpoint('roles'))
  if (denied) return [denied]
  const findings: Finding[] = []
  let seen = 0
  for (const name of await mount.keys('roles')) {
    const endpoint = mount.endpoint(`roles/${name}`)
    const role = await mount.read(`roles/${name}`)
    const denied = unreadable(role, endpoint)
    if (denied) findings.push(denied)
    if (!('data' in role)) continue
    seen++
    const judged = judge(role.data)
    if (judged) findings.push({ ...judged, endpoint })
  }
  if (findings.length > 0 || seen === 0) return findings
  return [{ status: 'ok', endpoint: mount.endpoint('roles'), message: allGood }]
}

const domainsOf = (role: JsonMap): readonly string[] => textsOf(role, 'allowed_domains') ?? []

const allowsLocalhost: Check = {
  name: 'role_allows_localhost',
  defaults: {},
  run: (mount) =>
    overRoles(mount, 'No role for other domains allows localhost.', (role) => {
      const domains = domainsOf(role)
      if (role.get('allow_localhost') !== true || domains.length === 0) return null
      return {
        status: 'warning',
        message: `The role is for ${domains.join(', ')} but allows localhost too: set allow_localhost=false unless that is meant.`,
      }
    }),
}

const allowsGlobWildcards: Check = {
  name: 'role_allows_glob_wildcards',
  defaults: {},
  run: (mount) =>
    overRoles(mount, 'No role allows globs and wildcards together.', (role) => {
      const globs = domainsOf(role).filter((domain) => domain.includes('*'))
      const allowsBoth =
        role.get('allow_wildcard_certificates') === true && role.get('allow_glob_domains') === true
      if (!allowsBoth || globs.length === 0) return null
      return {
        status: 'warning',
        message: `The role allows globs (${globs.join(', ')}) and wildcards: a glob also matches a name with a wildcard. Use a role for each.`,
      }
    }),
}

const storesAll: Check = {
  name: 'role_no_store_false',
  defaults: { allowed_roles: [] },
  async run(mount, config) {
    const settings = await mount.read('config/crl')
    const denied = unreadable(settings, mount.endpoint('config/crl'))
    const isRebuilt = 'data' in settings && settings.data.get('auto_rebuild') === true
    const allowed = config.allowed_roles
    const isAllowed = (endpoint: string): boolean =>
      Array.isArray(allowed) && allowed.includes(endpoint.slice(endpoint.lastIndexOf('/') + 1))
    const findings = await overRoles(mount, 'No role stores its certificates.', (role) =>
      role.get('no_store') === true
        ? null
        : {
            status: isRebuilt ? 'informational' : 'warning',
            message:
              'The role stores each certificate that it issues: keep their lives short, and tidy the mount.',
          },
    )
    const counted = findings.filter(({ endpoint }) => !isAllowed(endpoint))
    return denied ? [denied, ...counted] : counted
  },
}

export const roleChecks: readonly Check[] = [allowsLocalhost, allowsGlobWildcards, storesAll]
