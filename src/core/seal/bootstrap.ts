// The first contents of a new store: the built-in mounts of the root namespace, the root token, and the
// unseal key behind the barrier (sys/rotate/root wraps a new root key under it).
import type { Core } from '../core.ts'
import { CORE_EPOCH_KEY, ROOT_NAMESPACE_ID, UNSEAL_KEY_KEY } from '../keys.ts'
import { parseTokenText } from '../tokens/token-text.ts'

/** Answers the initial root token. `id`: a text of one's own, for development servers. */
export async function writeFirstContents(
  core: Core,
  unsealKey: Buffer,
  id?: string,
): Promise<string> {
  await core.storage.transaction(async (tx) => {
    core.namespaces.insertBuiltIns(tx, ROOT_NAMESPACE_ID)
    tx.put(UNSEAL_KEY_KEY, unsealKey)
    tx.touch(CORE_EPOCH_KEY)
  })
  if (id === undefined) return mintRootToken(core, {})
  // A text in the form of our own tokens can't be asked for as an id.
  return mintRootToken(core, parseTokenText(id)?.body === id ? { id } : { text: id })
}

/** A root token that never ends, without a parent; `text` is one made by core.tokens.newText. */
export async function mintRootToken(
  core: Core,
  of: { readonly id?: string; readonly text?: string },
): Promise<string> {
  const minted = await core.tokens.mint({
    namespaceId: ROOT_NAMESPACE_ID,
    kind: 'service',
    parent: null,
    entry: { policies: ['root'], path: 'auth/token/root', displayName: 'root' },
    ...of,
  })
  return minted.text
}
