// Configuration files as operators have them, from Vault and OpenBao too, and the words for mistakes.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  ConfigError,
  loadServerConfig,
  parseServerConfig,
  type ServerConfig,
} from './server-config.ts'

const STORAGE = 'storage "lmdb" { path = "/var/lib/strongroom" }\n'
const listenerOf = (body: string, type = 'tcp') =>
  parseServerConfig(`listener "${type}" {\n${body}\n}`).listeners[0]!

function faultOf(text: string): string {
  try {
    parseServerConfig(text, 'x.hcl')
  } catch (fault) {
    expect(fault).toBeInstanceOf(ConfigError)
    return (fault as Error).message
  }
  return 'parsed'
}

const FULL = `
# A production configuration.
ui            = true
api_addr      = "https://vault.example.com:8200"
cluster_addr  = "https://vault.example.com:8201"
cluster_name  = "prod"
disable_mlock = true
log_level     = "WARN"
log_format    = "json"
log_file      = "/var/log/strongroom.log"
pid_file      = "/run/strongroom.pid"
workers       = 4
default_lease_ttl = "168h"
max_lease_ttl     = "720h"
default_max_request_duration = 30
raw_storage_endpoint = "true"
introspection_endpoint = 1
audit_file_directories = ["/var/log"]
unsafe_allow_api_audit_creation = true
allow_audit_log_prefixing = true

storage "lmdb" {
  path = "/var/lib/strongroom"
  map_size = 1073741824
}

listener "tcp" {
  address         = "0.0.0.0:8200"
  tls_cert_file   = "/etc/tls/cert.pem"
  tls_key_file    = "/etc/tls/key.pem"
  tls_min_version = "tls13"
  tls_cipher_suites = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256"
  tls_client_ca_file = "/etc/tls/ca.pem"
  tls_require_and_verify_client_cert = true
  max_request_size = 1048576
  max_request_duration = "2m"
  http_read_timeout = "1m"
  http_idle_timeout = "10m"
  x_forwarded_for_authorized_addrs = "10.0.0.0/8, ::1"
  x_forwarded_for_hop_skips = 1
  x_forwarded_for_reject_not_present = false
  cors_enabled = true
  cors_allowed_origins = ["https://a.example"]
  require_request_header = true
  custom_response_headers {
    "default" = { "X-Frame-Options" = ["DENY"] }
    "4xx"     = { "Cache-Control" = ["no-store", "no-cache"] }
  }
  telemetry {
    unauthenticated_metrics_access = true
  }
}

listener "unix" {
  address     = "/run/strongroom.sock"
  socket_mode = "660"
  socket_group = "vault"
}

seal "transit" {
  address = "https://other:8200"
  token   = "hvs.secret"
  disabled = "false"
}

audit "file" "to-disk" {
  description = "the log"
  options { file_path = "/var/log/audit.log" }
}

telemetry {
  prometheus_retention_time = "30s"
  disable_hostname = true
}

user_lockout "all" { lockout_threshold = "10" }
user_lockout "userpass" { lockout_duration = "10m" }
`

describe('a whole file', () => {
  const config = parseServerConfig(FULL)

  it('reads single keys', () => {
    expect(config).toMatchObject({
      ui: true,
      apiAddr: 'https://vault.example.com:8200',
      clusterName: 'prod',
      logLevel: 'warn',
      logFormat: 'json',
      logFile: '/var/log/strongroom.log',
      pidFile: '/run/strongroom.pid',
      workers: 4,
      defaultLeaseTtlSeconds: 168 * 3600,
      maxLeaseTtlSeconds: 720 * 3600,
      defaultMaxRequestSeconds: 30,
      rawStorageEndpoint: true,
      introspectionEndpoint: true,
      auditFileDirectories: ['/var/log'],
      unsafeAllowApiAuditCreation: true,
      allowAuditLogPrefixing: true,
      warnings: [],
    } satisfies Partial<ServerConfig>)
    expect(config.storage).toEqual({
      type: 'lmdb',
      options: { path: '/var/lib/strongroom', map_size: '1073741824' },
    })
  })

  it('reads listeners', () => {
    const [tcp, unix] = config.listeners
    expect(tcp).toMatchObject({
      type: 'tcp',
      host: '0.0.0.0',
      port: 8200,
      tlsDisable: false,
      tlsMinVersion: 'TLSv1.3',
      tlsCiphers: ['ECDHE-RSA-AES128-GCM-SHA256', 'TLS_AES_128_GCM_SHA256'],
      tlsRequireAndVerifyClientCert: true,
      maxRequestBytes: 1048576,
      maxRequestSeconds: 120,
      httpReadTimeoutSeconds: 60,
      httpIdleTimeoutSeconds: 600,
      xForwardedForHopSkips: 1,
      xForwardedForRejectNotPresent: false,
      xForwardedForRejectNotAuthorized: true,
      corsEnabled: true,
      requireRequestHeader: true,
      unauthenticatedMetricsAccess: true,
    })
    expect(tcp!.xForwardedForAuthorizedAddrs.map(({ text }) => text)).toEqual([
      '10.0.0.0/8',
      '::1/128',
    ])
    expect(tcp!.customResponseHeaders.get('4xx')?.get('Cache-Control')).toBe('no-store; no-cache')
    expect([...tcp!.customResponseHeaders.get('default')!.keys()]).toEqual([
      'X-Frame-Options',
      'Strict-Transport-Security',
    ])
    expect(unix).toMatchObject({
      type: 'unix',
      tlsDisable: true,
      socketMode: 0o660,
      socketGroup: 'vault',
    })
  })

  it('reads the other blocks', () => {
    expect(config.seals).toEqual([
      {
        type: 'transit',
        disabled: false,
        options: { address: 'https://other:8200', token: 'hvs.secret' },
      },
    ])
    expect(config.audit).toEqual([
      {
        type: 'file',
        path: 'to-disk/',
        description: 'the log',
        options: { file_path: '/var/log/audit.log' },
        local: false,
      },
    ])
    expect(config.telemetry).toMatchObject({
      prometheusRetentionSeconds: 30,
      disableHostname: true,
    })
    expect(config.userLockouts.get('userpass')).toEqual({
      threshold: 10,
      durationSeconds: 600,
      counterResetSeconds: 900,
      disabled: false,
    })
  })
})

describe('other notations', () => {
  it('reads JSON', () => {
    const config = parseServerConfig(
      JSON.stringify({
        storage: { lmdb: { path: '/data' } },
        listener: [
          { tcp: { address: '127.0.0.1:8200', tls_disable: 1 } },
          { unix: { address: '/s' } },
        ],
        audit: { file: { disk: { options: { file_path: '/a' } } } },
        user_lockout: { all: { disable_lockout: true } },
        telemetry: { disable_hostname: 'true' },
        seal: [{ static: { current_key: 'x', disabled: true } }],
        ui: 'true',
      }),
    )
    expect(config.storage?.options.path).toBe('/data')
    expect(config.listeners.map(({ type, address }) => [type, address])).toEqual([
      ['tcp', '127.0.0.1:8200'],
      ['unix', '/s'],
    ])
    expect(config.audit[0]).toMatchObject({
      type: 'file',
      path: 'disk/',
      options: { file_path: '/a' },
    })
    expect(config.userLockouts.get('all')?.disabled).toBe(true)
    expect(config.telemetry.disableHostname).toBe(true)
    expect(config.seals[0]?.disabled).toBe(true)
    expect(config.ui).toBe(true)
  })

  it('reads types that stand inside their block', () => {
    const text = `listener { type = "tcp" tls_disable = true }
      audit { type = "file" path = "d/" options = { file_path = "/a" } }`
    const config = parseServerConfig(text)
    expect(config.listeners[0]).toMatchObject({ type: 'tcp', port: 8200, host: '127.0.0.1' })
    expect(config.audit[0]).toMatchObject({ type: 'file', path: 'd/' })
    // A block inside is not taken for the second label.
    expect(faultOf('audit "file" { options { file_path = "/a" } }')).toContain(
      'takes a type and a path',
    )
  })

  it.each([
    ['storage "inmem" {}', 'memory'],
    ['storage "memory" {}', 'memory'],
    ['backend "lmdb" { path = "/d" }', 'lmdb'],
  ])('%s is of type %s', (text, type) => expect(parseServerConfig(text).storage?.type).toBe(type))

  it.each(['file', 'raft'])('reads storage "%s" as our own, and says so', (type) => {
    const config = parseServerConfig(
      `storage "${type}" {\n path = "/vault/data"\n node_id = "n1"\n}`,
    )
    expect(config.storage).toEqual({ type: 'lmdb', options: { path: '/vault/data' } })
    expect(config.warnings[0]).toContain(`storage "${type}" is read as storage "lmdb"`)
  })

  it('warns of keys that Vault knows and that have no effect', () => {
    const text = `cache_size = 1\nplugin_directory = "/p"\nservice_registration "kubernetes" {}\n
      telemetry { statsd_address = "x" }\nlistener "tcp" { tls_disable = true max_request_size = 0 purpose = "a" }`
    expect(parseServerConfig(text, 'v.hcl').warnings).toEqual([
      'v.hcl: "cache_size" has no effect here (line 1)',
      'v.hcl: "plugin_directory" has no effect here (line 2)',
      'v.hcl: "service_registration" has no effect here (line 3)',
      'v.hcl: telemetry "statsd_address" has no effect here (line 5)',
      'v.hcl: "max_request_size" of 0 or less means no limit; the limit of 33554432 bytes stays',
      'v.hcl: "purpose" has no effect here (line 6)',
    ])
    expect(parseServerConfig('disable_mlock = false').warnings[0]).toContain('swap')
  })

  it.each([
    ['127.0.0.1:8200', '127.0.0.1', 8200],
    [':8200', '', 8200],
    ['[::1]:8200', '::1', 8200],
    ['[::]:0', '::', 0],
    ['vault.example.com:443', 'vault.example.com', 443],
  ])('address %s', (address, host, port) => {
    expect(listenerOf(`address = "${address}"\ntls_disable = true`)).toMatchObject({ host, port })
  })
})

describe('files and folders', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'config-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))
  const write = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }

  it('merges a folder by name and the files after it', () => {
    const base = join(folder, 'conf.d')
    mkdirSync(base)
    write('conf.d/10-base.hcl', `${STORAGE}log_level = "info"\nui = true`)
    write('conf.d/20-listener.json', '{"listener": {"tcp": {"tls_disable": true}}}')
    write('conf.d/.hidden.hcl', 'nonsense')
    write('conf.d/notes.txt', 'nonsense')
    const last = write('last.hcl', 'log_level = "debug"\nlistener "unix" { address = "/s" }')
    const config = loadServerConfig([base, last])
    expect(config).toMatchObject({ logLevel: 'debug', ui: true, storage: { type: 'lmdb' } })
    expect(config.listeners.map(({ type }) => type)).toEqual(['tcp', 'unix'])
  })

  it('names the file and the place', () => {
    const path = write('a.hcl', 'ui = true\nnonsense = 1')
    expect(() => loadServerConfig([path])).toThrow(
      `error loading configuration from ${path}: At 2:1: invalid key "nonsense" on line 2`,
    )
    expect(() => loadServerConfig([join(folder, 'none.hcl')])).toThrow('no such file or directory')
    expect(() => loadServerConfig([folder.concat('/a.hcl/x')])).toThrow(
      'error loading configuration',
    )
    rmSync(path)
    expect(() => loadServerConfig([folder])).toThrow('no .hcl or .json file in it')
  })
})
