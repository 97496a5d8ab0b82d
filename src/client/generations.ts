// A resource (a pool) under credentials that change. Each set of credentials has a generation of its own: a
// new one is opened and proven before anybody uses it, the old one is closed when the last that uses it is
// done. So nobody waits at a change, and nothing that runs is cut off.
// A failed login on a new connection means that the credentials were replaced or ended meanwhile: `renewAfter`
// fetches others, and the connection is tried again; nothing had been sent.
import { sleepAwake, systemClock } from '../base/clock.ts'
import { systemRandom } from '../base/random.ts'
import { type Credentials, fetchCredentials, renewLease, revokeLease } from './credentials.ts'
import { type ServerCalls, ServerUnavailable } from './server-calls.ts'

/** What can be listened to; none of it holds a secret. */
export interface RotationEvents {
  /** New credentials are in use. */
  rotated?(event: {
    readonly username: string
    readonly endsAt: Date
    readonly count: number
  }): void
  /** The lease of the present ones lasts longer. */
  renewed?(event: { readonly username: string; readonly endsAt: Date }): void
  /** What used old credentials is done, and its connections are closed. */
  drained?(event: { readonly username: string }): void
  /** Something failed and is tried again, in `retryMs`; the present credentials stay in use. */
  failed?(event: { readonly error: Error; readonly retryMs: number }): void
  /** A connection broke while nobody used it. */
  connectionLost?(event: { readonly error: Error }): void
}

export interface GenerationOptions<R> {
  readonly server: ServerCalls
  readonly path: string
  readonly events: RotationEvents
  /** Whether to end leases that are no longer used, rather than to let them expire. */
  readonly revokes: boolean
  /** Opens a resource and proves that the login works; rejects otherwise. */
  open(login: { readonly username: string; readonly password: string }): Promise<R>
  /** Ends it; nothing of it is in use. */
  close(resource: R): Promise<void>
}

export class Generation<R> {
  readonly resource: R
  credentials: Credentials
  inUse = 0
  isRetired = false
  /** Resolves when it was retired, nobody uses it and its resource is closed. */
  readonly closed: Promise<void>
  markClosed: () => void = () => {}

  constructor(resource: R, credentials: Credentials) {
    this.resource = resource
    this.credentials = credentials
    this.closed = new Promise((resolve) => {
      this.markClosed = resolve
    })
  }
}

const FIRST_RETRY_MS = 200
const LONGEST_RETRY_MS = 15_000
/** The part of a life after which it is renewed or replaced. */
const RENEW_AT = 2 / 3
/** At least this long between two fetches, so that a life of zero never spins. */
const SHORTEST_WAIT_MS = 200
/** How often new credentials are tried before the caller hears why they don't work. */
const MOST_LOGIN_TRIES = 6

export class Generations<R> {
  readonly #options: GenerationOptions<R>
  readonly #retired = new Set<Generation<R>>()
  readonly #stop = new AbortController()
  #current: Generation<R>
  #changing: Promise<void> | null = null
  #count = 1

  private constructor(options: GenerationOptions<R>, first: Generation<R>) {
    this.#options = options
    this.#current = first
  }

  /** Fetches the first credentials; tries again while the server can't answer, up to `patienceMs`. */
  static async start<R>(
    options: GenerationOptions<R>,
    patienceMs: number,
  ): Promise<Generations<R>> {
    const until = systemClock.now() + patienceMs
    for (let retryMs = FIRST_RETRY_MS; ; retryMs = longer(retryMs)) {
      try {
        const credentials = await fetchCredentials(options.server, options.path)
        let resource: R
        try {
          resource = await options.open(credentials)
        } catch (error) {
          // A program that is started again and again must not leave a user behind each time.
          await revokeLease(options.server, credentials).catch(() => {})
          throw error
        }
        const generations = new Generations(options, new Generation(resource, credentials))
        generations.#announce()
        void generations.#keepFresh()
        return generations
      } catch (error) {
        const isHopeless = !isPassing(error) || systemClock.now() + retryMs > until
        if (isHopeless) throw error
        options.events.failed?.({ error: error as Error, retryMs })
        await sleepAwake(retryMs)
      }
    }
  }

  get username(): string {
    return this.#current.credentials.username
  }

  /** Takes part in the present generation until `leave`. */
  enter(): Generation<R> {
    if (this.#stop.signal.aborted) throw new Error('the pool was ended')
    this.#current.inUse++
    return this.#current
  }

  leave(generation: Generation<R>): void {
    generation.inUse--
    if (generation.isRetired && generation.inUse === 0) void this.#close(generation)
  }

  /** Runs the body with the present resource, which stays until it has ended. */
  async use<T>(body: (resource: R) => Promise<T>): Promise<T> {
    const generation = this.enter()
    try {
      return await body(generation.resource)
    } finally {
      this.leave(generation)
    }
  }

  /** Fetches credentials now; resolves when they are in use. One change at a time: callers share it. */
  rotate(): Promise<void> {
    this.#changing ??= this.#change().finally(() => {
      this.#changing = null
    })
    return this.#changing
  }

  /** A login with the generation's credentials was refused: resolves when there are others. */
  async renewAfter(generation: Generation<R>, attempt: number): Promise<void> {
    if (generation !== this.#current) return
    if (attempt > 0) await sleepAwake(jittered(FIRST_RETRY_MS * 2 ** attempt), this.#stop.signal)
    if (generation !== this.#current) return
    await this.rotate().catch((error) => {
      // The server is away for a while: the next attempt may find it again.
      if (!isPassing(error)) throw error
      this.#options.events.failed?.({ error, retryMs: 0 })
    })
  }

  /** Stops; resolves when everything in use is done and closed. */
  async end(): Promise<void> {
    this.#stop.abort(new Error('the pool was ended'))
    await this.#changing?.catch(() => {})
    if (!this.#current.isRetired) this.#retire(this.#current)
    await Promise.all([...this.#retired].map((generation) => generation.closed))
  }

  async #change(): Promise<void> {
    const { server, path, events } = this.#options
    for (let attempt = 0; ; attempt++) {
      this.#stop.signal.throwIfAborted()
      const credentials = await fetchCredentials(server, path)
      const old = this.#current
      if (
        credentials.leaseId === null &&
        credentials.username === old.credentials.username &&
        credentials.password === old.credentials.password
      ) {
        // A static role that was not rotated yet: only its time is news.
        old.credentials = credentials
        return
      }
      let resource: R
      try {
        resource = await this.#options.open(credentials)
      } catch (error) {
        // Replaced again in between, or the database is not there: the present ones stay in use.
        await revokeLease(server, credentials).catch(() => {})
        if (attempt + 1 >= MOST_LOGIN_TRIES || this.#stop.signal.aborted) throw error
        const retryMs = jittered(FIRST_RETRY_MS * 2 ** attempt)
        events.failed?.({ error: error as Error, retryMs })
        await sleepAwake(retryMs, this.#stop.signal)
        continue
      }
      this.#current = new Generation(resource, credentials)
      this.#count++
      this.#announce()
      this.#retire(old)
      return
    }
  }

  #announce(): void {
    const { username, endsAtMs } = this.#current.credentials
    this.#options.events.rotated?.({ username, endsAt: new Date(endsAtMs), count: this.#count })
  }

  #retire(generation: Generation<R>): void {
    generation.isRetired = true
    this.#retired.add(generation)
    if (generation.inUse === 0) void this.#close(generation)
  }

  async #close(generation: Generation<R>): Promise<void> {
    const { server, events, revokes, close } = this.#options
    const { username } = generation.credentials
    try {
      await close(generation.resource)
      events.drained?.({ username })
      if (revokes) await revokeLease(server, generation.credentials)
    } catch (error) {
      // The lease ends by itself.
      events.failed?.({ error: error as Error, retryMs: 0 })
    }
    this.#retired.delete(generation)
    generation.markClosed()
  }

  /** Renews or replaces in time, for as long as the pool lives. */
  async #keepFresh(): Promise<void> {
    const { signal } = this.#stop
    let retryMs = 0
    while (!signal.aborted) {
      try {
        await systemClock.sleep(retryMs || this.#untilNextMs(), signal)
        await this.#freshen()
        retryMs = 0
      } catch (error) {
        if (signal.aborted) return
        retryMs = jittered(longer(retryMs))
        this.#options.events.failed?.({ error: error as Error, retryMs })
      }
    }
  }

  #untilNextMs(): number {
    const { leaseId, endsAtMs, lifeMs } = this.#current.credentials
    // A static password is replaced at its end and no sooner; what is told just before is the old one.
    const atMs = leaseId === null ? endsAtMs : endsAtMs - lifeMs * (1 - RENEW_AT)
    return Math.max(SHORTEST_WAIT_MS, atMs - systemClock.now())
  }

  async #freshen(): Promise<void> {
    const generation = this.#current
    const { credentials } = generation
    if (credentials.isRenewable) {
      const endsAtMs = await renewLease(this.#options.server, credentials).catch((error) => {
        // Refused: the lease is gone or at its end. Unavailable: tried again, while time is left.
        if (isPassing(error) && systemClock.now() < credentials.endsAtMs) throw error
        return 0
      })
      const leftMs = endsAtMs - systemClock.now()
      if (leftMs > credentials.lifeMs / 2) {
        generation.credentials = { ...credentials, endsAtMs }
        const { username } = credentials
        this.#options.events.renewed?.({ username, endsAt: new Date(endsAtMs) })
        return
      }
    }
    if (generation === this.#current) await this.rotate()
  }
}

const longer = (ms: number): number => Math.min(Math.max(FIRST_RETRY_MS, ms * 2), LONGEST_RETRY_MS)
/** Between half and the whole: many applications that lost one server don't come back as one. */
const jittered = (ms: number): number => ms * (0.5 + systemRandom.fraction() / 2)
const isPassing = (error: unknown): boolean => error instanceof ServerUnavailable
