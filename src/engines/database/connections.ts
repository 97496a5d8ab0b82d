// The open connection of a configuration: built when first used, replaced when the configuration changed, also
// by another process. It carries what else was read from the configuration, so that a request reads it once.
import type { MountContext } from '../../sdk/context.ts'
import { resourceKind } from '../../sdk/resource.ts'
import { type ConfigRecord, requireConfig, unknownPlugin } from './config-record.ts'
import { asApiError, withFaults } from './database-faults.ts'
import type { DatabaseConnection, DatabasePlugin } from './database-plugin.ts'
import { databasePlugin } from './database-plugins.ts'
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

/** Runs the body with the connection of that name; what the plugin throws becomes an ApiError. */
export function useDatabase<T>(
  mount: MountContext,
  name: string,
  body: (database: OpenDatabase) => Promise<T>,
): Promise<T> {
  return withFaults(() => mount.use(openDatabase, name, body))
}

/** A connection that is not shared: the caller closes it. Throws ApiError. */
export function openConfig(mount: MountContext, config: ConfigRecord): OpenDatabase {
  const plugin = databasePlugin(config.pluginName)
  if (!plugin) throw unknownPlugin(config.pluginName)
  try {
    const username = usernameMaker(plugin, config, mount)
    const { clock, random, log } = mount
    const connection = plugin.open(config.pluginName, config.details, { clock, random, log })
    return { plugin, config, connection, username }
  } catch (error) {
    throw asApiError(error)
  }
}
