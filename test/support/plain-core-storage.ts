// Core storage on a map, for tests of parts that store little: no barrier, no conflicts, one process.
// Several parts may share one map, as several processes share one store.
import type { CoreStorage, CoreTx } from '../../src/core/store.ts'
import type { Entry, Writable } from '../../src/sdk/storage.ts'

export type PlainData = Map<string, { readonly bytes: Buffer; readonly version: string }>

let versions = 0

export function plainCoreStorage(data: PlainData = new Map()): CoreStorage & { data: PlainData } {
  const toBytes = (value: Writable): Buffer =>
    typeof value === 'string'
      ? Buffer.from(value)
      : value instanceof Uint8Array
        ? Buffer.from(value)
        : Buffer.from(JSON.stringify(value.json))
  const put = (key: string, value: Writable): void => {
    data.set(key, { bytes: toBytes(value), version: String(++versions) })
  }
  const get = async (key: string): Promise<Entry | null> => {
    const found = data.get(key)
    if (!found) return null
    const { bytes, version } = found
    return {
      version,
      bytes: () => Buffer.from(bytes),
      text: () => bytes.toString(),
      json: <T>() => JSON.parse(bytes.toString()) as T,
    }
  }
  const read = async (keys: readonly string[]): Promise<ReadonlyMap<string, Entry>> => {
    const found = await Promise.all(keys.map(async (key) => [key, await get(key)] as const))
    return new Map(found.filter((pair): pair is [string, Entry] => pair[1] !== null))
  }
  const range: CoreStorage['range'] = async (prefix, page) =>
    [...data.keys()]
      .filter((key) => key.startsWith(prefix) && (page?.after === undefined || key > page.after))
      .sort()
      .slice(0, page?.limit ?? 1000)
  const remove = (key: string): void => void data.delete(key)
  const unsupported = (): never => {
    throw new Error('not part of this storage')
  }
  const tx = {
    get,
    read,
    range,
    list: unsupported,
    put,
    delete: remove,
    expect: unsupported,
    scoped: unsupported,
    mark: (key: string) => put(key, ''),
    touch: (key: string) => put(key, ''),
  } as unknown as CoreTx
  return {
    data,
    get,
    read,
    range,
    list: unsupported,
    transaction: <T>(body: (tx: CoreTx) => Promise<T>) => body(tx),
    put: async (key: string, value: Writable) => put(key, value),
    delete: async (key: string) => remove(key),
    scoped: unsupported,
    readRaw: unsupported,
    open: unsupported,
  } as unknown as CoreStorage & { data: PlainData }
}
