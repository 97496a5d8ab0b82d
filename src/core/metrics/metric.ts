// One figure as sys/metrics shows it, as plain data: processes of a host hand these to one another, and what
// several of them counted is added up.

export type Labels = Readonly<Record<string, string>>

interface Named {
  /** With dots, as in Vault's telemetry: 'vault.core.handle_request'. */
  readonly name: string
  readonly about: string
  readonly labels: Labels
}

export interface Gauge extends Named {
  readonly kind: 'gauge'
  readonly value: number
}
export interface Counter extends Named {
  readonly kind: 'counter'
  readonly value: number
}
/** Of durations in milliseconds, as Vault's are. */
export interface Summary extends Named {
  readonly kind: 'summary'
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
}
/** `counts[i]` are those up to `bounds[i]` that fit no lower bound; the last count is of all above. */
export interface Histogram extends Named {
  readonly kind: 'histogram'
  readonly bounds: readonly number[]
  readonly counts: readonly number[]
  readonly sum: number
}

export type Metric = Gauge | Counter | Summary | Histogram

/** The figures of several processes as one set, in order of name and labels. */
export function addUp(sets: Iterable<readonly Metric[]>): Metric[] {
  const byKey = new Map<string, Metric>()
  for (const set of sets) {
    for (const metric of set) {
      const key = `${metric.name} ${JSON.stringify(metric.labels)}`
      const before = byKey.get(key)
      byKey.set(key, before ? sumOf(before, metric) : metric)
    }
  }
  return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, metric]) => metric)
}

function sumOf(a: Metric, b: Metric): Metric {
  if (a.kind === 'summary' && b.kind === 'summary') {
    return {
      ...a,
      count: a.count + b.count,
      sum: a.sum + b.sum,
      min: a.count === 0 ? b.min : b.count === 0 ? a.min : Math.min(a.min, b.min),
      max: Math.max(a.max, b.max),
    }
  }
  if (a.kind === 'histogram' && b.kind === 'histogram') {
    return { ...a, sum: a.sum + b.sum, counts: a.counts.map((count, at) => count + b.counts[at]!) }
  }
  if ((a.kind === 'gauge' || a.kind === 'counter') && a.kind === b.kind) {
    return { ...a, value: a.value + b.value }
  }
  throw new Error(`metric ${a.name} is of two kinds`)
}
