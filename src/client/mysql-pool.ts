// A pool of `mysql2/promise` connections whose username and password change: `query`, `execute`,
// `getConnection` and `end` as its pools have them. While credentials change, connections of both may be
// open: up to twice `connectionLimit`. Source: mysql2's documentation of createPool.
import { Generations } from './generations.ts'
import { MOST_CONNECT_TRIES, type RotationOptions, rotation } from './rotating-options.ts'

/** What is used of a connection of mysql2/promise. */
export interface MysqlClient {
  query(...args: never[]): Promise<unknown>
  execute(...args: never[]): Promise<unknown>
  release(): void
  destroy(): void
}

/** What is used of a pool of mysql2/promise. */
export interface MysqlPool<C extends MysqlClient> {
  getConnection(): Promise<C>
  end(): Promise<void>
}

export interface RotatingMysqlPool<C extends MysqlClient> {
  readonly query: C['query']
  readonly execute: C['execute']
  /** A connection of one's own, until its `release`. */
  getConnection(): Promise<C>
  /** Fetches other credentials now; resolves when new connections use them. */
  rotate(): Promise<void>
  /** Resolves when all that runs is done and every connection is closed. */
  end(): Promise<void>
  /** Whom new connections log in as. */
  readonly username: string
}

/** Access denied, account locked (MySQL, MariaDB). */
const isLoginRefused = (error: unknown): boolean =>
  [1045, 1698, 3118, 4151].includes((error as { errno?: number }).errno ?? 0)

/**
 * Fetches the first credentials and connects once. `createPool` is that of mysql2/promise, `config` its
 * options without user and password. Rejects with what the server or the database said.
 */
export async function mysqlPool<Config extends object, C extends MysqlClient>(
  createPool: (config: Config) => MysqlPool<C>,
  config: Config,
  options: RotationOptions,
): Promise<RotatingMysqlPool<C>> {
  const { patienceMs, ...shared } = rotation(options)
  const generations = await Generations.start<MysqlPool<C>>(
    {
      ...shared,
      async open({ username, password }) {
        const pool = createPool({ ...config, user: username, password })
        try {
          ;(await pool.getConnection()).release()
        } catch (error) {
          await pool.end()
          throw error
        }
        return pool
      },
      close: (pool) => pool.end(),
    },
    patienceMs,
  )
  const checkOut = async (): Promise<C> => {
    for (let attempt = 0; ; attempt++) {
      const generation = generations.enter()
      try {
        const connection = await generation.resource.getConnection()
        return leavingOnRelease(connection, () => generations.leave(generation))
      } catch (error) {
        generations.leave(generation)
        if (!isLoginRefused(error) || attempt >= MOST_CONNECT_TRIES) throw error
        await generations.renewAfter(generation, attempt)
      }
    }
  }
  const through =
    (name: 'query' | 'execute') =>
    async (...args: never[]): Promise<unknown> => {
      const connection = await checkOut()
      try {
        return await connection[name](...args)
      } finally {
        connection.release()
      }
    }
  return {
    query: through('query') as C['query'],
    execute: through('execute') as C['execute'],
    getConnection: checkOut,
    rotate: () => generations.rotate(),
    end: () => generations.end(),
    get username() {
      return generations.username
    },
  }
}

/** The connection, whose `release` or `destroy` tells once that it is done; it is the pool's own again then. */
function leavingOnRelease<C extends MysqlClient>(connection: C, leave: () => void): C {
  const { release, destroy } = connection
  const ending = (end: () => void) => () => {
    connection.release = release
    connection.destroy = destroy
    end.call(connection)
    leave()
  }
  connection.release = ending(release)
  connection.destroy = ending(destroy)
  return connection
}
