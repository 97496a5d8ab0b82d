// Mistakes in configuration files: the exact place, what was expected, and never a value.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigError, parseServerConfig } from './server-config.ts'

const STORAGE = 'storage "lmdb" { path = "/var/lib/strongroom" }\n'

function faultOf(text: string): string {
  try {
    parseServerConfig(text, 'x.hcl')
  } catch (fault) {
    expect(fault).toBeInstanceOf(ConfigError)
    return (fault as Error).message
  }
  return 'parsed'
}

describe('mistakes', () => {
  it.each([
    [
      'lisener "tcp" {}',
      'x.hcl: At 1:1: invalid key "lisener" on line 1, did you mean "listener"?',
    ],
    ['ui = true\nui = false', 'At 2:1: the argument "ui" was already set at 1:1'],
    [
      'listener "tcp" {\n  adress = "x"\n}',
      'At 2:3: invalid key "adress" on line 2, did you mean "address"?',
    ],
    [
      'listener "tcp" {}',
      'At 1:1: a tcp listener takes tls_cert_file and tls_key_file, or tls_disable = true',
    ],
    ['listener "tcp" { tls_cert_file = "c" }', 'takes tls_cert_file and tls_key_file'],
    ['listener "udp" { }', 'a listener is of type "tcp" or "unix", got "udp"'],
    ['listener "unix" { }', 'takes "address", a path'],
    ['listener "tcp" { tls_disable = true address = "8200" }', '"address" takes host:port'],
    ['listener "tcp" { tls_disable = true address = "::1:8200" }', '"address" takes host:port'],
    ['listener "tcp" { tls_disable = true address = "a:99999" }', '"address" takes host:port'],
    [
      'listener "tcp" { tls_disable = true address = "{{ GetPrivateIP }}:8200" }',
      '"address" takes host:port',
    ],
    [
      'listener "tcp" { tls_min_version = "tls10" }',
      'At 1:36: "tls_min_version" takes "tls12" or "tls13"',
    ],
    ['listener "tcp" { tls_min_version = "constructor" }', '"tls_min_version" takes'],
    [
      'listener "tcp" { tls_min_version = "tls13" tls_max_version = "tls12" }',
      'tls_min_version is higher',
    ],
    [
      'listener "tcp" { tls_cipher_suites = "TLS_RSA_WITH_AES_128_CBC_SHA" }',
      'unsupported cipher suite',
    ],
    ['listener "tcp" { tls_disable = "maybe" }', 'At 1:32: "tls_disable" takes true or false'],
    ['listener "tcp" { http_read_timeout = "soon" }', '"http_read_timeout" takes a duration'],
    [
      'listener "tcp" { x_forwarded_for_authorized_addrs = "10.0.0.0/33" }',
      'takes addresses or CIDR blocks',
    ],
    ['listener "tcp" { cors_allowed_origins = ["*", "a"] }', 'takes either "*" alone'],
    ['listener "tcp" { custom_response_headers { "600" = {} } }', 'takes "default", "2xx"'],
    [
      'listener "tcp" { custom_response_headers { "200" = { "X-Vault-A" = ["b"] } } }',
      "the server's own",
    ],
    [
      'listener "tcp" { custom_response_headers { "200" = { "A" = ["b\\r\\nC: d"] } } }',
      'as HTTP allows',
    ],
    [
      'listener "tcp" { proxy_protocol_behavior = "use_always" }',
      'PROXY protocol is not supported',
    ],
    ['listener "unix" { address = "/s" socket_mode = "rw" }', 'takes an octal mode'],
    ['storage "consul" {}', 'storage is of type "lmdb", "memory", got "consul"'],
    ['storage "lmbd" { path = "x" }', 'did you mean "lmdb"?'],
    ['storage "lmdb" {}', 'takes "path"'],
    [`${STORAGE}${STORAGE}`, 'At 2:1: only one "storage" block is permitted'],
    ['audit "file" {}', 'takes a type and a path'],
    ['audit "file" "a" { }\naudit "file" "a/" { }', 'two audit blocks have the path "a/"'],
    ['seal "a" {}\nseal "b" {}', 'more than one seal is enabled'],
    [
      'listener "unix" { address = "/s" }\nlistener "unix" { address = "/s" }',
      'two listeners have the address /s',
    ],
    [
      'default_lease_ttl = "2h"\nmax_lease_ttl = "1h"',
      'default_lease_ttl is longer than max_lease_ttl',
    ],
    ['max_lease_ttl = 0', 'takes a duration above 0'],
    ['workers = 0', '"workers" takes a whole number of at least 1'],
    ['workers = 65', 'takes at most 64'],
    ['log_level = "constructor"', '"log_level" takes trace'],
    ['log_format = "xml"', '"log_format" takes'],
    ['user_lockout "github" {}', 'user_lockout is for one of'],
    ['telemetry { prometheus_retention = "1" }', 'did you mean "prometheus_retention_time"?'],
    ['telemetry "x" { }\ntelemetry { }', 'only one "telemetry" block'],
    ['ui = ', 'At 1:6: expected a value'],
    ['ui = {', 'At 1:7: expected a name or "}", got the end of the text'],
  ])('%s', (text, words) => {
    const message = faultOf(text)
    expect(message).toContain(words)
  })

  it('never shows a value', () => {
    for (const text of [
      'seal "x" { token = hvs.secret }',
      'ui = "hvs.secret"',
      'workers = "hvs.secret"',
    ]) {
      expect(faultOf(text)).not.toContain('hvs')
      expect(faultOf(text)).not.toBe('parsed')
    }
  })

  it('throws nothing but its own error', () => {
    const words = [
      'storage',
      'listener',
      '"tcp"',
      '{',
      '}',
      '[',
      ']',
      '=',
      ',',
      'ui',
      'true',
      '1',
      'audit',
      '"a"',
      'seal',
      '\n',
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 20 }), (parts) => {
        try {
          parseServerConfig(parts.join(' '))
        } catch (fault) {
          expect(fault).toBeInstanceOf(ConfigError)
        }
      }),
    )
  })
})
