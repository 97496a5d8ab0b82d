// backup and restore of one key.
import { badRequest } from '../../base/errors.ts'
import { boolean, string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { backUpKey, restoreKey } from './backup.ts'
import { checkName, nameParam } from './key-name.ts'

const { read, write } = endpoints()

const restoreInput = {
  backup: string('What backup answered.', { secret: true }),
  force: boolean('Replace a key of that name.', { default: false }),
}

export const backupRows = [
  read('backup/:name', {
    about: 'The whole key in the clear, where its settings allow it.',
    params: nameParam,
    output: { backup: string('All of it, for restore.', { secret: true }) },
    handle: async (ctx, { name }) => ({ data: { backup: await backUpKey(ctx, checkName(name)) } }),
  }),
  write('restore', {
    about: 'Makes the key of a backup under its own name.',
    input: restoreInput,
    handle: (ctx, of) => restore(ctx, { ...of, name: '' }),
  }),
  write('restore/:name', {
    about: 'Makes the key of a backup under another name.',
    params: nameParam,
    input: restoreInput,
    handle: (ctx, of) => restore(ctx, of),
  }),
]

async function restore(
  ctx: RequestContext,
  of: { readonly name: string; readonly backup: string | undefined; readonly force: boolean },
): Promise<Answer> {
  if (!of.backup) throw badRequest("'backup' must be supplied")
  await restoreKey(ctx, of.name, of.backup, of.force)
  return { empty: true }
}
