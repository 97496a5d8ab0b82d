// Name constraints of a CA (RFC 5280, 4.2.1.10): subtrees in which the names of certificates below it must
// or must not lie. DNS domains may begin with a dot, as Go writes them.
import { readOnly } from './der-reader.ts'
import { context, contextPrimitive, contextTag, ia5Bytes, sequence } from './der-writer.ts'
import { ascii, NAME_TAG } from './general-names.ts'
import { networkBytes, networkText } from './ip-bytes.ts'
import { malformed } from './x509-error.ts'

export interface NameConstraints {
  readonly permittedDnsDomains?: readonly string[]
  readonly excludedDnsDomains?: readonly string[]
  /** "10.0.0.0/8". */
  readonly permittedIpRanges?: readonly string[]
  readonly excludedIpRanges?: readonly string[]
  readonly permittedEmailAddresses?: readonly string[]
  readonly excludedEmailAddresses?: readonly string[]
  readonly permittedUriDomains?: readonly string[]
  readonly excludedUriDomains?: readonly string[]
}

export const hasNameConstraints = (of: NameConstraints): boolean =>
  Object.values(of).some((some: readonly string[] | undefined) => (some?.length ?? 0) > 0)

/** Throws X509Error for a network that is none or text beyond ASCII. */
export function encodeNameConstraints(of: NameConstraints): Buffer {
  const permitted = subtrees(
    of.permittedDnsDomains,
    of.permittedIpRanges,
    of.permittedEmailAddresses,
    of.permittedUriDomains,
  )
  const excluded = subtrees(
    of.excludedDnsDomains,
    of.excludedIpRanges,
    of.excludedEmailAddresses,
    of.excludedUriDomains,
  )
  return sequence(
    ...(permitted.length > 0 ? [context(0, ...permitted)] : []),
    ...(excluded.length > 0 ? [context(1, ...excluded)] : []),
  )
}

function subtrees(
  dns: readonly string[] = [],
  ips: readonly string[] = [],
  emails: readonly string[] = [],
  uris: readonly string[] = [],
): Buffer[] {
  const text = (n: number) => (value: string) => contextPrimitive(n, ia5Bytes(value))
  return [
    ...dns.map(text(2)),
    ...ips.map((range) => contextPrimitive(7, network(range))),
    ...emails.map(text(1)),
    ...uris.map(text(6)),
  ].map((base) => sequence(base))
}

function network(range: string): Buffer {
  const bytes = networkBytes(range)
  if (bytes === null) throw malformed('invalid IP range')
  return bytes
}

type Lists = { dns: string[]; ips: string[]; emails: string[]; uris: string[] }

/** Of the extension's value; kinds of names that it does not know are left out. Throws X509Error. */
export function parseNameConstraints(der: Buffer): Required<NameConstraints> {
  const reader = readOnly(der)
  const permitted = reader.enterOptional(contextTag(0))
  const excluded = reader.enterOptional(contextTag(1))
  reader.end()
  const read = (of: typeof permitted): Lists => {
    const lists: Lists = { dns: [], ips: [], emails: [], uris: [] }
    while (of !== null && !of.isDone) {
      const { tag, content } = of.enter().element()
      if (tag === NAME_TAG.dns) lists.dns.push(ascii(content))
      else if (tag === NAME_TAG.ip) lists.ips.push(networkText(content))
      else if (tag === NAME_TAG.email) lists.emails.push(ascii(content))
      else if (tag === NAME_TAG.uri) lists.uris.push(ascii(content))
    }
    return lists
  }
  const inside = read(permitted)
  const outside = read(excluded)
  return {
    permittedDnsDomains: inside.dns,
    excludedDnsDomains: outside.dns,
    permittedIpRanges: inside.ips,
    excludedIpRanges: outside.ips,
    permittedEmailAddresses: inside.emails,
    excludedEmailAddresses: outside.emails,
    permittedUriDomains: inside.uris,
    excludedUriDomains: outside.uris,
  }
}
