// The request headers that the edge knows: how each is treated, and one shared lower-case string for
// the usual spellings, so that the fast path neither lower-cases nor compares characters.

/** What the parser does with a header. */
export const ROLE_PLAIN = 0
export const ROLE_HOST = 1
export const ROLE_CONTENT_LENGTH = 2
export const ROLE_TRANSFER_ENCODING = 3
export const ROLE_CONNECTION = 4
export const ROLE_EXPECT = 5

export interface KnownHeader {
  readonly name: string
  readonly role: number
  /** A bit of its own if the header must not come twice, else 0. */
  readonly onceBit: number
}

const roles: Readonly<Record<string, number>> = {
  host: ROLE_HOST,
  'content-length': ROLE_CONTENT_LENGTH,
  'transfer-encoding': ROLE_TRANSFER_ENCODING,
  connection: ROLE_CONNECTION,
  expect: ROLE_EXPECT,
}

// Twice is an attack or a broken proxy: two readers could each believe another one.
const once = [
  'host',
  'content-length',
  'transfer-encoding',
  'expect',
  'authorization',
  'content-type',
  'content-encoding',
  'origin',
  'user-agent',
  'access-control-request-method',
  'x-vault-token',
  'x-vault-namespace',
  'x-vault-request',
  'x-vault-wrap-ttl',
  'x-vault-wrap-format',
  'x-vault-policy-override',
  'x-vault-no-request-forwarding',
  'x-vault-aws-iam-server-id',
]

const many = [
  'connection',
  'accept',
  'accept-encoding',
  'accept-language',
  'access-control-request-headers',
  'cache-control',
  'cookie',
  'if-none-match',
  'referer',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'x-request-id',
  'x-vault-index',
  'x-vault-inconsistent',
  'x-vault-mfa',
]

/** `x-vault-token` as Go and most clients write it: `X-Vault-Token`. */
const canonical = (name: string): string =>
  name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())

const known = new Map<string, KnownHeader>()
for (const [index, name] of [...once, ...many].entries()) {
  const onceBit = index < once.length ? 1 << index : 0
  const header: KnownHeader = { name, role: roles[name] ?? ROLE_PLAIN, onceBit }
  known.set(name, header)
  known.set(canonical(name), header)
}

/** The entry of a header name in any spelling; unknown names get a plain one. */
export function knownHeader(raw: string): KnownHeader {
  const hit = known.get(raw)
  if (hit !== undefined) return hit
  const name = raw.toLowerCase()
  return known.get(name) ?? { name, role: ROLE_PLAIN, onceBit: 0 }
}
