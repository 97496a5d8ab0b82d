// What leases need of the engines: the kind behind a lease's name and a context of its mount, also while
// the mount is being taken down and serves nobody else any more.
import { ApiError } from '../../base/errors.ts'
import type { MountContext } from '../../sdk/context.ts'
import type { LeaseKind } from '../../sdk/lease.ts'
import type { Engine } from '../../sdk/plugin.ts'
import type { LeaseRecord } from './lease-record.ts'

/** Builds the context of a mount by its id; null where the mount and its data are gone for good. */
export type ContextOfMount = (
  namespaceId: string,
  mountId: string,
  signal: AbortSignal,
) => Promise<{ readonly engine: Engine; readonly context: MountContext } | null>

/** How many revocations of one mount run at once: a slow database must not be flooded. */
const MAX_PER_MOUNT = 4

export class LeaseWork {
  readonly #contextOf: ContextOfMount
  readonly #running = new Map<string, number>()
  readonly #waiting = new Map<string, (() => void)[]>()

  constructor(contextOf: ContextOfMount) {
    this.#contextOf = contextOf
  }

  async revoke(record: LeaseRecord, signal: AbortSignal): Promise<void> {
    await this.#enter(record.mountId)
    try {
      const found = await this.#find(record, signal)
      if (found) await found.kind.revoke(found.context, record.internal as never)
    } finally {
      this.#leave(record.mountId)
    }
  }

  async renew(
    record: LeaseRecord,
    of: { readonly expiresAtMs: number; readonly incrementSeconds: number },
  ): Promise<void> {
    const found = await this.#find(record, new AbortController().signal)
    if (!found?.kind.renew) throw new ApiError(400, ['lease is not renewable'])
    await found.kind.renew(found.context, record.internal as never, of)
  }

  async ttlsOf(record: LeaseRecord): Promise<{ defaultSeconds: number; maxSeconds: number }> {
    const found = await this.#find(record, new AbortController().signal)
    if (!found) throw new ApiError(400, ['lease not found'])
    return found.context.services.ttls()
  }

  async #find(
    record: LeaseRecord,
    signal: AbortSignal,
  ): Promise<{ kind: LeaseKind<never>; context: MountContext } | null> {
    const mount = await this.#contextOf(record.namespaceId, record.mountId, signal)
    if (!mount) return null
    const kind = mount.engine.leases?.find(({ name }) => name === record.kind)
    if (!kind) {
      throw new ApiError(500, [`${mount.engine.type} knows no lease of the kind "${record.kind}"`])
    }
    return { kind, context: mount.context }
  }

  async #enter(mountId: string): Promise<void> {
    const running = this.#running.get(mountId) ?? 0
    if (running < MAX_PER_MOUNT) {
      this.#running.set(mountId, running + 1)
      return
    }
    await new Promise<void>((resolve) => {
      const queue = this.#waiting.get(mountId)
      if (queue) queue.push(resolve)
      else this.#waiting.set(mountId, [resolve])
    })
  }

  /** Hands the place to the next in line, or frees it. */
  #leave(mountId: string): void {
    const next = this.#waiting.get(mountId)?.shift()
    if (next) {
      next()
      return
    }
    this.#waiting.delete(mountId)
    const running = (this.#running.get(mountId) ?? 1) - 1
    if (running <= 0) this.#running.delete(mountId)
    else this.#running.set(mountId, running)
  }
}
