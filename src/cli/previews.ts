// The texts of -output-curl-string and -output-policy: a curl command that makes the same request, and the
// policy that allows it. The token is never in them.
import { quoteText } from './go-format.ts'
import type { TlsSettings } from './tls-settings.ts'

export interface ShownRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: string | null
}

const single = (text: string): string => `'${text.replaceAll("'", `'"'"'`)}'`

/** A curl command line; `program` is the command whose "print token" it calls. */
export function curlFor(request: ShownRequest, tls: TlsSettings, program: string): string {
  const parts = ['curl']
  if (tls.skipVerify) parts.push('--insecure')
  if (request.method !== 'GET') parts.push(`-X ${request.method}`)
  if (tls.caCert) parts.push(`--cacert ${single(tls.caCert)}`)
  if (tls.caPath) parts.push(`--capath ${single(tls.caPath)}`)
  if (tls.clientCert) parts.push(`--cert ${single(tls.clientCert)}`)
  if (tls.clientKey) parts.push(`--key ${single(tls.clientKey)}`)
  for (const [name, value] of Object.entries(request.headers)) {
    if (name === 'Content-Type' && value === 'application/json') continue
    for (const one of typeof value === 'string' ? [value] : value) {
      parts.push(`-H "${name}: ${name === 'X-Vault-Token' ? `$(${program} print token)` : one}"`)
    }
  }
  if (request.body !== null) parts.push(`-d ${single(request.body)}`)
  parts.push(quoteText(request.url))
  return parts.join(' ')
}

const SUDO = [
  'auth/token/accessors',
  'auth/token/revoke-orphan',
  'sys/audit',
  'sys/audit/+',
  'sys/auth/+',
  'sys/auth/+/tune',
  'sys/config/auditing/request-headers',
  'sys/config/auditing/request-headers/+',
  'sys/config/cors',
  'sys/config/ui/headers',
  'sys/config/ui/headers/+',
  'sys/internal/inspect/router/+',
  'sys/leases',
  'sys/leases/lookup/*',
  'sys/leases/revoke-force/*',
  'sys/leases/revoke-prefix/*',
  'sys/plugins/catalog/+/+',
  'sys/raw',
  'sys/raw/*',
  'sys/revoke-force/*',
  'sys/revoke-prefix/*',
  'sys/rotate',
  'sys/rotate/config',
  'sys/seal',
  'sys/step-down',
].map((pattern) => {
  const source = pattern.replaceAll('+', '[^/]+').replace(/\*$/, '.*')
  return new RegExp(`^${source}/?$`)
})

function capabilitiesFor(method: string, query: URLSearchParams): string[] {
  if (query.get('scan') === 'true') return ['scan']
  if (query.get('list') === 'true') return ['list']
  switch (method) {
    case 'PUT':
    case 'POST':
      return ['create', 'update']
    case 'PATCH':
      return ['patch']
    case 'DELETE':
      return ['delete']
    default:
      return ['read']
  }
}

/** The policy that allows a request; `target` begins with /v1/. */
export function policyFor(method: string, target: string): string {
  const url = new URL(target, 'http://localhost')
  const path = decodeURIComponent(url.pathname).replace(/^\/v1\//, '')
  const capabilities = capabilitiesFor(method, url.searchParams)
  if (SUDO.some((pattern) => pattern.test(path))) capabilities.push('sudo')
  return `path "${path}" {\n  capabilities = ["${capabilities.join('", "')}"]\n}`
}
