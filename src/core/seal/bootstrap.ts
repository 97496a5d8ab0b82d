// The first contents of a new store: the built-in mounts of the root namespace and the root token.
import type { Core } from '../core.ts'
import { CORE_EPOCH_KEY, ROOT_NAMESPACE_ID } from '../keys.ts'

/** Answers the initial root token. `id`: a text of one's own, for development servers. */
export async function bootstrap(core: Core, id?: string): Promise<string> {
  await core.storage.transaction(async (tx) => {
    core.namespaces.insertBuiltIns(tx, ROOT_NAMESPACE_ID)
    tx.touch(CORE_EPOCH_KEY)
  })
  return mintRootToken(core, id)
}

/** A root token that never ends, without a parent. */
export async function mintRootToken(core: Core, id?: string): Promise<string> {
  const minted = await core.tokens.mint({
    namespaceId: ROOT_NAMESPACE_ID,
    kind: 'service',
    parent: null,
    entry: { policies: ['root'], path: 'auth/token/root', displayName: 'root' },
    ...(id === undefined ? undefined : { id }),
  })
  return minted.text
}
