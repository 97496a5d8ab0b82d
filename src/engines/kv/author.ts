// Who wrote or deleted a version, kept with it and shown in metadata under the names that Vault uses
// (created_by, deleted_by, last_updated_by). Never a token: an entity's id or a token's accessor.
import type { RequestContext } from '../../sdk/context.ts'

export type Act = 'create' | 'update' | 'patch' | 'delete' | 'undelete' | 'destroy'

export interface Author {
  /** The display name of the token. */
  readonly actor: string
  /** The entity's id, or the token's accessor where it belongs to no entity; '' for neither. */
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
    clientId: isEntity ? auth.entityId : auth.accessor,
    isEntity,
    act,
  }
}

/** The author as the wire has it. */
export function authorInfo(author: Author): Readonly<Record<string, string>> {
  const { actor, clientId, act } = author
  return author.isEntity
    ? { actor, client_id: clientId, entity_id: clientId, operation: act }
    : { actor, client_id: clientId, operation: act }
}
