// How a mount looks in answers of sys/mounts, sys/auth and sys/internal/ui/mounts.

import { VERSION } from '../../base/version.ts'
import type { Data } from '../../sdk/answer.ts'
import type { MountRecord } from '../mounts/mount-record.ts'

export function mountView(record: MountRecord): Data {
  const { config } = record
  return {
    accessor: record.accessor,
    config: {
      default_lease_ttl: config.defaultTtlSeconds,
      force_no_cache: config.forceNoCache,
      max_lease_ttl: config.maxTtlSeconds,
      ...(record.class === 'auth'
        ? { token_type: config.tokenType ?? 'default-service' }
        : undefined),
      ...listsOf(record),
    },
    deprecation_status: 'supported',
    description: record.description,
    external_entropy_access: record.externalEntropyAccess,
    local: record.local,
    options: record.options,
    plugin_version: record.pluginVersion,
    running_plugin_version: `v${VERSION}`,
    running_sha256: '',
    seal_wrap: record.sealWrap,
    type: record.type,
    uuid: record.id,
  }
}

/** The optional parts of a mount's configuration: present only when set. */
export function listsOf({ config }: MountRecord): Data {
  return {
    ...(config.auditNonHmacRequestKeys?.length
      ? { audit_non_hmac_request_keys: config.auditNonHmacRequestKeys }
      : undefined),
    ...(config.auditNonHmacResponseKeys?.length
      ? { audit_non_hmac_response_keys: config.auditNonHmacResponseKeys }
      : undefined),
    ...(config.listingVisibility ? { listing_visibility: config.listingVisibility } : undefined),
    ...(config.passthroughRequestHeaders?.length
      ? { passthrough_request_headers: config.passthroughRequestHeaders }
      : undefined),
    ...(config.allowedResponseHeaders?.length
      ? { allowed_response_headers: config.allowedResponseHeaders }
      : undefined),
  }
}
