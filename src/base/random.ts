// Randomness as a value that is handed in. The system's source draws from the kernel in pools, since
// a call for 12 bytes costs 40 times a slice; the pool is thrown away after a second, because a
// cloned machine must not repeat what its twin drew.
import { randomFillSync } from 'node:crypto'

export interface Random {
  /** `count` fresh bytes that the caller owns. */
  bytes(count: number): Buffer
  /** A random (version 4) UUID, lower case. */
  uuid(): string
  /** A random number in [0, 1), for jitter; never for secrets. */
  fraction(): number
}

const POOL_BYTES = 4096
const POOL_LIFE_MS = 1000

/** A source on top of `fill`, which must fill the given bytes unpredictably. */
export function pooledRandom(fill: (target: Uint8Array) => void, now: () => number): Random {
  const pool = Buffer.allocUnsafeSlow(POOL_BYTES)
  let used = POOL_BYTES
  let filledAt = 0
  /** Where `count` fresh bytes of the pool begin; they end at `used`. Whoever takes them wipes them. */
  const take = (count: number): number => {
    if (used + count > POOL_BYTES || now() - filledAt > POOL_LIFE_MS) {
      fill(pool)
      used = 0
      filledAt = now()
    }
    used += count
    return used - count
  }
  const bytes = (count: number): Buffer => {
    const out = Buffer.allocUnsafe(count)
    if (count > POOL_BYTES / 4) {
      fill(out)
      return out
    }
    const at = take(count)
    pool.copy(out, 0, at, used)
    pool.fill(0, at, used)
    return out
  }
  const uuid = (): string => {
    const at = take(16)
    const text = formatUuid(pool, at)
    pool.fill(0, at, used)
    return text
  }
  return {
    bytes,
    uuid,
    fraction: () => bytes(6).readUIntBE(0, 6) / 2 ** 48,
  }
}

function formatUuid(raw: Buffer, at: number): string {
  raw[at + 6] = (raw[at + 6]! & 0x0f) | 0x40
  raw[at + 8] = (raw[at + 8]! & 0x3f) | 0x80
  const hex = raw.toString('hex', at, at + 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

export const systemRandom: Random = pooledRandom(
  (target) => void randomFillSync(target),
  () => performance.now(),
)
