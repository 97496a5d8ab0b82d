// The lists of secrets engines and auth methods: as tables, and with all members for machines.
// Answers of sys also hold the mounts beside other members: mounts are those that end in a slash.
import { compareUtf8 } from '../../base/utf8-order.ts'
import { formatTable } from '../columns.ts'
import { type Json, type JsonMap, OrderedMap } from '../exact-json.ts'
import { formatValue } from '../go-format.ts'
import { mapOf, numberOf, type Shape, shaped, textOf, ZERO } from '../secret.ts'

const LOCKOUT: Shape = [
  ['lockout_threshold', undefined],
  ['lockout_duration', undefined],
  ['lockout_counter_reset', undefined],
  ['disable_lockout', undefined],
]
const CONFIG: Shape = [
  ['default_lease_ttl', ZERO],
  ['max_lease_ttl', ZERO],
  ['force_no_cache', false],
  ['audit_non_hmac_request_keys', undefined],
  ['audit_non_hmac_response_keys', undefined],
  ['listing_visibility', undefined],
  ['passthrough_request_headers', undefined],
  ['allowed_response_headers', undefined],
  ['token_type', undefined],
  ['allowed_managed_keys', undefined],
]
const MOUNT: Shape = [
  ['uuid', ''],
  ['type', ''],
  ['description', ''],
  ['accessor', ''],
  ['config', null],
  ['options', null],
  ['local', false],
  ['seal_wrap', false],
  ['external_entropy_access', false],
  ['plugin_version', ''],
  ['running_plugin_version', ''],
  ['running_sha256', ''],
  ['deprecation_status', ''],
]

function shapedMount(mount: JsonMap): OrderedMap {
  const out = shaped(mount, MOUNT)
  const config = mapOf(mount, 'config') ?? new OrderedMap()
  const shapedConfig = shaped(config, CONFIG)
  const lockout = mapOf(config, 'user_lockout_config')
  if (lockout) {
    const inner = shaped(lockout, LOCKOUT)
    if (lockout.has('disable_lockout'))
      inner.set('disable_lockout', lockout.get('disable_lockout')!)
    shapedConfig.set('user_lockout_config', inner)
  }
  return out.set('config', shapedConfig)
}

/** The mounts of an answer by path, with the members that are printed. */
export function mountsOf(data: JsonMap | null): Map<string, JsonMap> {
  const out = new Map<string, JsonMap>()
  const paths = [...(data?.keys() ?? [])].filter((path) => path.endsWith('/'))
  for (const path of paths.sort(compareUtf8)) {
    const mount = mapOf(data, path)
    if (mount) out.set(path, shapedMount(mount))
  }
  return out
}

export function simpleMounts(mounts: ReadonlyMap<string, JsonMap>, withVersion: boolean): string {
  const head = ['Path', 'Type', 'Accessor', 'Description']
  const rows = [...mounts].map(([path, mount]) => {
    const row = [
      path,
      textOf(mount, 'type'),
      textOf(mount, 'accessor'),
      textOf(mount, 'description'),
    ]
    return withVersion ? [...row, textOf(mount, 'plugin_version')] : row
  })
  return formatTable([withVersion ? [...head, 'Version'] : head, ...rows])
}

function shownLife(mount: JsonMap, name: string): string {
  const type = textOf(mount, 'type')
  if (type === 'system' || type === 'cubbyhole') return ''
  const seconds = numberOf(mapOf(mount, 'config'), name)
  return seconds === 0 ? 'system' : String(seconds)
}

const orEmptyMap = (value: Json | undefined): Json => (value instanceof Map ? value : new Map())

/** The wide table; secrets engines show their cache setting where auth methods show the token type. */
export function detailedMounts(mounts: ReadonlyMap<string, JsonMap>, kind: 'secrets' | 'auth') {
  const head = [
    ...['Path', 'Plugin', 'Accessor', 'Default TTL', 'Max TTL'],
    kind === 'auth' ? 'Token Type' : 'Force No Cache',
    ...['Replication', 'Seal Wrap', 'External Entropy Access', 'Options', 'Description', 'UUID'],
    ...['Version', 'Running Version', 'Running SHA256', 'Deprecation Status'],
  ]
  const rows = [...mounts].map(([path, mount]) => {
    const text = (name: string): string => textOf(mount, name)
    const config = mapOf(mount, 'config')
    return [
      path,
      text('type'),
      text('accessor'),
      shownLife(mount, 'default_lease_ttl'),
      shownLife(mount, 'max_lease_ttl'),
      kind === 'auth' ? textOf(config, 'token_type') : formatValue(config?.get('force_no_cache')),
      mount.get('local') === true ? 'local' : 'replicated',
      formatValue(mount.get('seal_wrap')),
      formatValue(mount.get('external_entropy_access')),
      formatValue(orEmptyMap(mount.get('options'))),
      text('description'),
      text('uuid'),
      text('plugin_version'),
      text('running_plugin_version'),
      text('running_sha256'),
      text('deprecation_status'),
    ]
  })
  return formatTable([head, ...rows])
}
