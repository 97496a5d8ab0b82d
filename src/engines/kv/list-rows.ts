// LIST and SCAN of KV v2: metadata/ gives names, detailed-metadata/ also what is known of each key.

import { setOwn } from '../../base/json.ts'
import { MAX_BATCH_KEYS } from '../../base/limits.ts'
import { object } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { keysAnswer, keysOutput, pageInput } from '../../sdk/listing.ts'
import type { ReadStorage } from '../../sdk/storage.ts'
import { decodeEntry } from './entry-format.ts'
import { keyMetadata } from './key-record.ts'
import { folderOf, folderParam, namesBelow, namesIn } from './list-secrets.ts'
import { secretKey } from './secret-path.ts'

const { list, scan } = endpoints()

const common = { effects: false, params: folderParam, input: pageInput } as const
const detailedOutput = {
  ...keysOutput,
  key_info: object('What is known of each key, by its name; empty for a folder.'),
}

export const listRows = [
  list('metadata/*path', {
    about: 'Lists the secrets of a folder.',
    ...common,
    output: keysOutput,
    handle: async (ctx, { path, ...page }) =>
      keysAnswer(await namesIn(ctx.storage, folderOf(path), page)),
  }),
  scan('metadata/*path', {
    about: 'Lists all secrets below a folder.',
    ...common,
    output: keysOutput,
    handle: async (ctx, { path, ...page }) =>
      keysAnswer(await namesBelow(ctx.storage, folderOf(path), page)),
  }),
  list('detailed-metadata/*path', {
    about: 'Lists the secrets of a folder with what is known of each.',
    ...common,
    output: detailedOutput,
    handle: async (ctx, { path, ...page }) => {
      const folder = folderOf(path)
      return detailed(ctx.storage, folder, await namesIn(ctx.storage, folder, page))
    },
  }),
  scan('detailed-metadata/*path', {
    about: 'Lists all secrets below a folder with what is known of each.',
    ...common,
    output: detailedOutput,
    handle: async (ctx, { path, ...page }) => {
      const folder = folderOf(path)
      return detailed(ctx.storage, folder, await namesBelow(ctx.storage, folder, page))
    },
  }),
]

async function detailed(
  storage: ReadStorage,
  folder: string,
  names: readonly string[],
): Promise<Answer> {
  if (names.length === 0) return { empty: true }
  const info: Record<string, unknown> = {}
  for (let at = 0; at < names.length; at += MAX_BATCH_KEYS) {
    const some = names.slice(at, at + MAX_BATCH_KEYS)
    const keys = some.filter((name) => !name.endsWith('/')).map((name) => secretKey(folder + name))
    const entries = keys.length > 0 ? await storage.read(keys) : new Map()
    for (const name of some) {
      const entry = entries.get(secretKey(folder + name))
      setOwn(info, name, entry ? keyMetadata(decodeEntry(entry.text()).record) : {})
    }
  }
  return { data: { key_info: info, keys: names } }
}
