// sys/live-secrets: the index by which leak scanners recognize secrets of this namespace. Our own API: Vault has
// none. A scanner fetches digests keyed for it alone and opaque ids; what an id stands for is told only to a caller
// who may read that secret anyway.
import { badRequest, denied } from '../../base/errors.ts'
import { LIVE_SECRETS } from '../../base/limits.ts'
import { boolean, integer, list as names, object, string } from '../../schema/field.ts'
import type { Data } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import type { FoundValue } from '../live-secrets/live-index.ts'
import { sourceOf } from '../live-secrets/live-job.ts'
import { issuedPath, leaseOfPlace } from '../live-secrets/live-leases.ts'
import type { PlacedValue } from '../live-secrets/live-records.ts'
import { capabilities } from '../policies/acl-views.ts'
import type { CoreContext } from '../request-context.ts'

const { read, write, remove, list } = endpoints<CoreContext>()

const scannerParams = { name: string('Name of the scanner.', { required: true }) }
const NAME = /^[\w.-]{1,128}$/

const iso = (ms: number): string => (ms === 0 ? '' : new Date(ms).toISOString())

/** What a lease handed out is told to who may list leases below its path. (Any token may look up one it knows.) */
function describeLease(ctx: CoreContext, leaseId: string, value: PlacedValue): Data | null {
  const acl = ctx.caller?.acl
  const listing = `${ctx.place.namespace.path}sys/leases/lookup/${issuedPath(leaseId)}/`
  const may = acl ? capabilities(acl, listing) : []
  const mayList = may.includes('list') && may.includes('sudo')
  if (!mayList && !may.includes('root')) return null
  return {
    mount_path: '',
    mount_type: '',
    path: issuedPath(leaseId),
    name: '',
    key: value.key,
    version: 0,
    state: value.state,
    since: iso(value.sinceMs),
    rotate_path: '',
    lease_id: leaseId,
  }
}

/** What a value is called, for a caller who may read it; null for anybody else, and for what is gone whole. */
async function describe(ctx: CoreContext, found: FoundValue): Promise<Data | null> {
  const { ref, value } = found
  const leaseId = leaseOfPlace(ref)
  if (leaseId !== null) return describeLease(ctx, leaseId, value)
  const mount = await ctx.core.openMount(ctx.place.namespace.id, ref.mountId)
  const source = mount && sourceOf(mount, ref)
  if (!mount || !source) return null
  const name = ref.place.slice(source.folder.length)
  const path = `${mount.path}${source.apiPath(mount.contextFor(ctx.signal), name)}`
  const acl = ctx.caller?.acl
  const may = acl ? capabilities(acl, `${mount.namespacePath}${path}`) : []
  if (!may.includes('read') && !may.includes('root')) return null
  const rotatePath = source.rotatePath?.(name)
  return {
    mount_path: mount.path,
    mount_type: mount.engine.type,
    path,
    name,
    key: value.key,
    version: value.version,
    state: value.state,
    since: iso(value.sinceMs),
    rotate_path: rotatePath === undefined ? '' : `${mount.path}${rotatePath}`,
    lease_id: '',
  }
}

const found = {
  mount_path: string('The mount it lies in.'),
  mount_type: string("The mount's engine."),
  path: string('The path by which it is read.'),
  name: string('Its name within the mount.'),
  key: string('Which part of the secret.'),
  version: integer('Its version; 0 where the engine counts none.'),
  state: string('live, replaced (by a newer one) or gone.'),
  since: string('Since when.'),
  rotate_path: string('A write to this path replaces it; empty where only its owner can.'),
  lease_id: string('The lease that handed it out; empty where it is stored.'),
}

export const liveSecretEndpoints: readonly Row<CoreContext>[] = [
  read('live-secrets/config', {
    about: 'Show whether secrets of this namespace are indexed for leak scanners.',
    output: {
      enabled: boolean('Whether they are.'),
      min_length: integer('Shorter values are passed over.'),
      min_entropy_bits: integer('Values that are easier to guess are passed over.'),
      created_time: string('When the index was begun.'),
      values: integer('Changes of values so far.'),
      waiting: integer('Changed places that are still to be read; 1,000 stands for more.'),
    },
    effects: false,
    handle: async (ctx) => {
      const { id } = ctx.place.namespace
      const config = await ctx.core.liveIndex.config(id)
      const { sequence, waiting } = await ctx.core.liveIndex.status(id)
      return {
        data: {
          enabled: config !== null,
          min_length: config?.minLength ?? 0,
          min_entropy_bits: config?.minEntropyBits ?? 0,
          created_time: iso(config?.createdAtMs ?? 0),
          values: sequence,
          waiting,
        },
      }
    },
  }),
  write('live-secrets/config', {
    about: 'Index the secrets of this namespace for leak scanners, or stop and forget the index.',
    input: {
      enabled: boolean('False forgets the index.', { default: true }),
      min_length: integer('Shorter values are passed over.', { default: LIVE_SECRETS.minLength }),
      min_entropy_bits: integer('Values that are easier to guess are passed over.', {
        default: LIVE_SECRETS.minEntropyBits,
      }),
    },
    handle: async (ctx, { enabled, min_length, min_entropy_bits }) => {
      const { id } = ctx.place.namespace
      if (!enabled) {
        await ctx.core.liveIndex.disable(id)
        return { empty: true }
      }
      if (min_length < LIVE_SECRETS.leastLength || min_length > 1024)
        throw badRequest(`min_length must be between ${LIVE_SECRETS.leastLength} and 1024`)
      if (min_entropy_bits < LIVE_SECRETS.leastEntropyBits || min_entropy_bits > 1024) {
        const least = LIVE_SECRETS.leastEntropyBits
        throw badRequest(`min_entropy_bits must be between ${least} and 1024`)
      }
      await ctx.core.liveIndex.enable(id, {
        minLength: min_length,
        minEntropyBits: min_entropy_bits,
      })
      return { empty: true }
    },
  }),
  list('live-secrets/scanners', {
    about: 'List the scanners that may fetch a filter.',
    input: { after: string('The name before the page.'), limit: integer('At most this many.') },
    output: { keys: names('Their names.') },
    effects: false,
    handle: async (ctx, { after, limit }) => {
      const page = {
        limit: Math.min(Math.max(limit ?? 1000, 1), 1000),
        ...(after ? { after } : undefined),
      }
      return { data: { keys: await ctx.core.liveIndex.identities(ctx.place.namespace.id, page) } }
    },
  }),
  read('live-secrets/scanners/:name', {
    about: 'Show a scanner.',
    params: scannerParams,
    output: {
      created_time: string('When it was added.'),
      created_by: string('By whom.'),
      last_export_time: string('When its filter was last fetched; empty: never.'),
    },
    effects: false,
    handle: async (ctx, { name }) => {
      const identity = await ctx.core.liveIndex.identity(ctx.place.namespace.id, name)
      if (!identity) return { empty: true }
      return {
        data: {
          created_time: iso(identity.createdAtMs),
          created_by: identity.createdBy,
          last_export_time: iso(identity.exportedAtMs),
        },
      }
    },
  }),
  write('live-secrets/scanners/:name', {
    about: 'Add a scanner, with a key of its own.',
    params: scannerParams,
    handle: async (ctx, { name }) => {
      if (!NAME.test(name))
        throw badRequest('name must be 1 to 128 letters, digits, ".", "_" or "-"')
      const by = ctx.auth?.displayName ?? ''
      await ctx.core.liveIndex.addIdentity(ctx.place.namespace.id, name, by)
      return { empty: true }
    },
  }),
  remove('live-secrets/scanners/:name', {
    about: 'Revoke a scanner: it can fetch nothing any more, and its ids are answered no more.',
    params: scannerParams,
    handle: async (ctx, { name }) => {
      await ctx.core.liveIndex.removeIdentity(ctx.place.namespace.id, name)
      return { empty: true }
    },
  }),
  read('live-secrets/scanners/:name/filter', {
    about: 'Fetch what changed in the filter since the last time.',
    params: scannerParams,
    input: {
      cursor: string('The cursor of the last answer; empty for all.', { default: '' }),
      limit: integer('Rows of one answer.', { default: LIVE_SECRETS.pageRows }),
    },
    output: {
      generation: string('Names the index; another one is another index.'),
      salt: string('Key of the digests, 32 bytes in base64.', { secret: true }),
      key: string("Key of this scanner's digests, 32 bytes in base64.", { secret: true }),
      min_length: integer('Shorter values are not in it.'),
      min_entropy_bits: integer('Values that are easier to guess are not in it.'),
      reset: boolean('What was fetched before is void.'),
      rows: string('Rows of 17 bytes in base64: state, id (8), digest (8).', { secret: true }),
      cursor: string('Given next time, it continues from here.'),
      complete: boolean('Nothing more is there.'),
    },
    effects: false,
    handle: async (ctx, { name, cursor, limit }) => {
      const wanted = { cursor, limit: Math.min(Math.max(limit, 1), LIVE_SECRETS.pageRows) }
      const page = await ctx.core.liveIndex.export(ctx.place.namespace.id, name, wanted)
      return {
        data: {
          generation: page.config.generation,
          salt: page.config.salt,
          key: page.key,
          min_length: page.config.minLength,
          min_entropy_bits: page.config.minEntropyBits,
          reset: page.isReset,
          rows: page.rows.toString('base64'),
          cursor: page.cursor,
          complete: page.isLast,
        },
      }
    },
  }),
  read('live-secrets/scanners/:name/secrets/:id', {
    about: 'What an id of the filter stands for, for a caller who may read that secret.',
    params: { ...scannerParams, id: string('The id, 16 hex digits.', { required: true }) },
    output: {
      ...found,
      copies: object('Other places of the same value that the caller may read, by path.'),
      hidden_copies: integer('Other places that the caller may not read.'),
    },
    effects: false,
    handle: async (ctx, { name, id }) => {
      const { liveIndex } = ctx.core
      const namespaceId = ctx.place.namespace.id
      // One answer for a scanner that is none, an id that is none and a secret that is not the caller's.
      const identity = await liveIndex.identity(namespaceId, name)
      const value =
        identity && /^[0-9a-f]{16}$/.test(id) ? await liveIndex.find(namespaceId, id) : null
      const data = value && (await describe(ctx, value))
      if (!data) throw denied()
      const others = await liveIndex.copies(namespaceId, value)
      const copies: [string, Data][] = []
      for (const other of others) {
        const one = await describe(ctx, other)
        if (one) copies.push([`${String(one.path)}#${String(one.key)}@${String(one.version)}`, one])
      }
      return {
        data: {
          ...data,
          copies: Object.fromEntries(copies),
          hidden_copies: others.length - copies.length,
        },
      }
    },
  }),
]
