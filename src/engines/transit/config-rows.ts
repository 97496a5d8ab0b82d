// Settings of the whole mount: whether encrypt may make keys, and the size of the key cache. Parsed keys are
// kept by core, validated at each use and dropped when idle, so a size is kept and shown but limits nothing.
import { badRequest } from '../../base/errors.ts'
import { boolean, integer } from '../../schema/field.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import type { ReadStorage } from '../../sdk/storage.ts'

const { read, write } = endpoints()

const KEYS_CONFIG = 'config/keys'
const CACHE_CONFIG = 'config/cache'
const SMALLEST_CACHE = 10

interface KeysConfig {
  readonly disableUpsert: boolean
}
interface CacheConfig {
  readonly size: number
}

export const mayUpsert = async (storage: ReadStorage): Promise<boolean> =>
  !(await storage.get(KEYS_CONFIG))?.json<KeysConfig>().disableUpsert

const keysOutput = { disable_upsert: boolean('Whether encrypt makes no keys.') }
const cacheOutput = { size: integer('Keys to keep in memory; 0: no limit.') }

export const configRows = [
  read('config/keys', {
    about: 'Reads what holds for all keys of the mount.',
    effects: false,
    output: keysOutput,
    handle: async (ctx) => ({ data: { disable_upsert: !(await mayUpsert(ctx.storage)) } }),
  }),
  write('config/keys', {
    about: 'Sets what holds for all keys of the mount.',
    input: { disable_upsert: boolean('True: encrypt with a name that is no key is refused.') },
    output: keysOutput,
    handle: async (ctx, { disable_upsert }) => {
      const disableUpsert = disable_upsert ?? false
      await ctx.storage.put(KEYS_CONFIG, { json: { disableUpsert } satisfies KeysConfig })
      return { data: { disable_upsert: disableUpsert } }
    },
  }),
  read('cache-config', {
    about: 'Reads the size of the key cache.',
    effects: false,
    output: cacheOutput,
    handle: async (ctx) => ({
      data: { size: (await ctx.storage.get(CACHE_CONFIG))?.json<CacheConfig>().size ?? 0 },
    }),
  }),
  write('cache-config', {
    about: 'Sets the size of the key cache.',
    input: { size: integer('0 (no limit) or at least 10.', { default: 0 }) },
    output: cacheOutput,
    handle: async (ctx, { size }) => {
      if (size !== 0 && size < SMALLEST_CACHE)
        throw badRequest(`size must be 0 or a value greater or equal to ${SMALLEST_CACHE}`)
      await ctx.storage.put(CACHE_CONFIG, { json: { size } satisfies CacheConfig })
      return { data: { size } }
    },
  }),
]
