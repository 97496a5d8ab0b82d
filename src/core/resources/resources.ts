// Long-lived things built from a mount's configuration (connection pools, parsed keys). One is reused only
// while every entry that its build read still has the version it read, also when another process changed
// it; it is disposed after its last user, when idle, on unmount and on seal.
import type { Clock } from '../../base/clock.ts'
import { MAX_RESOURCES } from '../../base/limits.ts'
import type { MountContext } from '../../sdk/context.ts'
import type { Log } from '../../sdk/log.ts'
import type { ResourceKind } from '../../sdk/resource.ts'
import type { Storage } from '../../sdk/storage.ts'
import { TrackedStorage } from './tracked-storage.ts'

interface Slot {
  readonly kind: ResourceKind<unknown>
  readonly tracked: TrackedStorage
  readonly built: Promise<unknown>
  users: number
  isRetired: boolean
  hasFailed: boolean
  stopIdle: (() => void) | null
}

export class Resources {
  readonly #slots = new Map<string, Slot>()
  readonly #clock: Clock
  readonly #log: Log
  readonly #most: number

  /** `most`: how many are kept, whether used or not; what is used is never ended for it. */
  constructor(clock: Clock, log: Log, most = MAX_RESOURCES) {
    this.#clock = clock
    this.#log = log
    this.#most = most
  }

  async use<R, T>(
    mount: MountContext,
    kind: ResourceKind<R>,
    key: string,
    body: (resource: R) => Promise<T>,
  ): Promise<T> {
    const name = `${mount.mount.id} ${kind.name} ${key}`
    const slot = await this.#enter(mount, kind as ResourceKind<unknown>, name, key)
    try {
      return await body((await slot.built) as R)
    } finally {
      slot.users--
      this.#release(name, slot)
    }
  }

  /** Ends what belongs to a mount (unmount), or everything (seal). */
  async dispose(mountId?: string): Promise<void> {
    for (const [name, slot] of [...this.#slots]) {
      if (mountId === undefined || name.startsWith(`${mountId} `)) this.#retire(name, slot)
    }
  }

  /** A slot that already counts its new user, so that nobody disposes it in between. */
  async #enter(
    mount: MountContext,
    kind: ResourceKind<unknown>,
    name: string,
    key: string,
  ): Promise<Slot> {
    const known = this.#slots.get(name)
    if (known && (await known.tracked.stillStands())) {
      if (this.#slots.get(name) === known) return entered(known)
    } else if (known) this.#retire(name, known)
    const raced = this.#slots.get(name)
    if (raced && raced !== known) return entered(raced)
    const tracked = new TrackedStorage(mount.storage)
    const slot: Slot = {
      kind,
      tracked,
      built: kind.build(withStorage(mount, tracked), key),
      users: 1,
      isRetired: false,
      hasFailed: false,
      stopIdle: null,
    }
    this.#makeRoom()
    this.#slots.set(name, slot)
    slot.built.catch(() => {
      slot.hasFailed = true
      if (this.#slots.get(name) === slot) this.#slots.delete(name)
    })
    return slot
  }

  /** Ends the oldest of those that nobody uses, where there are too many. */
  #makeRoom(): void {
    if (this.#slots.size < this.#most) return
    for (const [name, slot] of this.#slots) {
      if (slot.users > 0) continue
      this.#retire(name, slot)
      return
    }
  }

  #retire(name: string, slot: Slot): void {
    if (this.#slots.get(name) === slot) this.#slots.delete(name)
    slot.isRetired = true
    this.#release(name, slot)
  }

  #release(name: string, slot: Slot): void {
    // What was never built has nothing to dispose, and is remembered by nobody.
    if (slot.users > 0 || slot.hasFailed) return
    if (slot.isRetired) {
      slot.stopIdle?.()
      void this.#dispose(slot)
      return
    }
    slot.stopIdle ??= this.#clock.after(slot.kind.idleMs, () => this.#retire(name, slot))
  }

  async #dispose(slot: Slot): Promise<void> {
    let resource: unknown
    try {
      resource = await slot.built
    } catch {
      // Whoever asked for it was told why.
      return
    }
    try {
      await slot.kind.dispose(resource)
    } catch (error) {
      this.#log.warn('resource was not disposed', { kind: slot.kind.name, err: error })
    }
  }
}

function entered(slot: Slot): Slot {
  slot.users++
  slot.stopIdle?.()
  slot.stopIdle = null
  return slot
}

/** The same context with another storage. A context has private fields, so it can't be a prototype. */
function withStorage(mount: MountContext, storage: Storage): MountContext {
  return new Proxy(mount, {
    get(target, name) {
      if (name === 'storage') return storage
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
