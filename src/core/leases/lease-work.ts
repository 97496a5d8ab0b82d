// What leases need of the engines: the kind behind a lease's name and a context of its mount, also while
// the mount is being taken down and serves nobody else any more.
import type { Clock } from '../../base/clock.ts'
import { ApiError } from '../../base/errors.ts'
import { LEASE_REVOKE_SECONDS } from '../../base/limits.ts'
import { DEFAULT_LANE_BOUND, type LeaseKind } from '../../sdk/lease.ts'
import { Unreachable } from '../../sdk/unreachable.ts'
import type { OpenMount } from '../mounts/mount-contexts.ts'
import { type LeaseRecord, laneKeyOf } from './lease-record.ts'

/** Opens a mount by its id; null where the mount and its data are gone for good. */
export type OpenMountOf = (namespaceId: string, mountId: string) => Promise<OpenMount | null>

export class LeaseWork {
  readonly #open: OpenMountOf
  readonly #clock: Clock
  /** Revocations that callers wait for, by lane: they take the connections that are left to requests. */
  readonly #running = new Map<string, number>()
  readonly #waiting = new Map<string, (() => void)[]>()

  constructor(of: { open: OpenMountOf; clock: Clock }) {
    this.#open = of.open
    this.#clock = of.clock
  }

  open(record: LeaseRecord): Promise<OpenMount | null> {
    return this.#open(record.namespaceId, record.mountId)
  }

  /** For a caller who waits; at most a few of a lane at once in this process. */
  async revokeNow(record: LeaseRecord, signal: AbortSignal): Promise<void> {
    const lane = laneKeyOf(record)
    await this.#enter(lane)
    try {
      await this.revoke(await this.open(record), record, signal)
    } finally {
      this.#leave(lane)
    }
  }

  /** Throws `Unreachable` also where no answer came in time, or rejects with the signal's reason. */
  async revoke(mount: OpenMount | null, record: LeaseRecord, signal: AbortSignal): Promise<void> {
    if (!mount) return
    const kind = kindOf(mount, record)
    const own = new AbortController()
    let stop = (): void => undefined
    const over = new Promise<never>((_, reject) => {
      stop = () => own.abort(signal.reason)
      own.signal.addEventListener('abort', () => reject(own.signal.reason), { once: true })
    })
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    const cancel = this.#clock.after(LEASE_REVOKE_SECONDS * 1000, () =>
      own.abort(new Unreachable(`no answer within ${LEASE_REVOKE_SECONDS} seconds`)),
    )
    try {
      await Promise.race([
        kind.revoke(mount.contextFor(own.signal), record.internal as never),
        over,
      ])
    } finally {
      cancel()
      signal.removeEventListener('abort', stop)
    }
  }

  /** How many revocations of the record's lane may run at once. */
  async boundOf(mount: OpenMount, record: LeaseRecord, signal: AbortSignal): Promise<number> {
    const kind = mount.engine.leases?.find(({ name }) => name === record.kind)
    if (!kind?.concurrency) return DEFAULT_LANE_BOUND
    return kind.concurrency(mount.contextFor(signal), record.lane ?? '')
  }

  async renew(
    record: LeaseRecord,
    of: { readonly expiresAtMs: number; readonly incrementSeconds: number },
  ): Promise<void> {
    const mount = await this.open(record)
    const kind = mount && kindOf(mount, record)
    if (!kind?.renew) throw new ApiError(400, ['lease is not renewable'])
    const context = mount!.contextFor(new AbortController().signal)
    await kind.renew(context, record.internal as never, of)
  }

  async ttlsOf(record: LeaseRecord): Promise<{ defaultSeconds: number; maxSeconds: number }> {
    const mount = await this.open(record)
    if (!mount) throw new ApiError(400, ['lease not found'])
    return mount.contextFor(new AbortController().signal).services.ttls()
  }

  async #enter(lane: string): Promise<void> {
    const running = this.#running.get(lane) ?? 0
    if (running < DEFAULT_LANE_BOUND) {
      this.#running.set(lane, running + 1)
      return
    }
    await new Promise<void>((resolve) => {
      const queue = this.#waiting.get(lane)
      if (queue) queue.push(resolve)
      else this.#waiting.set(lane, [resolve])
    })
  }

  /** Hands the place to the next in line, or frees it. */
  #leave(lane: string): void {
    const next = this.#waiting.get(lane)?.shift()
    if (next) {
      next()
      return
    }
    this.#waiting.delete(lane)
    const running = (this.#running.get(lane) ?? 1) - 1
    if (running <= 0) this.#running.delete(lane)
    else this.#running.set(lane, running)
  }
}

function kindOf(mount: OpenMount, record: LeaseRecord): LeaseKind<never> {
  const kind = mount.engine.leases?.find(({ name }) => name === record.kind)
  if (kind) return kind
  throw new ApiError(500, [`${mount.engine.type} knows no lease of the kind "${record.kind}"`])
}
