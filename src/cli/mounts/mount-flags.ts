// The settings of a mount as flags, and the request bodies they make. A setting that was not given is left
// out, so that the server keeps what it has.
import { type JsonLike, type JsonMap, OrderedMap, toJson } from '../exact-json.ts'
import {
  booleanFlag,
  durationFlag,
  type FlagValues,
  integerFlag,
  listFlag,
  mapFlag,
  stringFlag,
} from '../flags.ts'
import { formatDuration } from '../go-format.ts'

/** Settings that enabling and tuning have in common. */
export const settingFlags = {
  description: stringFlag('What the mount is for.'),
  'default-lease-ttl': durationFlag(
    'Life of leases that name none; "system" for the server default.',
  ),
  'max-lease-ttl': durationFlag('Longest life of leases; "system" for the server default.'),
  'audit-non-hmac-request-keys': listFlag(
    'A field of requests that audit devices write as it is. Can be given several times.',
  ),
  'audit-non-hmac-response-keys': listFlag(
    'A field of answers that audit devices write as it is. Can be given several times.',
  ),
  'listing-visibility': stringFlag('Whether the mount is shown to those not logged in.', {
    completes: ['unauth', 'hidden'],
  }),
  'passthrough-request-headers': listFlag(
    'A request header that the mount gets to see; repeatable.',
  ),
  'allowed-response-headers': listFlag('A response header that the mount may set; repeatable.'),
  options: mapFlag('A key=value option of the mount. Can be given several times.'),
  version: integerFlag('Version of the engine to run, for engines that have several.'),
  'plugin-version': stringFlag('Version of the plugin to run.'),
} as const

/** Settings that only enabling takes. */
export const enableFlags = {
  ...settingFlags,
  path: stringFlag('Where to mount it. Without it at its type.'),
  local: booleanFlag('Keep it out of replication.'),
  'seal-wrap': booleanFlag('Wrap its critical values with the seal too.'),
  'external-entropy-access': booleanFlag('Let it use an external source of randomness.'),
  'plugin-name': stringFlag('Name of the plugin, for the type "plugin".'),
} as const

const LISTS = [
  ['audit-non-hmac-request-keys', 'audit_non_hmac_request_keys'],
  ['audit-non-hmac-response-keys', 'audit_non_hmac_response_keys'],
  ['passthrough-request-headers', 'passthrough_request_headers'],
  ['allowed-response-headers', 'allowed_response_headers'],
] as const
const TEXTS = [
  ['listing-visibility', 'listing_visibility'],
  ['plugin-version', 'plugin_version'],
] as const

type Settings = FlagValues<typeof settingFlags>

/** The settings that were given, apart from lives and options, by their names on the wire. */
export function givenSettings(flags: Settings, given: ReadonlySet<string>): OrderedMap {
  const out = new OrderedMap()
  for (const [flag, name] of LISTS) if (given.has(flag)) out.set(name, [...flags[flag]])
  for (const [flag, name] of TEXTS) if (given.has(flag)) out.set(name, flags[flag])
  return out
}

/** The options, with -version among them; null where there are none. */
export function optionsOf(flags: Settings): JsonMap | null {
  const options: JsonMap = new Map(flags.options)
  if (flags.version > 0) options.set('version', String(flags.version))
  return options.size === 0 ? null : options
}

/** A life for tuning: '' keeps what there is, "system" goes back to the default. */
export function tunedLife(nanoseconds: number): string {
  if (nanoseconds === 0) return ''
  return nanoseconds < 0 ? 'system' : formatDuration(nanoseconds)
}

/** The body that enables a mount. `extra` joins the configuration. */
export function enableBody(
  type: string,
  flags: FlagValues<typeof enableFlags>,
  given: ReadonlySet<string>,
  extra: JsonLike & { readonly [name: string]: JsonLike },
): JsonMap {
  const config = new OrderedMap([
    ['default_lease_ttl', formatDuration(flags['default-lease-ttl'])],
    ['max_lease_ttl', formatDuration(flags['max-lease-ttl'])],
    ...(toJson(extra) as OrderedMap),
    ...givenSettings(flags, given),
  ])
  return new OrderedMap([
    ['type', type],
    ['description', flags.description],
    ['config', config],
    ['local', flags.local],
    ['seal_wrap', flags['seal-wrap']],
    ['external_entropy_access', flags['external-entropy-access']],
    ['options', optionsOf(flags)],
  ])
}

/** The body that tunes a mount. */
export function tuneBody(flags: Settings, given: ReadonlySet<string>): OrderedMap {
  const body = new OrderedMap([
    ['options', optionsOf(flags)],
    ['default_lease_ttl', tunedLife(flags['default-lease-ttl'])],
    ['max_lease_ttl', tunedLife(flags['max-lease-ttl'])],
    ...givenSettings(flags, given),
  ])
  if (given.has('description')) body.set('description', flags.description)
  return body
}
