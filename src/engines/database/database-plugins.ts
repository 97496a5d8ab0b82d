// Which plugin serves a `plugin_name`. A new database is one folder and one line here.
import type { DatabasePlugin } from './database-plugin.ts'
import { mysql } from './mysql/mysql.ts'
import { postgresql } from './postgresql/postgresql-plugin.ts'
import { redis } from './redis/redis.ts'

export const databasePlugins: readonly DatabasePlugin[] = [postgresql, mysql, redis]

const byName: ReadonlyMap<string, DatabasePlugin> = new Map(
  databasePlugins.flatMap((plugin) => plugin.names.map((name) => [name, plugin] as const)),
)

/** null where no plugin has that name. */
export const databasePlugin = (name: string): DatabasePlugin | null => byName.get(name) ?? null
