// Long-lived things built from a mount's configuration (connection pools, parsed keys). One is reused only
// while every entry that its build read still has the version it read, also when another process changed
// it; it is disposed after its last user, when idle, on unmount and on seal.
import type { Clock } from '../../base/clock.ts'
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
  stopIdle: (() => void) | null
}

export class Resources {
  readonly #slots = new Map<string, Slot>()
  readonly #clock: Clock
  readonly #log: Log

  constructor(clock: Clock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  async use<R, T>(
    mount: MountContext,
    kind: ResourceKind<R>,
    key: string,
    body: (resource: R) => Promise<T>,
  ): Promise<T> {
    const name = `${mount.mount.id} ${kind.name} ${key}`
    const slot = await this.#slotOf(mount, kind as ResourceKind<unknown>, name, key)
    slot.users++
    slot.stopIdle?.()
    slot.stopIdle = null
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

  async #slotOf(
    mount: MountContext,
    kind: ResourceKind<unknown>,
    name: string,
    key: string,
  ): Promise<Slot> {
    const known = this.#slots.get(name)
    if (known && (await known.tracked.stillStands())) {
      if (this.#slots.get(name) === known) return known
    } else if (known) this.#retire(name, known)
    const raced = this.#slots.get(name)
    if (raced && raced !== known) return raced
    const tracked = new TrackedStorage(mount.storage)
    const view = withStorage(mount, tracked)
    const slot: Slot = {
      kind,
      tracked,
      built: kind.build(view, key),
      users: 0,
      isRetired: false,
      stopIdle: null,
    }
    this.#slots.set(name, slot)
    slot.built.catch(() => {
      if (this.#slots.get(name) === slot) this.#slots.delete(name)
    })
    return slot
  }

  #retire(name: string, slot: Slot): void {
    if (this.#slots.get(name) === slot) this.#slots.delete(name)
    slot.isRetired = true
    this.#release(name, slot)
  }

  #release(name: string, slot: Slot): void {
    if (slot.users > 0) return
    if (slot.isRetired) {
      slot.stopIdle?.()
      void slot.built
        .then((resource) => slot.kind.dispose(resource))
        .catch((error) =>
          this.#log.warn('resource was not disposed', { kind: slot.kind.name, err: error }),
        )
      return
    }
    slot.stopIdle ??= this.#clock.after(slot.kind.idleMs, () => this.#retire(name, slot))
  }
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
