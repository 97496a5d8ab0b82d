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
      const why = whyNotRotated(config)
      if (why !== null) throw serverFault(`unable to rotate root credentials: ${why}`)
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
 * Why a new password of our own user would never be used: there is none to replace, or the connection string
 * holds its own, with which nobody could log in from then on. null: it would be.
 */
export function whyNotRotated({ details }: ConfigRecord): string | null {
  for (const field of ['username', 'password']) {
    if (textOf(details[field]) === '') return `no ${field} in configuration`
  }
  const url = textOf(details.connection_url)
  if (url === '') return null
  if (!url.includes('{{password}}')) return 'connection_url does not hold {{password}}'
  const isOurs = url.includes('{{username}}') || url.includes(textOf(details.username))
  return isOurs ? null : 'connection_url logs in as another user than username'
}

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
  const username = textOf(config.details.username)
  return ctx.rotation.put(tx, rootRotation, {
    id: name,
    item: { name },
    schedule,
    usernames: username === '' ? [] : [username],
    lane: name,
    isMoved,
  })
}
