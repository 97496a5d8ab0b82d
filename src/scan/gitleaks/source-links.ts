// Links to where a finding's line can be seen, by the kind of host that the repository's remote is on.
import { toByteString } from '../../template/byte-strings.ts'
import type { Finding } from '../finding.ts'

export type Platform =
  | 'unknown'
  | 'none'
  | 'github'
  | 'gitlab'
  | 'azuredevops'
  | 'gitea'
  | 'bitbucket'

export interface Remote {
  readonly platform: Platform
  /** Without user and without ".git"; a byte string. */
  readonly url: string
}

const PLATFORMS: readonly Platform[] = [
  ...(['unknown', 'none', 'github', 'gitlab', 'azuredevops', 'gitea', 'bitbucket'] as const),
]

/** The value of --platform; null for one that is unknown. */
export function platformOf(text: string): Platform | null {
  if (text === '') return 'unknown'
  return PLATFORMS.find((one) => one === text.toLowerCase()) ?? null
}

const HOSTS: Readonly<Record<string, Platform>> = {
  'github.com': 'github',
  'gitlab.com': 'gitlab',
  'dev.azure.com': 'azuredevops',
  'visualstudio.com': 'azuredevops',
  'gitea.com': 'gitea',
  'code.forgejo.org': 'gitea',
  'codeberg.org': 'gitea',
  'bitbucket.org': 'bitbucket',
}

export const platformOfHost = (host: string): Platform =>
  Object.hasOwn(HOSTS, host.toLowerCase()) ? HOSTS[host.toLowerCase()]! : 'unknown'

const SSH = /^git@([a-zA-Z0-9.-]+):(?:\d{1,5}\/)?([\w/.-]+?)(?:\.git)?$/

/** A remote's address as one for browsers, with its host; null where it is no address at all. */
export function browserUrl(remote: string): { readonly url: string; readonly host: string } | null {
  const ssh = SSH.exec(remote)
  const address = (ssh ? `https://${ssh[1]}/${ssh[2]}` : remote).replace(/\.git$/, '')
  if (/\p{Cc}/u.test(address)) return null
  const parts = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([\s\S]*)$/.exec(address)
  if (!parts) return null
  const [, scheme, authority, rest] = parts
  const hostPort = authority?.replace(/^.*@/, '') ?? ''
  const head = scheme === undefined ? '' : `${scheme.toLowerCase()}:`
  const url = authority === undefined ? `${head}${rest}` : `${head}//${hostPort}${rest}`
  return { url: toByteString(url), host: hostPort.replace(/:\d*$/, '') }
}

/** The lines of a finding after a link to its file, as the platform wants them. */
function linesOf({ startLine, endLine }: Finding, first: string, last: string): string {
  const from = startLine === 0 ? '' : `${first}${startLine}`
  return endLine === startLine ? from : `${from}${last}${endLine}`
}

/** The link; '' where there is none. */
export function linkTo(remote: Remote | null, finding: Finding): string {
  if (!remote || !finding.commit?.sha) return ''
  const [outer = ''] = finding.file.split('!')
  const isInner = finding.file.includes('!')
  const file = outer.replace(/[ %]/g, (char) => (char === ' ' ? '%20' : '%25'))
  const { sha } = finding.commit
  const isRendered = /\.(?:ipynb|md)$/i.test(file)
  const { url } = remote
  switch (remote.platform) {
    case 'github': {
      const link = `${url}/blob/${sha}/${file}`
      if (isInner) return link
      return `${link}${isRendered ? '?plain=1' : ''}${linesOf(finding, '#L', '-L')}`
    }
    case 'gitlab': {
      const link = `${url}/blob/${sha}/${file}`
      return isInner ? link : link + linesOf(finding, '#L', '-')
    }
    case 'azuredevops': {
      const link = `${url}/commit/${sha}?path=/${file}`
      if (isInner) return link
      const view = '&lineStartColumn=1&lineEndColumn=10000000&type=2&lineStyle=plain&_a=files'
      return link + linesOf(finding, '&line=', '&lineEnd=') + view
    }
    case 'gitea': {
      const link = `${url}/src/commit/${sha}/${file}`
      if (isInner) return link
      return `${link}${isRendered ? '?display=source' : ''}${linesOf(finding, '#L', '-L')}`
    }
    case 'bitbucket': {
      const link = `${url}/src/${sha}/${file}`
      return isInner ? link : link + linesOf(finding, '#lines-', ':')
    }
    default:
      return ''
  }
}
