// rotate-root: a new password of our own user, which nobody but the server knows from then on. Source: Vault's
// API page of the database engine.
import { string } from '../../schema/field.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import type { GivenUp, RotationSchedule } from '../../sdk/rotation.ts'
import { manualSchedule } from '../../sdk/rotation-schedule.ts'
import type { Tx } from '../../sdk/storage.ts'
import { type ConfigRecord, requireConfig } from './config-record.ts'
import { plain, serverFault } from './database-faults.ts'
import { rootRotation } from './rotations.ts'
import { textOf } from './sql-settings.ts'

const { write } = endpoints()

export const rotateRootRows = [
  write('rotate-root/:name', {
    about: "Replaces our own user's password; nobody else learns the new one.",
    params: { name: string('Name of the connection.') },
    handle: async (ctx, { name }) => {
      const { config } = await requireConfig(ctx.storage, name)
      for (const field of ['username', 'password']) {
        if (textOf(config.details[field]) === '') {
          throw serverFault(`unable to rotate root credentials: no ${field} in configuration`)
        }
      }
      if (!(await ctx.rotation.status(rootRotation, name))) {
        await ctx.storage.transaction((tx) =>
          putRootRotation(ctx, tx, name, config, manualSchedule),
        )
      }
      try {
        await ctx.rotation.rotateNow(rootRotation, name, { by: ctx.auth?.displayName ?? '' })
      } catch (error) {
        throw serverFault(`failed to update user: ${plain(error)}`, { cause: error })
      }
      return { empty: true }
    },
  }),
]

/**
 * Tells the rotation service of our own user of a connection; `isMoved` where the server may be another than
 * before. Answers what is given up where the user is another.
 */
export function putRootRotation(
  ctx: RequestContext,
  tx: Tx,
  name: string,
  config: ConfigRecord,
  schedule: RotationSchedule,
  isMoved = false,
): Promise<GivenUp | null> {
  return ctx.rotation.put(tx, rootRotation, {
    id: name,
    item: { name },
    schedule,
    usernames: [textOf(config.details.username)],
    lane: name,
    isMoved,
  })
}
