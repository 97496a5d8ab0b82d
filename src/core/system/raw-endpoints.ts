// sys/raw: stored entries in clear by their storage key, for repair by hand. Served only where the
// configuration sets raw_storage_endpoint; what guards the barrier and the tokens is never shown.
// Source: Vault's API page "sys/raw".
import { badRequest, notFound } from '../../base/errors.ts'
import { string } from '../../schema/field.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import { CORE_EPOCH_KEY, namespaceEpochKey } from '../keys.ts'
import type { CoreContext } from '../request-context.ts'
import { pageFields, pageOf } from './page-fields.ts'

const { read, write, remove, list } = endpoints<CoreContext>()

/** Keys of the seal, of the keyring and of tokens: no use in a repair, and all that is needed for a theft. */
const PROTECTED = [
  'core/seal',
  'core/keyring',
  'core/root-key',
  'core/key-uses',
  'core/unseal-key',
  'core/rekey',
  'core/generate-root',
  'core/token-salt',
  'core/batch-token-key',
]

const params = { path: string('The storage key.') }
const encodingField = string('Empty for text, or base64.', { default: '' })

function keyOf(ctx: CoreContext, path: string): string {
  if (!ctx.core.settings.rawStorageEndpoint) {
    throw notFound('1 error occurred:\n\t* unsupported path\n\n')
  }
  if (PROTECTED.some((key) => path.startsWith(key))) throw badRequest(`cannot access "${path}"`)
  return path
}

function assertEncoding(encoding: string): void {
  if (encoding !== '' && encoding !== 'base64') throw badRequest(`invalid encoding "${encoding}"`)
}

/** What was cached of the namespaces and their policies may be about what was just changed. */
function epochsOf(key: string): readonly string[] {
  const namespaceId = /^ns\/([^/]+)\//.exec(key)?.[1]
  return namespaceId ? [CORE_EPOCH_KEY, namespaceEpochKey(namespaceId)] : [CORE_EPOCH_KEY]
}

async function change(ctx: CoreContext, key: string, value: Buffer | null): Promise<void> {
  if (key === '' || key.endsWith('/')) throw badRequest('a storage key is needed')
  await ctx.core.storage.transaction(async (tx) => {
    if (value === null) tx.delete(key)
    else tx.put(key, value)
    for (const epoch of epochsOf(key)) if (epoch !== key) tx.touch(epoch)
  })
  ctx.log.warn('a storage entry was changed by hand', { key, deleted: value === null })
}

/** The same without a path, which names the top folder. */
function atTop(row: Row<CoreContext>): Row<CoreContext> {
  const handle = (ctx: CoreContext, values: object) =>
    row.handle(ctx, { ...values, path: '' } as never)
  return { ...row, pattern: 'raw', params: {}, handle }
}

const rows: readonly Row<CoreContext>[] = [
  read('raw/*path', {
    about: 'Read a stored entry.',
    auth: 'sudo',
    rootOnly: true,
    params,
    input: { encoding: encodingField },
    output: { value: string('The entry.', { secret: true }) },
    effects: false,
    handle: async (ctx, { path, encoding }) => {
      const key = keyOf(ctx, path)
      assertEncoding(encoding)
      if (key === '' || key.endsWith('/')) return { empty: true }
      const stored = (await ctx.core.storage.readRaw([key])).get(key)
      if (!stored) return { empty: true }
      // A mark of an index: a key alone, which never went through the barrier.
      if (stored.value.length === 0) return { data: { value: '' } }
      const entry = await ctx.core.storage.get(key)
      if (!entry) return { empty: true }
      return { data: { value: encoding === '' ? entry.text() : entry.bytes().toString('base64') } }
    },
  }),
  list('raw/*path', {
    about: 'List the entries below a key.',
    auth: 'sudo',
    rootOnly: true,
    params,
    input: pageFields,
    effects: false,
    handle: async (ctx, { path, ...page }) => {
      const folder = path.replace(/\/+$/, '')
      const prefix = keyOf(ctx, folder === '' ? '' : `${folder}/`)
      return { data: { keys: await ctx.core.storage.list(prefix, pageOf(page)) } }
    },
  }),
  write('raw/*path', {
    about: 'Write a stored entry.',
    auth: 'sudo',
    rootOnly: true,
    params,
    input: {
      value: string('The entry.', { secret: true, default: '' }),
      encoding: encodingField,
      compression_type: string('Accepted: entries are not compressed.'),
      compressed: string('Accepted: entries are not compressed.'),
    },
    handle: async (ctx, { path, value, encoding }) => {
      const key = keyOf(ctx, path)
      assertEncoding(encoding)
      await change(ctx, key, Buffer.from(value, encoding === 'base64' ? 'base64' : 'utf8'))
      return { empty: true }
    },
  }),
  remove('raw/*path', {
    about: 'Delete a stored entry.',
    auth: 'sudo',
    rootOnly: true,
    params,
    handle: async (ctx, { path }) => {
      await change(ctx, keyOf(ctx, path), null)
      return { empty: true }
    },
  }),
]

export const rawEndpoints: readonly Row<CoreContext>[] = [...rows, ...rows.map(atTop)]
