// sys/mounts, sys/auth, tune and remount. Source: Vault's API pages "sys/mounts", "sys/auth" and
// "sys/remount"; secrets engines and auth methods differ only in the words and the path's prefix.
import { badRequest } from '../../base/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../../base/json.ts'
import {
  boolean,
  type Field,
  json,
  list,
  pairs,
  signedDuration,
  string,
} from '../../schema/field.ts'
import { type Parsed, parseFields, unknownFields } from '../../schema/parse-fields.ts'
import type { Answer, Data } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import type { MountConfig, MountRecord } from '../mounts/mount-record.ts'
import type { NamespaceRecord } from '../mounts/topology.ts'
import type { CoreContext } from '../request-context.ts'
import { listsOf, mountView } from './mount-view.ts'

const { read, write, remove } = endpoints<CoreContext>()

type Class = 'secret' | 'auth'
const WORDS = {
  secret: { table: 'mounts', thing: 'secrets engine', missing: 'No secret engine mount at' },
  auth: { table: 'auth', thing: 'auth method', missing: 'No auth engine at' },
} as const

/** The fields of a mount's configuration, in `config` on enabling and bare on tuning. */
const configFields = {
  default_lease_ttl: signedDuration('Default life of leases and tokens; "0" is the system\'s.'),
  max_lease_ttl: signedDuration('Longest life of leases and tokens; "0" is the system\'s.'),
  force_no_cache: boolean('Accepted for compatibility: nothing is cached across changes anyway.'),
  audit_non_hmac_request_keys: list('Keys of requests that audit shows in plain.'),
  audit_non_hmac_response_keys: list('Keys of responses that audit shows in plain.'),
  listing_visibility: string('"unauth" shows the mount to callers without a token.', {
    choices: ['', 'hidden', 'unauth'],
  }),
  passthrough_request_headers: list('Request headers that the plugin may see.'),
  allowed_response_headers: list('Response headers that the plugin may set.'),
  token_type: string('Kind of token that logins give.', {
    choices: ['default-service', 'default-batch', 'service', 'batch', 'default', ''],
  }),
}
type ConfigInput = Parsed<typeof configFields>

const tuneFields = {
  ...configFields,
  description: string('What the mount is for.'),
  options: pairs('Options of the engine, such as version=2.'),
}

const enableFields = {
  type: string('Type of the engine.'),
  description: string('What the mount is for.', { default: '' }),
  config: json('Configuration: the fields of tune.') as Field<Json | undefined>,
  options: pairs('Options of the engine, such as version=2.'),
  local: boolean('Not replicated.', { default: false }),
  seal_wrap: boolean('Accepted for compatibility.', { default: false }),
  external_entropy_access: boolean('Accepted for compatibility.', { default: false }),
  plugin_name: string('Old name of `type`.', { deprecated: true }),
  plugin_version: string('Accepted for compatibility: plugins are part of the server.', {
    default: '',
  }),
}

function configChange(input: ConfigInput): Partial<MountConfig> {
  const { default_lease_ttl: initial, max_lease_ttl: longest } = input
  if (initial !== undefined && longest !== undefined && longest > 0 && initial > longest) {
    throw badRequest('given default lease TTL greater than system/mount max lease TTL')
  }
  const tokenType = input.token_type || undefined
  return {
    ...(initial !== undefined ? { defaultTtlSeconds: Math.max(0, initial) } : undefined),
    ...(longest !== undefined ? { maxTtlSeconds: Math.max(0, longest) } : undefined),
    ...(input.force_no_cache !== undefined ? { forceNoCache: input.force_no_cache } : undefined),
    ...(input.audit_non_hmac_request_keys
      ? { auditNonHmacRequestKeys: input.audit_non_hmac_request_keys }
      : undefined),
    ...(input.audit_non_hmac_response_keys
      ? { auditNonHmacResponseKeys: input.audit_non_hmac_response_keys }
      : undefined),
    ...(input.listing_visibility !== undefined
      ? { listingVisibility: input.listing_visibility as 'unauth' }
      : undefined),
    ...(input.passthrough_request_headers
      ? { passthroughRequestHeaders: input.passthrough_request_headers }
      : undefined),
    ...(input.allowed_response_headers
      ? { allowedResponseHeaders: input.allowed_response_headers }
      : undefined),
    ...(tokenType
      ? { tokenType: (tokenType === 'default' ? 'default-service' : tokenType) as 'service' }
      : undefined),
  }
}

/** Adds the trailing slash and, for auth methods, the prefix under which they are stored. */
function mountPathOf(of: Class, path: string): string {
  const trimmed = path.replace(/^\/+|\/+$/g, '')
  return of === 'auth' ? `auth/${trimmed}/` : `${trimmed}/`
}

const shownPath = (record: MountRecord): string =>
  record.class === 'auth' ? record.path.slice('auth/'.length) : record.path

async function mountAt(ctx: CoreContext, of: Class, path: string): Promise<MountRecord | null> {
  const table = await ctx.view.table(ctx.place.namespace)
  return table.at(mountPathOf(of, path))?.record ?? null
}

function tableRows(of: Class): Row<CoreContext>[] {
  const { table, thing, missing } = WORDS[of]
  const params = { path: string(`Where the ${thing} is mounted.`) }
  const tuneAuth = of === 'auth' ? ('sudo' as const) : ('token' as const)
  return [
    read(table, {
      about: `List the ${thing}s.`,
      effects: false,
      envelope: 'both',
      handle: async (ctx) => ({ data: await mountsOf(ctx, of) }),
    }),
    read(`${table}/*path`, {
      about: `Show one ${thing}.`,
      params,
      effects: false,
      envelope: 'both',
      auth: tuneAuth,
      handle: async (ctx, { path }) => {
        const record = await mountAt(ctx, of, path)
        if (!record) throw badRequest(`${missing} ${path.replace(/\/+$/, '')}/`)
        return { data: mountView(record) }
      },
    }),
    write(`${table}/*path`, {
      about: `Enable a ${thing} at this path.`,
      params,
      input: enableFields,
      auth: tuneAuth,
      handle: (ctx, values) => enable(ctx, of, values.path, values),
    }),
    remove(`${table}/*path`, {
      about: `Disable the ${thing}: its leases are revoked and its data is deleted.`,
      params,
      auth: tuneAuth,
      handle: async (ctx, { path }) => {
        await ctx.core.mounts.disable(ctx.view, ctx.place.namespace, mountPathOf(of, path))
        ctx.log.info('unmounted', { path: `${ctx.place.namespace.path}${mountPathOf(of, path)}` })
        return { empty: true }
      },
    }),
    read(`${table}/*path/tune`, {
      about: `Show the configuration of a ${thing}.`,
      params,
      effects: false,
      envelope: 'both',
      auth: tuneAuth,
      handle: async (ctx, { path }) => {
        const record = await mountAt(ctx, of, path)
        if (!record) throw badRequest(`cannot fetch sysview for path "${path}/"`)
        return { data: tuneView(ctx, record) }
      },
    }),
    write(`${table}/*path/tune`, {
      about: `Change the configuration of a ${thing}.`,
      params,
      input: tuneFields,
      auth: tuneAuth,
      handle: async (ctx, values) => {
        const record = await mountAt(ctx, of, values.path)
        if (!record) throw badRequest(`no mount found at path "${values.path}/"`)
        await tune(ctx, record, values)
        return { empty: true }
      },
    }),
  ]
}

export async function mountsOf(ctx: CoreContext, of: Class): Promise<Data> {
  const table = await ctx.view.table(ctx.place.namespace)
  const data: Record<string, unknown> = {}
  for (const { record } of table.mounts) {
    if (record.class === of) data[shownPath(record)] = mountView(record)
  }
  return data
}

async function enable(
  ctx: CoreContext,
  of: Class,
  path: string,
  values: Parsed<typeof enableFields>,
): Promise<Answer> {
  const type = values.type || values.plugin_name
  if (!type) throw badRequest(`backend type must be specified as a string`)
  if (values.config !== undefined && values.config !== null && !isJsonObject(values.config)) {
    throw badRequest('unable to convert given mount config information: it must be an object')
  }
  const sent: JsonObject = isJsonObject(values.config) ? values.config : {}
  const config: Record<string, unknown> = {}
  parseFields(configFields, sent, true, config)
  // `kv-v2` is the name under which clients ask for version 2 in one word.
  const isVersioned = type === 'kv-v2'
  const options = isVersioned ? { ...values.options, version: '2' } : values.options
  assertVersion(options)
  await ctx.core.mounts.enable(ctx.view, ctx.place.namespace, {
    class: of,
    type: isVersioned || type === 'kv-v1' ? 'kv' : type,
    path: mountPathOf(of, path),
    description: values.description,
    config: configChange(config as ConfigInput),
    options: options ?? null,
    local: values.local,
    sealWrap: values.seal_wrap,
    externalEntropyAccess: values.external_entropy_access,
  })
  ctx.log.info('mounted', { path: `${ctx.place.namespace.path}${mountPathOf(of, path)}`, type })
  const ignored = unknownFields(configFields, sent)
  return ignored.length === 0
    ? { empty: true }
    : {
        empty: true,
        warnings: [`config ignored these unrecognized parameters: [${ignored.join(' ')}]`],
      }
}

/** The one option that engines have so far. */
function assertVersion(options: Readonly<Record<string, string>> | null | undefined): void {
  const version = options?.version
  if (version !== undefined && version !== '1' && version !== '2') {
    throw badRequest(`unsupported version "${version}"`)
  }
}

function tuneView(ctx: CoreContext, record: MountRecord): Data {
  const { config } = record
  const system = ctx.core.settings
  return {
    default_lease_ttl: config.defaultTtlSeconds || system.defaultTtlSeconds,
    description: record.description,
    force_no_cache: config.forceNoCache,
    max_lease_ttl: config.maxTtlSeconds || system.maxTtlSeconds,
    ...(record.class === 'auth'
      ? { token_type: config.tokenType ?? 'default-service' }
      : undefined),
    ...(record.options ? { options: record.options } : undefined),
    ...listsOf(record),
  }
}

async function tune(
  ctx: CoreContext,
  record: MountRecord,
  values: Parsed<typeof tuneFields>,
): Promise<void> {
  const change = configChange(values)
  const options = values.options
  assertVersion(options)
  if (record.options?.version === '2' && options?.version === '1') {
    throw badRequest('cannot downgrade mount from version 2 to version 1')
  }
  await ctx.core.mounts.tune(ctx.place.namespace, record, (old) => ({
    ...old,
    description: values.description ?? old.description,
    options: options ? { ...old.options, ...options } : old.options,
    config: checked({ ...old.config, ...change }, ctx.core.settings.maxTtlSeconds),
  }))
}

function checked(config: MountConfig, systemMaxSeconds: number): MountConfig {
  const max = config.maxTtlSeconds || systemMaxSeconds
  if (config.defaultTtlSeconds > max) {
    throw badRequest(
      `default lease TTL (${config.defaultTtlSeconds}s) is greater than the maximum (${max}s)`,
    )
  }
  return config
}

/** 'ns1/secret' → the namespace and the mount's path in it; as Vault's remount names mounts. */
async function resolveMount(
  ctx: CoreContext,
  path: string,
): Promise<{ namespace: NamespaceRecord; path: string }> {
  let namespace = ctx.place.namespace
  let rest = path.replace(/^\/+|\/+$/g, '')
  for (;;) {
    const slash = rest.indexOf('/')
    const child = slash < 0 ? null : await ctx.view.child(namespace.id, rest.slice(0, slash))
    if (!child) return { namespace, path: `${rest}/` }
    namespace = child
    rest = rest.slice(slash + 1)
  }
}

export const mountEndpoints: readonly Row<CoreContext>[] = [
  ...tableRows('secret'),
  ...tableRows('auth'),
  write('remount', {
    about: 'Move a mount to another path, also to another namespace.',
    auth: 'sudo',
    envelope: 'both',
    input: {
      from: string('The path now, for auth methods with auth/ in front.', { required: true }),
      to: string('The new path.', { required: true }),
    },
    handle: async (ctx, { from, to }) => {
      const source = await resolveMount(ctx, from)
      const target = await resolveMount(ctx, to)
      const id = await ctx.core.remounts.begin(ctx.view, source, target)
      return {
        data: { migration_id: id },
        warnings: [
          'Mount move has been queued. sys/remount/status/<migration_id> tells its progress.',
        ],
      }
    },
  }),
  read('remount/status/:migration_id', {
    about: 'Progress of a remount.',
    params: { migration_id: string('What sys/remount answered.') },
    effects: false,
    handle: async (ctx, { migration_id }) => {
      const status = await ctx.core.remounts.status(migration_id)
      if (!status) return { empty: true }
      return { data: { migration_id, migration_info: status } }
    },
  }),
]
