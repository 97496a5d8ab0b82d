// Randomness that a seed replays (mulberry32), for properties and simulations. Never for secrets.
import type { Random } from '../../src/base/random.ts'
import { pooledRandom } from '../../src/base/random.ts'

/** A Random whose every draw follows from the seed. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const fill = (target: Uint8Array): void => {
    for (let i = 0; i < target.length; i++) target[i] = next()
  }
  return pooledRandom(fill, () => 0)
}
