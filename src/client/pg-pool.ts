// A pool of `pg` connections whose username and password change: `query`, `connect` and `end` as pg.Pool has
// them (in their promise form). While credentials change, connections of both may be open: up to twice `max`.
// Source: node-postgres' documentation of pg.Pool.
import { Generations } from './generations.ts'
import { MOST_CONNECT_TRIES, type RotationOptions, rotation } from './rotating-options.ts'

/** What is used of a pg client. */
export interface PgClient {
  query(...args: never[]): unknown
  release(error?: Error | boolean): void
}

/** What is used of a pg.Pool. */
export interface PgPool {
  connect(): Promise<PgClient>
  readonly query: unknown
  end(): Promise<void>
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'connect', listener: (client: PgEmitter) => void): unknown
}

interface PgEmitter {
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** What the promise form of a pool's `connect` answers; pg's types have a form with a callback behind it. */
export type PgClientOf<P extends PgPool> = P['connect'] extends {
  (): Promise<infer C>
  (callback: never): unknown
}
  ? C
  : never

export interface RotatingPgPool<P extends PgPool> {
  /** As pg's, in its promise form: runs one statement on any connection. */
  readonly query: P['query']
  /** As pg's: a client of one's own, until its `release`. */
  connect(): Promise<PgClientOf<P>>
  /** Fetches other credentials now; resolves when new connections use them. */
  rotate(): Promise<void>
  /** Resolves when all that runs is done and every connection is closed. */
  end(): Promise<void>
  /** Whom new connections log in as. */
  readonly username: string
}

/** "28P01": wrong password. "28000": no such role, or it may not log in. */
const isLoginRefused = (error: unknown): boolean =>
  ['28P01', '28000'].includes((error as { code?: string }).code ?? '')

/**
 * Fetches the first credentials and connects once. `Pool` is pg.Pool, `config` its options without user and
 * password. Rejects with what the server or the database said.
 */
export async function pgPool<Config extends object, P extends PgPool>(
  Pool: new (config: Config) => P,
  config: Config,
  options: RotationOptions,
): Promise<RotatingPgPool<P>> {
  const { patienceMs, ...shared } = rotation(options)
  const generations = await Generations.start<P>(
    {
      ...shared,
      async open({ username, password }) {
        const pool = new Pool({ ...config, user: username, password })
        pool.on('error', (error) => shared.events.connectionLost?.({ error }))
        // A server that ends a connection in the moment in which it closes must not end the program.
        pool.on('connect', (client) => client.on('error', () => {}))
        try {
          ;(await pool.connect()).release()
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
  const checkOut = async (): Promise<PgClient> => {
    for (let attempt = 0; ; attempt++) {
      const generation = generations.enter()
      try {
        return leavingOnRelease(await generation.resource.connect(), () =>
          generations.leave(generation),
        )
      } catch (error) {
        generations.leave(generation)
        if (!isLoginRefused(error) || attempt >= MOST_CONNECT_TRIES) throw error
        await generations.renewAfter(generation, attempt)
      }
    }
  }
  const query = async (...args: never[]): Promise<unknown> => {
    const client = await checkOut()
    let failure: Error | undefined
    try {
      return await client.query(...args)
    } catch (error) {
      failure = error as Error
      throw error
    } finally {
      // As pg.Pool.query: a connection whose query failed is not given to the next.
      client.release(failure)
    }
  }
  return {
    query,
    connect: checkOut as () => Promise<PgClientOf<P>>,
    rotate: () => generations.rotate(),
    end: () => generations.end(),
    get username() {
      return generations.username
    },
  }
}

/** The client, whose `release` tells once that it is done. pg makes a new `release` at every check-out. */
function leavingOnRelease(client: PgClient, leave: () => void): PgClient {
  const release = client.release.bind(client)
  let isReleased = false
  client.release = (error) => {
    release(error)
    if (!isReleased) leave()
    isReleased = true
  }
  return client
}
