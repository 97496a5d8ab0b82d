// The open connection of a configuration: built when first used, replaced when the configuration changed, also
// by another process. It carries what else was read from the configuration, so that a request reads it once.
import type { MountContext } from '../../sdk/context.ts'
import { resourceKind } from '../../sdk/resource.ts'
import { type ConfigRecord, findConfig, requireConfig, unknownPlugin } from './config-record.ts'
import { asApiError, withFaults } from './database-faults.ts'
import type { DatabaseConnection, DatabasePlugin } from './database-plugin.ts'
import { databasePlugin } from './database-plugins.ts'
import { FollowingConnection } from './following-connection.ts'
import { type UsernameMaker, usernameMaker } from './username.ts'

export interface OpenDatabase {
  readonly plugin: DatabasePlugin
  readonly config: ConfigRecord
  readonly connection: DatabaseConnection
  readonly username: UsernameMaker
}

/** Sessions that nobody uses for so long are ended. */
const IDLE_MS = 5 * 60_000

const openDatabase = resourceKind<OpenDatabase>('database', {
  idleMs: IDLE_MS,
  build: async (mount, name) => {
    const { config } = await requireConfig(mount.storage, name)
    return openConfig(mount, config)
  },
  dispose: ({ connection }) => connection.close(),
})

/**
 * Runs the body with the connection of that name, which follows a replacement of our own password; what the
 * plugin throws becomes an ApiError.
 */
export function useDatabase<T>(
  mount: MountContext,
  name: string,
  body: (database: OpenDatabase) => Promise<T>,
): Promise<T> {
  return useDatabaseAsIs(mount, name, (database) => {
    const connection = new FollowingConnection(database.connection, {
      mount,
      isReplaced: async () => {
        const stored = await findConfig(mount.storage, name)
        return JSON.stringify(stored?.config.details) !== JSON.stringify(database.config.details)
      },
      rotation: () => mount.rotation.status(OWN_USER, name),
      useNew: (call) => mount.use(openDatabase, name, (now) => call(now.connection)),
    })
    return body({ ...database, connection })
  })
}

/** For the replacement of our own password itself. */
export function useDatabaseAsIs<T>(
  mount: MountContext,
  name: string,
  body: (database: OpenDatabase) => Promise<T>,
): Promise<T> {
  return withFaults(() => mount.use(openDatabase, name, body))
}

/** The kind of the rotation of our own user (rotations.ts). */
export const OWN_USER = { name: 'config' } as const

/** A connection that is not shared: the caller closes it. Throws ApiError. */
export function openConfig(mount: MountContext, config: ConfigRecord): OpenDatabase {
  const plugin = databasePlugin(config.pluginName)
  if (!plugin) throw unknownPlugin(config.pluginName)
  try {
    const username = usernameMaker(plugin, config, mount)
    const { clock, random, log } = mount
    const tools = { clock, random, log, processes: mount.services.processes }
    const connection = plugin.open(config.pluginName, config.details, tools)
    return { plugin, config, connection, username }
  } catch (error) {
    throw asApiError(error)
  }
}
