// Checks of how the mount is tuned: which fields the audit log shows as they are, and whether clients can ask
// for a list only if it has changed.
import type { JsonMap } from '../exact-json.ts'
import { textsOf } from '../secret.ts'
import { type Check, type Finding, type MountReader, unreadable } from './health-report.ts'

/** Fields that help who reads the log and are no secrets. */
const SHOWN = {
  audit_non_hmac_request_keys: [
    'csr',
    'certificate',
    'issuer_ref',
    'common_name',
    'alt_names',
    'other_sans',
    'ip_sans',
    'uri_sans',
    'ttl',
    'not_after',
    'serial_number',
    'key_type',
    'private_key_format',
    'ou',
    'organization',
    'country',
    'locality',
    'province',
    'street_address',
    'postal_code',
    'permitted_dns_domains',
    'policy_identifiers',
    'ext_key_usage_oids',
  ],
  audit_non_hmac_response_keys: ['certificate', 'issuing_ca', 'serial_number', 'error', 'ca_chain'],
} as const

/** Fields that hold keys. */
const HIDDEN = {
  audit_non_hmac_request_keys: ['private_key', 'pem_bundle'],
  audit_non_hmac_response_keys: ['private_key', 'pem_bundle'],
} as const

const SOURCES = ['audit_non_hmac_request_keys', 'audit_non_hmac_response_keys'] as const

async function tuned(
  mount: MountReader,
  judge: (data: JsonMap, endpoint: string) => readonly Finding[],
): Promise<readonly Finding[]> {
  const endpoint = `/sys/mounts/${mount.mount}/tune`
  const answer = await mount.tune()
  const denied = unreadable(answer, endpoint)
  if (denied) return [denied]
  return 'data' in answer ? judge(answer.data, endpoint) : []
}

const auditVisibility: Check = {
  name: 'audit_visibility',
  defaults: { ignored_parameters: [] },
  run: (mount, config) =>
    tuned(mount, (data, endpoint) => {
      const ignored = config.ignored_parameters
      const counts = (name: string): boolean => !(Array.isArray(ignored) && ignored.includes(name))
      const findings: Finding[] = []
      for (const source of SOURCES) {
        const actual = textsOf(data, source) ?? []
        for (const name of SHOWN[source].filter(counts))
          if (!actual.includes(name))
            findings.push({
              status: 'informational',
              endpoint,
              message: `${name} is no secret but hashed in the audit log: it could be in ${source}.`,
            })
        for (const name of HIDDEN[source].filter(counts))
          if (actual.includes(name))
            findings.push({
              status: 'warning',
              endpoint,
              message: `${name} is a secret but shown in the audit log: take it out of ${source}.`,
            })
      }
      if (findings.length > 0) return findings
      return [{ status: 'ok', endpoint, message: 'The audit log shows what it should.' }]
    }),
}

const allowIfModifiedSince: Check = {
  name: 'allow_if_modified_since',
  defaults: {},
  run: (mount) =>
    tuned(mount, (data, endpoint) => {
      const has = (source: string, header: string): boolean =>
        (textsOf(data, source) ?? []).some((name) => name.toLowerCase() === header)
      const isAllowed =
        has('passthrough_request_headers', 'if-modified-since') &&
        has('allowed_response_headers', 'last-modified')
      return [
        isAllowed
          ? { status: 'ok', endpoint, message: 'Clients may ask for changes only.' }
          : {
              status: 'informational',
              endpoint,
              message:
                'If-Modified-Since and Last-Modified are not let through: clients fetch certificates and lists that they have.',
            },
      ]
    }),
}

export const tuneChecks: readonly Check[] = [auditVisibility, allowIfModifiedSince]
