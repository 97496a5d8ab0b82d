// An `ioredis` client whose username and password change. It has ioredis' commands; each runs on the client
// of the present credentials, and a client is closed when its last command is answered. Pipelines and
// transactions stay on the client that they began on. Subscriptions and `duplicate` are a client's own
// business and not offered: open one with `use`. Source: ioredis' documentation.
import { Generations } from './generations.ts'
import { MOST_CONNECT_TRIES, type RotationOptions, rotation } from './rotating-options.ts'

/** What is used of a client of ioredis. */
export interface RedisClient {
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
  const generations = await Generations.start<R>(
    {
      ...shared,
      open: (login) =>
        open(Redis, config, login, (error) => shared.events.connectionLost?.({ error })),
      async close(client) {
        await client.quit().catch(() => {})
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
      return (...args: unknown[]) => command(generations, name, args)
    },
  }) as unknown as RotatingRedis<R>
}

async function open<Config extends object, R extends RedisClient>(
  Redis: new (config: Config) => R,
  config: Config,
  { username, password }: { readonly username: string; readonly password: string },
  onError: (error: Error) => void,
): Promise<R> {
  const client = new Redis({ ...config, username, password, lazyConnect: true })
  let refusal: Error | undefined
  client.on('error', (error) => {
    refusal ??= error
    onError(error)
  })
  try {
    await client.connect()
    await client.call('PING')
    return client
  } catch (error) {
    client.disconnect()
    throw refusal ?? error
  }
}

type Called = (...args: unknown[]) => unknown

/** The connection is not logged in: the command was not looked at. */
const isLoginRefused = (error: unknown): boolean =>
  /^(NOAUTH|WRONGPASS)/.test((error as Error).message)

function command<R extends RedisClient>(
  generations: Generations<R>,
  name: string,
  args: unknown[],
  attempt = 0,
): unknown {
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
  return result
    .finally(() => generations.leave(generation))
    .catch(async (error) => {
      if (!isLoginRefused(error) || attempt >= MOST_CONNECT_TRIES) throw error
      await generations.renewAfter(generation, attempt)
      return await command(generations, name, args, attempt + 1)
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
