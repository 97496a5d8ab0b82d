// An `ioredis` client whose username and password change. It has ioredis' commands; each runs on the client
// of the present credentials, and a client is closed when its last command is answered. Pipelines and
// transactions stay on the client that they began on. Subscriptions and `duplicate` are a client's own
// business and not offered: open one with `use`. Source: ioredis' documentation.
import { Generations } from './generations.ts'
import { MOST_CONNECT_TRIES, type RotationOptions, rotation } from './rotating-options.ts'

/** What is used of a client of ioredis. */
export interface RedisClient {
  readonly status: string
  connect(): Promise<void>
  call(command: string, ...args: string[]): Promise<unknown>
  quit(): Promise<unknown>
  disconnect(): void
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** Commands that change the state of one connection, or that wait on it. */
const NOT_SHARED = new Set([
  ...['subscribe', 'psubscribe', 'ssubscribe', 'unsubscribe', 'punsubscribe', 'sunsubscribe'],
  ...['monitor', 'duplicate', 'disconnect', 'quit', 'connect', 'auth', 'select', 'on', 'once'],
])

export type RotatingRedis<R extends RedisClient> = Omit<
  R,
  'disconnect' | 'quit' | 'connect' | 'duplicate' | 'subscribe' | 'psubscribe' | 'monitor' | 'on'
> & {
  /** Runs the body with one client, which stays open until it has ended. */
  use<T>(body: (client: R) => Promise<T>): Promise<T>
  /** Fetches other credentials now; resolves when new commands use them. */
  rotate(): Promise<void>
  /** Resolves when all that runs is done and every connection is closed. */
  end(): Promise<void>
  /** Whom commands run as. */
  readonly username: string
}

/**
 * Fetches the first credentials and connects. `Redis` is that of ioredis, `config` its options without
 * username and password. Rejects with what the server or Redis said.
 */
export async function redisClient<Config extends object, R extends RedisClient>(
  Redis: new (config: Config) => R,
  config: Config,
  options: RotationOptions,
): Promise<RotatingRedis<R>> {
  const { patienceMs, ...shared } = rotation(options)
  const lost = new WeakMap<R, Lost>()
  /** ioredis would try an old password for good, and keep what waits for it. */
  const watch = (client: R): void => {
    lost.set(client, new Set())
    client.on('error', (error) => {
      shared.events.connectionLost?.({ error })
      if (isLoginRefused(error)) void replace(client)
    })
  }
  const replace = async (client: R): Promise<void> => {
    const generation = generations.enter()
    generations.leave(generation)
    try {
      if (generation.resource === client) await generations.renewAfter(generation, 0)
    } catch (error) {
      // ioredis tries again and is refused again, which leads here again.
      shared.events.failed?.({ error: error as Error, retryMs: 0 })
      return
    }
    const now = generations.enter()
    generations.leave(now)
    if (now.resource === client) return
    client.disconnect()
    for (const tell of lost.get(client) ?? [])
      tell(new LoginLost('WRONGPASS the password was replaced'))
  }
  const generations = await Generations.start<R>(
    {
      ...shared,
      open: (login) => open(Redis, config, login, watch),
      async close(client) {
        // One that has no connection would wait for another, which its old password doesn't get.
        if (client.status === 'ready') await client.quit().catch(() => {})
        client.disconnect()
      },
    },
    patienceMs,
  )
  const own = {
    use: <T>(body: (client: R) => Promise<T>) => generations.use(body),
    rotate: () => generations.rotate(),
    end: () => generations.end(),
  }
  return new Proxy(own, {
    get(_target, name) {
      if (Object.hasOwn(own, name)) return own[name as keyof typeof own]
      if (name === 'username') return generations.username
      // Not a promise, and nothing that belongs to one connection.
      if (typeof name !== 'string' || name === 'then' || NOT_SHARED.has(name)) return undefined
      return (...args: unknown[]) => command({ generations, lost }, name, args)
    },
  }) as unknown as RotatingRedis<R>
}

/** Whom to tell, of what waits on a client, that its password was replaced and nothing more is sent. */
type Lost = Set<(error: Error) => void>

/** The outcome, or the loss of the client where that comes first. */
function unlessLost(result: Promise<unknown>, lost: Lost | undefined): Promise<unknown> {
  if (!lost) return result
  return new Promise((resolve, reject) => {
    lost.add(reject)
    result.then(resolve, reject).finally(() => lost.delete(reject))
  })
}

class LoginLost extends Error {}

async function open<Config extends object, R extends RedisClient>(
  Redis: new (config: Config) => R,
  config: Config,
  { username, password }: { readonly username: string; readonly password: string },
  watch: (client: R) => void,
): Promise<R> {
  const client = new Redis({ ...config, username, password, lazyConnect: true })
  const refused = new Promise<never>((_resolve, reject) => {
    client.on('error', (error) => reject(error))
  })
  try {
    await Promise.race([client.connect().then(() => client.call('PING')), refused])
    watch(client)
    return client
  } catch (error) {
    client.disconnect()
    throw error
  } finally {
    refused.catch(() => {})
  }
}

type Called = (...args: unknown[]) => unknown

/** The connection is not logged in: the command was not looked at. */
const isLoginRefused = (error: unknown): boolean =>
  /^(NOAUTH|WRONGPASS)/.test((error as Error).message)

interface Commanded<R extends RedisClient> {
  readonly generations: Generations<R>
  readonly lost: WeakMap<R, Lost>
}

function command<R extends RedisClient>(
  of: Commanded<R>,
  name: string,
  args: unknown[],
  attempt = 0,
): unknown {
  const { generations, lost } = of
  const generation = generations.enter()
  const client = generation.resource as unknown as Record<string, Called>
  let result: unknown
  try {
    if (typeof client[name] !== 'function') throw new TypeError(`ioredis has no command ${name}`)
    result = client[name](...args)
  } catch (error) {
    generations.leave(generation)
    throw error
  }
  if (!isPromise(result)) return leavingAtExec(result, () => generations.leave(generation))
  return unlessLost(result, lost.get(generation.resource))
    .finally(() => generations.leave(generation))
    .catch(async (error) => {
      if (!isLoginRefused(error) || attempt >= MOST_CONNECT_TRIES) throw error
      await generations.renewAfter(generation, attempt)
      return await command(of, name, args, attempt + 1)
    })
}

/** A pipeline or transaction, which is done when it was run. */
function leavingAtExec(pipeline: unknown, leave: () => void): unknown {
  const of = pipeline as { exec?: (...args: unknown[]) => Promise<unknown> } | null
  const exec = of?.exec
  if (!exec) {
    leave()
    return pipeline
  }
  let isDone = false
  of.exec = (...args) =>
    exec.apply(of, args).finally(() => {
      if (!isDone) leave()
      isDone = true
    })
  return pipeline
}

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof (value as { then?: unknown } | null)?.then === 'function' &&
  typeof (value as { finally?: unknown }).finally === 'function'
