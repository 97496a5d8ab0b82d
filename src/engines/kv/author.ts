// Who wrote or deleted a version, kept with it and shown in metadata under the names that Vault uses
// (created_by, deleted_by, last_updated_by). Never a token or its
// accessor, which is a handle on it: an entity's id, or a hash of the accessor.
import { hash } from 'node:crypto'
import type { RequestContext } from '../../sdk/context.ts'

export type Act = 'create' | 'update' | 'patch' | 'delete' | 'undelete' | 'destroy'

export interface Author {
  /** The display name of the token. */
  readonly actor: string
  /** The entity's id, or a hash of the token's accessor where it belongs to no entity; '' for neither. */
  readonly clientId: string
  readonly isEntity: boolean
  readonly act: Act
}

/** null where the request came without a token. */
export function authorOf(ctx: RequestContext, act: Act): Author | null {
  const auth = ctx.auth
  if (auth === null) return null
  const isEntity = auth.entityId !== ''
  return {
    actor: auth.displayName,
    clientId: isEntity ? auth.entityId : hashOf(auth.accessor),
    isEntity,
    act,
  }
}

/** Whoever knows the accessor finds its versions; whoever reads the versions learns no accessor. */
const hashOf = (accessor: string): string =>
  accessor === '' ? '' : hash('sha256', accessor, 'base64url').slice(0, 24)

/** The author as the wire has it. */
export function authorInfo(author: Author): Readonly<Record<string, string>> {
  const { actor, clientId, act } = author
  return author.isEntity
    ? { actor, client_id: clientId, entity_id: clientId, operation: act }
    : { actor, client_id: clientId, operation: act }
}
