// Latencies as counts in log-linear buckets: 64 steps to each power of two, so a percentile is
// read within 1.6 % while recording costs one array increment and no allocation.

const SUB_BITS = 6
const SUB = 1 << SUB_BITS
/** Up to 2^31 microseconds. */
const BUCKETS = (32 - SUB_BITS) * SUB

export class Histogram {
  readonly #counts = new Float64Array(BUCKETS)
  #total = 0

  /** Counts one latency, in milliseconds. */
  record(ms: number): void {
    this.#counts[bucketOf((ms * 1000) | 0)]! += 1
    this.#total += 1
  }

  clear(): void {
    this.#counts.fill(0)
    this.#total = 0
  }

  get count(): number {
    return this.#total
  }

  /** The latency in milliseconds that the given share (0 to 1) of requests stayed within. */
  percentile(share: number): number {
    const rank = Math.ceil(this.#total * share)
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket]!
      if (seen >= rank && seen > 0) return upperMicros(bucket) / 1000
    }
    return 0
  }
}

function bucketOf(micros: number): number {
  if (micros < SUB) return Math.max(0, micros)
  const shift = 31 - Math.clz32(micros) - SUB_BITS
  return (shift + 1) * SUB + ((micros >> shift) - SUB)
}

function upperMicros(bucket: number): number {
  if (bucket < SUB) return bucket
  const shift = Math.floor(bucket / SUB) - 1
  return ((bucket % SUB) + SUB + 1) * 2 ** shift - 1
}
