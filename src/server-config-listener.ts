// The `listener` blocks of the server's configuration: addresses, TLS, limits, proxies, CORS, headers.
// Everything is checked here, so that a server that starts has listeners that mean what they say.
import { type Cidr, parseCidr } from './base/cidr.ts'
import { HclError, type HclValue, type Position } from './base/hcl.ts'
import {
  applyHandlers,
  type HclBlock,
  type HclHandlers,
  readBoolean,
  readInteger,
  readObject,
  readSeconds,
  readText,
  readTexts,
  uniqueItems,
} from './base/hcl-values.ts'
import { MAX_BODY_BYTES } from './base/limits.ts'
import { readCipherSuites, readTlsVersion, type TlsVersion } from './server-config-tls.ts'

export interface ListenerConfig {
  readonly type: 'tcp' | 'unix'
  /** As written: host:port, or the path of a socket. */
  readonly address: string
  /** Of tcp; host is '' for all addresses. */
  readonly host: string
  readonly port: number
  readonly clusterAddress: string
  readonly tlsDisable: boolean
  readonly tlsCertFile: string
  readonly tlsKeyFile: string
  readonly tlsMinVersion: TlsVersion
  readonly tlsMaxVersion: TlsVersion
  /** OpenSSL's names; empty for the runtime's own choice. */
  readonly tlsCiphers: readonly string[]
  readonly tlsClientCaFile: string
  readonly tlsRequireAndVerifyClientCert: boolean
  readonly tlsDisableClientCerts: boolean
  readonly maxRequestBytes: number
  /** 0: the server's default_max_request_duration. */
  readonly maxRequestSeconds: number
  readonly requireRequestHeader: boolean
  readonly httpReadTimeoutSeconds: number
  readonly httpReadHeaderTimeoutSeconds: number
  readonly httpWriteTimeoutSeconds: number
  readonly httpIdleTimeoutSeconds: number
  /** Empty: X-Forwarded-For is not looked at. */
  readonly xForwardedForAuthorizedAddrs: readonly Cidr[]
  readonly xForwardedForHopSkips: number
  readonly xForwardedForRejectNotPresent: boolean
  readonly xForwardedForRejectNotAuthorized: boolean
  /** Octal, of the socket's file; null to leave it. */
  readonly socketMode: number | null
  readonly socketUser: string
  readonly socketGroup: string
  readonly corsEnabled: boolean
  readonly corsAllowedOrigins: readonly string[]
  readonly corsAllowedHeaders: readonly string[]
  readonly corsAllowCredentials: boolean
  /** By 'default', '2xx' or '301': header name to value. */
  readonly customResponseHeaders: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly unauthenticatedMetricsAccess: boolean
  readonly disallowMetrics: boolean
  readonly metricsOnly: boolean
  readonly unauthenticatedInFlightAccess: boolean
  readonly disableUnauthedRekeyEndpoints: boolean
  readonly disableUnauthedGenerateRootEndpoints: boolean
}

/** Keys that Vault or OpenBao know and that have no effect here. */
const WITHOUT_EFFECT = [
  'purpose',
  'proxy_protocol_behavior',
  'proxy_protocol_authorized_addrs',
  'max_request_json_memory',
  'max_request_json_strings',
  'x_forwarded_for_client_cert_header',
  'x_forwarded_for_client_cert_decoders',
  'x_forwarded_for_client_cert_keep_not_forwarded',
  'x_forwarded_for_client_cert_keep_unauthorized',
  'tls_acme_cache_path',
  'tls_acme_ca_directory',
  'tls_acme_test_ca_directory',
  'tls_acme_ca_root',
  'tls_acme_eab_key_id',
  'tls_acme_eab_mac_key',
  'tls_acme_key_type',
  'tls_acme_email',
  'tls_acme_domains',
  'tls_acme_disable_http_challenge',
  'tls_acme_disable_alpn_challenge',
  'tls_prefer_server_cipher_suites',
  'agent_api',
  'proxy_api',
  'profiling',
  'redact_addresses',
  'redact_cluster_name',
  'redact_version',
  'disable_replication_status_endpoints',
  'chroot_namespace',
]
/** Of these, leaving them out of account would weaken what the operator wanted: an error, no warning. */
const REFUSED: Readonly<Record<string, string>> = {
  proxy_protocol_behavior: 'the PROXY protocol is not supported; use X-Forwarded-For',
  chroot_namespace: 'a listener bound to one namespace is not supported',
  redact_addresses: 'redacting answers of a listener is not supported',
  redact_cluster_name: 'redacting answers of a listener is not supported',
  redact_version: 'redacting answers of a listener is not supported',
}

const HSTS = ['Strict-Transport-Security', 'max-age=31536000; includeSubDomains'] as const

type Draft = { -readonly [K in keyof ListenerConfig]: ListenerConfig[K] }

function newDraft(): Draft {
  return {
    type: 'tcp',
    address: '',
    host: '',
    port: 0,
    clusterAddress: '',
    tlsDisable: false,
    tlsCertFile: '',
    tlsKeyFile: '',
    tlsMinVersion: 'TLSv1.2',
    tlsMaxVersion: 'TLSv1.3',
    tlsCiphers: [],
    tlsClientCaFile: '',
    tlsRequireAndVerifyClientCert: false,
    tlsDisableClientCerts: false,
    maxRequestBytes: MAX_BODY_BYTES,
    maxRequestSeconds: 0,
    requireRequestHeader: false,
    httpReadTimeoutSeconds: 30,
    httpReadHeaderTimeoutSeconds: 10,
    httpWriteTimeoutSeconds: 0,
    httpIdleTimeoutSeconds: 300,
    xForwardedForAuthorizedAddrs: [],
    xForwardedForHopSkips: 0,
    xForwardedForRejectNotPresent: true,
    xForwardedForRejectNotAuthorized: true,
    socketMode: null,
    socketUser: '',
    socketGroup: '',
    corsEnabled: false,
    corsAllowedOrigins: [],
    corsAllowedHeaders: [],
    corsAllowCredentials: false,
    customResponseHeaders: new Map([['default', new Map([HSTS])]]),
    unauthenticatedMetricsAccess: false,
    disallowMetrics: false,
    metricsOnly: false,
    unauthenticatedInFlightAccess: false,
    disableUnauthedRekeyEndpoints: false,
    disableUnauthedGenerateRootEndpoints: false,
  }
}

/** Keys of one kind: the wire name, and where the value goes. */
const TEXTS = {
  address: 'address',
  cluster_address: 'clusterAddress',
  tls_cert_file: 'tlsCertFile',
  tls_key_file: 'tlsKeyFile',
  tls_client_ca_file: 'tlsClientCaFile',
  socket_user: 'socketUser',
  socket_group: 'socketGroup',
} as const
const BOOLEANS = {
  tls_disable: 'tlsDisable',
  tls_require_and_verify_client_cert: 'tlsRequireAndVerifyClientCert',
  tls_disable_client_certs: 'tlsDisableClientCerts',
  require_request_header: 'requireRequestHeader',
  x_forwarded_for_reject_not_present: 'xForwardedForRejectNotPresent',
  x_forwarded_for_reject_not_authorized: 'xForwardedForRejectNotAuthorized',
  cors_enabled: 'corsEnabled',
  cors_allow_credentials: 'corsAllowCredentials',
  disable_unauthed_rekey_endpoints: 'disableUnauthedRekeyEndpoints',
  disable_unauthed_generate_root_endpoints: 'disableUnauthedGenerateRootEndpoints',
} as const
const SECONDS = {
  max_request_duration: 'maxRequestSeconds',
  http_read_timeout: 'httpReadTimeoutSeconds',
  http_read_header_timeout: 'httpReadHeaderTimeoutSeconds',
  http_write_timeout: 'httpWriteTimeoutSeconds',
  http_idle_timeout: 'httpIdleTimeoutSeconds',
} as const

/** Reads one block. Warnings name keys that have no effect here. */
export function readListener(block: HclBlock, warn: (text: string) => void): ListenerConfig {
  const draft = newDraft()
  let type = block.labels[0] ?? ''
  const handlers: Record<string, HclHandlers[string]> = {
    type: (value, name) => {
      type = readText(value, name)
    },
    role: (value, name) => {
      const role = readText(value, name)
      if (role !== 'default' && role !== 'metrics_only') {
        throw new HclError(value.at, `"${name}" takes "default" or "metrics_only"`)
      }
      draft.metricsOnly ||= role === 'metrics_only'
    },
    max_request_size: (value, name) => {
      const bytes = readInteger(value, name, -1)
      if (bytes > 0) draft.maxRequestBytes = bytes
      else warn(`"${name}" of 0 or less means no limit; the limit of ${MAX_BODY_BYTES} bytes stays`)
    },
    x_forwarded_for_hop_skips: (value, name) => {
      draft.xForwardedForHopSkips = readInteger(value, name)
    },
    x_forwarded_for_authorized_addrs: (value, name) => {
      draft.xForwardedForAuthorizedAddrs = readTexts(value, name, true).map((text) => {
        const cidr = parseCidr(text)
        if (!cidr) throw new HclError(value.at, `"${name}" takes addresses or CIDR blocks`)
        return cidr
      })
    },
    socket_mode: (value, name) => {
      const text = readText(value, name)
      if (!/^0?[0-7]{3}$/.test(text)) {
        throw new HclError(value.at, `"${name}" takes an octal mode such as "660"`)
      }
      draft.socketMode = Number.parseInt(text, 8)
    },
    cors_allowed_origins: (value, name) => {
      draft.corsAllowedOrigins = readTexts(value, name, true)
      if (draft.corsAllowedOrigins.includes('*') && draft.corsAllowedOrigins.length > 1) {
        throw new HclError(value.at, `"${name}" takes either "*" alone or names of origins`)
      }
    },
    cors_allowed_headers: (value, name) => {
      draft.corsAllowedHeaders = readTexts(value, name, true)
    },
    custom_response_headers: (value, name) => {
      draft.customResponseHeaders = readHeaders(value, name)
    },
    telemetry: (value, name) => readMetrics(value, name, draft),
    inflight_requests_logging: (value, name) => {
      const set: HclHandlers = {
        unauthenticated_in_flight_requests_access: (inner, key) => {
          draft.unauthenticatedInFlightAccess = readBoolean(inner, key)
        },
      }
      applyHandlers(readObject(value, name).items, set, name)
    },
    ...tlsHandlers(draft),
  }
  for (const [key, field] of Object.entries(TEXTS)) {
    handlers[key] = (value, name) => {
      draft[field] = readText(value, name)
    }
  }
  for (const [key, field] of Object.entries(BOOLEANS)) {
    handlers[key] = (value, name) => {
      draft[field] = readBoolean(value, name)
    }
  }
  for (const [key, field] of Object.entries(SECONDS)) {
    handlers[key] = (value, name) => {
      draft[field] = readSeconds(value, name)
    }
  }
  for (const key of WITHOUT_EFFECT) {
    handlers[key] = (value, name) => {
      if (REFUSED[name]) throw new HclError(value.at, `"${name}": ${REFUSED[name]}`)
      warn(`"${name}" has no effect here (line ${value.at.line})`)
    }
  }
  applyHandlers(block.body.items, handlers, 'listener')
  settle(draft, type.toLowerCase(), block.at)
  return draft
}

function tlsHandlers(draft: Draft): HclHandlers {
  return {
    tls_min_version: (value, name) => {
      draft.tlsMinVersion = readTlsVersion(value, name)
    },
    tls_max_version: (value, name) => {
      draft.tlsMaxVersion = readTlsVersion(value, name)
    },
    tls_cipher_suites: (value, name) => {
      draft.tlsCiphers = readCipherSuites(value, name)
    },
  }
}

function readMetrics(value: HclValue, name: string, draft: Draft): void {
  const flag =
    (field: 'unauthenticatedMetricsAccess' | 'disallowMetrics' | 'metricsOnly') =>
    (inner: HclValue, key: string): void => {
      draft[field] = readBoolean(inner, key)
    }
  const handlers: HclHandlers = {
    unauthenticated_metrics_access: flag('unauthenticatedMetricsAccess'),
    disallow_metrics: flag('disallowMetrics'),
    metrics_only: flag('metricsOnly'),
    metrics_path: readText,
  }
  applyHandlers(readObject(value, name).items, handlers, name)
}

function readHeaders(value: HclValue, name: string): Map<string, Map<string, string>> {
  const byStatus = new Map<string, Map<string, string>>()
  for (const [status, item] of uniqueItems(readObject(value, name).items, name)) {
    if (!/^(default|[1-5]xx|[1-5]\d\d)$/.test(status)) {
      throw new HclError(item.at, `"${name}" takes "default", "2xx" or a status such as "404"`)
    }
    const headers = new Map<string, string>()
    for (const [header, { value: values, at }] of uniqueItems(
      readObject(item.value, status).items,
      status,
    )) {
      const text = readTexts(values, header)
        .map((one) => one.trim())
        .filter(Boolean)
        .join('; ')
      if (!/^[\w!#$%&'*+.^`|~-]+$/.test(header) || /[^\t\x20-\x7e\x80-\xff]/.test(text)) {
        throw new HclError(at, `"${name}" takes header names and values as HTTP allows them`)
      }
      if (/^x-vault-/i.test(header)) {
        throw new HclError(at, `"${name}" can't set ${header}: X-Vault-* is the server's own`)
      }
      headers.set(header, text)
    }
    byStatus.set(status, headers)
  }
  const defaults = byStatus.get('default') ?? new Map<string, string>()
  const names = [...defaults.keys()].map((header) => header.toLowerCase())
  if (!names.includes(HSTS[0].toLowerCase())) defaults.set(HSTS[0], HSTS[1])
  return byStatus.set('default', defaults)
}

/** What only the whole block can tell. */
function settle(draft: Draft, type: string, at: Position): void {
  if (type !== 'tcp' && type !== 'unix') {
    const got = type === '' ? 'none' : `"${type}"`
    throw new HclError(at, `a listener is of type "tcp" or "unix", got ${got}`)
  }
  draft.type = type
  if (type === 'unix') {
    draft.tlsDisable = true
    if (draft.address === '') throw new HclError(at, 'a unix listener takes "address", a path')
    return
  }
  draft.address ||= '127.0.0.1:8200'
  const match = /^(?:\[([\da-fA-F:.%\w]*)\]|([^:[\]{}]*)):(\d{1,5})$/.exec(draft.address)
  if (!match || Number(match[3]) > 65535) {
    throw new HclError(at, '"address" takes host:port, such as "127.0.0.1:8200" or "[::1]:8200"')
  }
  draft.host = match[1] ?? match[2] ?? ''
  draft.port = Number(match[3])
  if (draft.tlsMinVersion > draft.tlsMaxVersion) {
    throw new HclError(at, 'tls_min_version is higher than tls_max_version')
  }
  if (draft.tlsDisable) return
  if (draft.tlsCertFile === '' || draft.tlsKeyFile === '') {
    throw new HclError(
      at,
      'a tcp listener takes tls_cert_file and tls_key_file, or tls_disable = true',
    )
  }
  if (draft.tlsRequireAndVerifyClientCert && draft.tlsDisableClientCerts) {
    throw new HclError(at, 'client certificates are both required and disabled')
  }
}
