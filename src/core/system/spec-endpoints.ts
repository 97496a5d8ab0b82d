// sys/internal/specs/openapi: the API as the endpoint tables define it, for the mounts that the caller may
// use; with generic_mount_paths each mount's path is a parameter.
import { boolean, string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import { hasRightBelow } from '../policies/acl-views.ts'
import type { CoreContext } from '../request-context.ts'
import { type DocumentedMount, openApiDocument } from './openapi.ts'

const { read, write } = endpoints<CoreContext>()

const input = {
  generic_mount_paths: boolean('Put a parameter in place of mount paths.', { default: false }),
  context: string('Accepted for compatibility.'),
}

async function specification(ctx: CoreContext, isGeneric: boolean): Promise<Answer> {
  const { mounts } = await ctx.view.table(ctx.place.namespace)
  const shown: DocumentedMount[] = []
  for (const mount of mounts) {
    const { path, type } = mount.record
    const isVisible =
      ctx.caller !== null && hasRightBelow(ctx.caller.acl, `${ctx.place.namespace.path}${path}`)
    if (!isVisible && type !== 'system') continue
    const isFixed = type === 'system' || type === 'cubbyhole' || type === 'token'
    const name = `{${type.replaceAll('-', '_')}_mount_path}/`
    const prefix =
      !isGeneric || isFixed ? path : mount.record.class === 'auth' ? `auth/${name}` : name
    shown.push({ prefix, mount, rows: mount.routes.rows })
  }
  return { data: openApiDocument(shown) }
}

export const specEndpoints: readonly Row<CoreContext>[] = [
  read('internal/specs/openapi', {
    about: 'The OpenAPI document of this server.',
    auth: 'none',
    effects: false,
    envelope: 'none',
    input,
    handle: (ctx, { generic_mount_paths }) => specification(ctx, generic_mount_paths),
  }),
  write('internal/specs/openapi', {
    about: 'The OpenAPI document of this server.',
    auth: 'none',
    effects: false,
    envelope: 'none',
    input,
    handle: (ctx, { generic_mount_paths }) => specification(ctx, generic_mount_paths),
  }),
]
