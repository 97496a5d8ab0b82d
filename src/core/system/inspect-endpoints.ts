// sys/internal/counters, sys/internal/inspect, sys/locked-users, sys/decode-token: looking into the server.
// Source: Vault's API pages of the same names; what OpenBao answers where they are silent.
import { badRequest, notFound } from '../../base/errors.ts'
import { MAX_PAGE } from '../../base/limits.ts'
import { VERSION } from '../../base/version.ts'
import { string } from '../../schema/field.ts'
import type { Data } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import { mountDataPrefix, tokenPrefix } from '../keys.ts'
import type { CoreContext } from '../request-context.ts'

const { read, write } = endpoints<CoreContext>()

/** Walks the index page by page: the only count that is right with every process and after every crash. */
async function tokenCount(ctx: CoreContext): Promise<number> {
  const prefix = tokenPrefix(ctx.place.namespace.id)
  let count = 0
  let after: string | undefined
  while (!ctx.signal.aborted) {
    const page = after === undefined ? { limit: MAX_PAGE } : { limit: MAX_PAGE, after }
    const keys = await ctx.core.storage.range(prefix, page)
    count += keys.length
    if (keys.length < MAX_PAGE) break
    after = keys.at(-1)
  }
  return count
}

/** Leaves out the values, which may be secrets: who sent them knows them. */
function requestView(ctx: CoreContext): Data {
  const { auth, client, mount, place, request } = ctx
  return {
    id: ctx.id,
    operation: 'read',
    path: place.mountPath,
    mount_point: mount.path,
    mount_type: mount.type,
    mount_accessor: mount.accessor,
    client_token_accessor: auth?.accessor ?? '',
    display_name: auth?.displayName ?? '',
    entity_id: auth?.entityId ?? '',
    policies: auth?.policies ?? [],
    unauthenticated: auth === null,
    header_names: Object.keys(request.allHeaders()).sort(),
    connection: { remote_addr: client.remoteAddress, remote_port: client.remotePort },
  }
}

const ROUTER_TAGS = ['root', 'uuid', 'accessor', 'storage']

async function routerView(ctx: CoreContext, tag: string): Promise<Data> {
  if (!ctx.core.settings.introspectionEndpoint || !ROUTER_TAGS.includes(tag)) {
    throw notFound('1 error occurred:\n\t* unsupported path\n\n')
  }
  const { mounts } = await ctx.view.table(ctx.place.namespace)
  const entries = mounts.map(({ record, namespace }) => ({
    accessor: record.accessor,
    mount_namespace: namespace.path,
    mount_path: record.class === 'auth' ? record.path.slice('auth/'.length) : record.path,
    mount_type: record.type,
    ...(tag === 'root' || tag === 'storage'
      ? { storage_prefix: mountDataPrefix(record.id), tainted: false }
      : undefined),
    uuid: record.id,
  }))
  return { [tag]: entries }
}

/** The token that sys/generate-root answered, freed of its one-time pad. */
function decodeToken(encoded: string, otp: string): string {
  if (encoded === '' || otp === '') throw badRequest("provided 'encoded_token' or 'otp' is empty")
  const text = encoded.replace(/=+$/, '')
  if (!/^[A-Za-z0-9+/]*$/.test(text)) throw badRequest('error decoding token: illegal base64 data')
  const bytes = Buffer.from(text, 'base64')
  const pad = Buffer.from(otp)
  if (bytes.length !== pad.length) {
    throw badRequest(
      `error decoding token: length of byte slices is not equivalent: ${bytes.length} != ${pad.length}`,
    )
  }
  return Buffer.from(bytes.map((byte, at) => byte ^ pad[at]!)).toString()
}

export const inspectEndpoints: readonly Row<CoreContext>[] = [
  read('internal/counters/tokens', {
    about: 'How many service tokens the namespace has.',
    effects: false,
    handle: async (ctx) => ({
      data: { counters: { service_tokens: { total: await tokenCount(ctx) } } },
    }),
  }),
  read('internal/counters/entities', {
    about: 'How many entities the namespace has.',
    effects: false,
    handle: async () => ({ data: { counters: { entities: { total: 0 } } } }),
  }),
  read('internal/counters/requests', {
    about: 'Gone: sys/metrics counts requests.',
    deprecated: true,
    effects: false,
    handle: async () => {
      throw notFound('The functionality has been removed on this path')
    },
  }),
  read('internal/inspect/request', {
    about: 'The request as the server sees it.',
    auth: 'sudo',
    effects: false,
    handle: async (ctx) => ({ data: { req: requestView(ctx), vault_version: VERSION } }),
  }),
  read('internal/inspect/router/:tag', {
    about: 'The mounts as the router has them.',
    auth: 'sudo',
    rootOnly: true,
    params: { tag: string('root, uuid, accessor or storage.') },
    effects: false,
    handle: async (ctx, { tag }) => ({ data: await routerView(ctx, tag) }),
  }),
  read('locked-users', {
    about: 'The users that are locked out after failed logins.',
    input: { mount_accessor: string('Only of this mount.') },
    effects: false,
    handle: async (ctx) => {
      const { id, path } = ctx.place.namespace
      const none = { namespace_id: id, namespace_path: path, counts: 0, mount_accessors: [] }
      return { data: { by_namespace: [none], total: 0 } }
    },
  }),
  write('locked-users/:mount_accessor/unlock/:alias_identifier', {
    about: 'Let a locked user log in again.',
    params: {
      mount_accessor: string('Accessor of the auth mount.'),
      alias_identifier: string('The name that the user logs in with.'),
    },
    handle: async () => ({ empty: true }),
  }),
  write('decode-token', {
    about: 'Take the one-time pad off a generated root token.',
    auth: 'none',
    effects: false,
    input: {
      encoded_token: string('What generate-root answered.', { secret: true, default: '' }),
      otp: string('The one-time pad.', { secret: true, default: '' }),
    },
    output: { token: string('The token.', { secret: true }) },
    handle: async (_ctx, { encoded_token, otp }) => ({
      data: { token: decodeToken(encoded_token, otp) },
    }),
  }),
]
