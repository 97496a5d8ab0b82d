// sys/namespaces. Source: the API page "sys/namespaces" of OpenBao and Vault Enterprise.
import { hash } from 'node:crypto'
import { badRequest } from '../../base/errors.ts'
import { isJsonObject, type JsonObject } from '../../base/json.ts'
import { equalSecrets } from '../../crypto/timing.ts'
import { pairs, string } from '../../schema/field.ts'
import type { Answer, Data } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import type { NamespaceRecord } from '../mounts/topology.ts'
import type { CoreContext } from '../request-context.ts'
import { pageFields, pageOf } from './page-fields.ts'

const { read, write, patch, remove, list, scan } = endpoints<CoreContext>()

const params = { path: string('The namespace, relative to the request’s.') }

const view = (namespace: NamespaceRecord): Data => ({
  custom_metadata: namespace.customMetadata,
  id: namespace.id,
  locked: namespace.locked !== undefined,
  path: namespace.path,
  tainted: namespace.tainted ?? false,
  uuid: namespace.uuid,
})

/** The namespace at a path below the request's own; null where there is none. */
async function at(ctx: CoreContext, path: string): Promise<NamespaceRecord | null> {
  return ctx.view.namespaceByPath(`${ctx.place.namespace.path}${path}`)
}

async function listing(ctx: CoreContext, names: readonly string[]): Promise<Data> {
  const info: Record<string, Data> = {}
  const keys: string[] = []
  for (const name of names) {
    const child = await at(ctx, name)
    if (!child) continue
    keys.push(name)
    info[name] = view(child)
  }
  return { key_info: info, keys }
}

async function below(
  ctx: CoreContext,
  namespace: NamespaceRecord,
  names: string[],
): Promise<string[]> {
  for (const name of await ctx.core.namespaces.children(namespace, {})) {
    const child = await ctx.view.child(namespace.id, name.slice(0, -1))
    if (!child) continue
    names.push(child.path.slice(ctx.place.namespace.path.length))
    await below(ctx, child, names)
  }
  return names
}

const lockParams = { path: string('The namespace, relative to the request’s.') }

/** Locks a namespace; the key that unlocks it is shown once and kept as a hash. */
async function lock(ctx: CoreContext, path: string): Promise<Answer> {
  const namespace = await at(ctx, path)
  if (!namespace || namespace.path === '') throw badRequest('root namespace cannot be locked')
  if (namespace.locked) throw badRequest(`namespace "${namespace.path}" is already locked`)
  const key = ctx.random.bytes(18).toString('base64url')
  await ctx.core.namespaces.setLock(namespace, hash('sha256', key, 'hex'))
  return { data: { unlock_key: key } }
}

async function unlock(ctx: CoreContext, path: string, key: string | undefined): Promise<Answer> {
  const namespace = await at(ctx, path)
  if (!namespace?.locked) throw badRequest('namespace is not locked')
  const isRoot = ctx.caller?.acl.root !== null && ctx.caller?.acl.root !== undefined
  const given = hash('sha256', key ?? '', 'hex')
  const isRight = equalSecrets(Buffer.from(given), Buffer.from(namespace.locked.unlockKeyHash))
  // Root needs no key; but a key that is given must be the right one.
  if (!isRight && (!isRoot || key !== undefined)) throw badRequest('incorrect unlock key')
  await ctx.core.namespaces.setLock(namespace, null)
  return { empty: true }
}

const lockRows = ['namespaces/api-lock/lock', 'namespaces/api-lock/lock/*path'].map((pattern) =>
  write(pattern, {
    about: 'Lock the API of a namespace and all below it.',
    ...(pattern.endsWith('*path') ? { params: lockParams } : undefined),
    auth: 'sudo',
    handle: (ctx, values) => lock(ctx, (values as { path?: string }).path ?? ''),
  }),
)

const unlockRows = ['namespaces/api-lock/unlock', 'namespaces/api-lock/unlock/*path'].map(
  (pattern) =>
    write(pattern, {
      about: 'Unlock the API of a namespace.',
      ...(pattern.endsWith('*path') ? { params: lockParams } : undefined),
      input: { unlock_key: string('What locking answered; root needs none.', { secret: true }) },
      auth: 'sudo',
      servesLocked: true,
      handle: (ctx, values) =>
        unlock(ctx, (values as { path?: string }).path ?? '', values.unlock_key),
    }),
)

export const namespaceEndpoints: readonly Row<CoreContext>[] = [
  ...lockRows,
  ...unlockRows,
  list('namespaces', {
    about: 'List the child namespaces.',
    input: pageFields,
    effects: false,
    handle: async (ctx, page) => ({
      data: await listing(
        ctx,
        await ctx.core.namespaces.children(ctx.place.namespace, pageOf(page)),
      ),
    }),
  }),
  scan('namespaces', {
    about: 'List the namespaces below this one, all levels.',
    effects: false,
    handle: async (ctx) => ({
      data: await listing(ctx, await below(ctx, ctx.place.namespace, [])),
    }),
  }),
  read('namespaces/*path', {
    about: 'Show a namespace.',
    params,
    effects: false,
    handle: async (ctx, { path }) => {
      const namespace = await at(ctx, path)
      return namespace && namespace.id !== ctx.place.namespace.id
        ? { data: view(namespace) }
        : { empty: true }
    },
  }),
  write('namespaces/*path', {
    about: 'Create a namespace, or replace its metadata.',
    params,
    input: { custom_metadata: pairs('Metadata of your own.') },
    handle: async (ctx, { path, custom_metadata }) => {
      const made = await ctx.core.namespaces.create(
        ctx.view,
        ctx.place.namespace,
        path,
        custom_metadata,
      )
      return { data: view(made) }
    },
  }),
  patch('namespaces/*path', {
    about: 'Change some of the metadata of a namespace; null removes a key.',
    params,
    body: 'free',
    handle: async (ctx, { path }) => {
      const namespace = await at(ctx, path)
      if (!namespace) throw badRequest('requested namespace does not exist')
      const body = ctx.body as JsonObject
      const change = isJsonObject(body.custom_metadata) ? body.custom_metadata : {}
      const changed = await ctx.core.namespaces.change(namespace, (old) => {
        const merged = new Map(Object.entries(old))
        for (const [name, value] of Object.entries(change)) {
          if (value === null) merged.delete(name)
          else merged.set(name, String(value))
        }
        return Object.fromEntries(merged)
      })
      return { data: view(changed) }
    },
  }),
  remove('namespaces/*path', {
    about: 'Delete a namespace with everything in it. It must have no child namespaces.',
    params,
    handle: async (ctx, { path }) => {
      const namespace = await at(ctx, path)
      if (!namespace || namespace.id === ctx.place.namespace.id) {
        return { data: {}, warnings: ['requested namespace does not exist'] }
      }
      await ctx.core.namespaces.remove(ctx.view, namespace)
      return { data: { status: 'in-progress' } }
    },
  }),
]
