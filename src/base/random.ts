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
  const bytes = (count: number): Buffer => {
    const out = Buffer.allocUnsafeSlow(count)
    if (count > POOL_BYTES / 4) {
      fill(out)
      return out
    }
    if (used + count > POOL_BYTES || now() - filledAt > POOL_LIFE_MS) {
      fill(pool)
      used = 0
      filledAt = now()
    }
    pool.copy(out, 0, used, used + count)
    pool.fill(0, used, used + count)
    used += count
    return out
  }
  return {
    bytes,
    uuid: () => formatUuid(bytes(16)),
    fraction: () => bytes(6).readUIntBE(0, 6) / 2 ** 48,
  }
}

function formatUuid(raw: Buffer): string {
  raw[6] = (raw[6]! & 0x0f) | 0x40
  raw[8] = (raw[8]! & 0x3f) | 0x80
  const hex = raw.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

export const systemRandom: Random = pooledRandom(
  (target) => void randomFillSync(target),
  () => performance.now(),
)
