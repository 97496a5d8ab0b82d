// Headers that the user interface's pages carry, as sys/config/ui/headers keeps them.
import { badRequest } from '../../base/errors.ts'
import type { CoreStorage } from '../store.ts'

const PREFIX = 'core/ui-header/'

const keyOf = (name: string): string => PREFIX + name.toLowerCase()

interface UiHeader {
  readonly name: string
  readonly values: readonly string[]
}

export async function uiHeader(storage: CoreStorage, name: string): Promise<UiHeader | null> {
  return (await storage.get(keyOf(name)))?.json<UiHeader>() ?? null
}

export async function uiHeaderNames(storage: CoreStorage): Promise<readonly string[]> {
  const keys = await storage.range(PREFIX)
  const names: string[] = []
  for (const key of keys) {
    const header = (await storage.get(key))?.json<UiHeader>()
    if (header) names.push(header.name)
  }
  return names
}

/** Throws 400 for what HTTP doesn't take and for the server's own headers. */
export async function setUiHeader(
  storage: CoreStorage,
  name: string,
  values: readonly string[],
): Promise<void> {
  if (/^x-vault-/i.test(name)) throw badRequest('X-Vault headers cannot be set')
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) throw badRequest(`"${name}" is no header name`)
  if (values.length === 0) throw badRequest('header values must be set')
  if (values.some((value) => /[^\t\x20-\x7e]/.test(value))) {
    throw badRequest('header values are printable ASCII')
  }
  await storage.put(keyOf(name), { json: { name, values } })
}

export async function removeUiHeader(storage: CoreStorage, name: string): Promise<void> {
  await storage.delete(keyOf(name))
}
