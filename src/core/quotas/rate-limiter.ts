// Rate limits hold for a host, whichever of its processes a client's connection ended up at. One process
// counts by itself. Of several, the supervisor counts and workers take requests from it in small blocks, so
// that a limit is never passed and most requests need no question.
import type { Clock } from '../../base/clock.ts'
import { busTopic, type HostBus } from '../host-bus.ts'
import type { RateLimitRule } from './quota-rule.ts'
import { type RateAsk, type RateGrant, RateWindows } from './rate-windows.ts'

const takeTopic = busTopic<RateAsk, RateGrant>('rate.take')

/** A block is this part of the limit, so that what idle workers hold back stays small. */
const BLOCK_PART = 16
const LARGEST_BLOCK = 64
const MOST_BLOCKS = 50_000

/** Makes the supervisor of several processes count for all of them. */
export function keepRates(bus: HostBus, clock: Clock): void {
  const windows = new RateWindows(() => clock.monotonic())
  bus.answer(takeTopic, (ask) => windows.take(ask))
}

/** What a worker took from the supervisor and has not used. */
interface Block {
  granted: number
  left: number
  readonly resetAtMs: number
  readonly blockedUntilMs: number
}

export class RateLimiter {
  readonly #bus: HostBus
  readonly #clock: Clock
  readonly #windows: RateWindows
  readonly #blocks = new Map<string, Block>()

  constructor(of: { bus: HostBus; clock: Clock }) {
    this.#bus = of.bus
    this.#clock = of.clock
    this.#windows = new RateWindows(() => of.clock.monotonic())
  }

  /** One request of that address. A promise only where the supervisor has to be asked. */
  take(rule: RateLimitRule, address: string): RateGrant | Promise<RateGrant> {
    const ask: RateAsk = {
      key: `${rule.id} ${address}`,
      rate: rule.rate,
      intervalMs: rule.intervalSeconds * 1000,
      blockMs: rule.blockSeconds * 1000,
      want: 1,
    }
    return this.#bus.self === 0 ? this.#windows.take(ask) : this.#takeShared(ask)
  }

  #takeShared(ask: RateAsk): RateGrant | Promise<RateGrant> {
    const now = this.#clock.monotonic()
    const block = this.#blocks.get(ask.key)
    if (!block || now >= Math.max(block.resetAtMs, block.blockedUntilMs)) return this.#ask(ask)
    const resetInMs = block.resetAtMs - now
    if (now < block.blockedUntilMs) {
      return { granted: 0, left: 0, resetInMs: 0, blockedForMs: block.blockedUntilMs - now }
    }
    if (block.granted > 0) {
      block.granted -= 1
      return { granted: 1, left: block.left + block.granted, resetInMs, blockedForMs: 0 }
    }
    // The last answer was that nothing is left: until the window's end that stays so.
    if (block.left === 0 && ask.blockMs === 0) {
      return { granted: 0, left: 0, resetInMs, blockedForMs: 0 }
    }
    return this.#ask(ask)
  }

  async #ask(ask: RateAsk): Promise<RateGrant> {
    const part = Math.floor(ask.rate / BLOCK_PART)
    const want = Math.max(1, Math.min(LARGEST_BLOCK, part))
    let grant: RateGrant
    try {
      grant = await this.#bus.ask(takeTopic, { ...ask, want })
    } catch {
      // No supervisor for a moment: a limit of this process alone is better than none, and than refusals.
      return this.#windows.take(ask)
    }
    const now = this.#clock.monotonic()
    const spare = Math.max(0, grant.granted - 1)
    if (this.#blocks.size >= MOST_BLOCKS) this.#blocks.clear()
    this.#blocks.set(ask.key, {
      granted: spare,
      left: grant.left,
      resetAtMs: now + grant.resetInMs,
      blockedUntilMs: grant.blockedForMs > 0 ? now + grant.blockedForMs : 0,
    })
    return { ...grant, granted: Math.min(1, grant.granted), left: grant.left + spare }
  }
}
