// Counts requests by namespace, mount, operation and class of status, with the time they took. Each
// request costs a look-up by its mount object and a few additions: no label is built and nothing is
// allocated once a mount was seen.
import type { Operation } from '../../sdk/endpoints.ts'
import type { Mount } from '../mounts/mount-table.ts'
import type { Metric } from './metric.ts'

/** As Vault's telemetry names operations; a write is an update, or a create where the row can tell. */
const OPERATIONS = [
  'read',
  'header',
  'list',
  'scan',
  'create',
  'update',
  'patch',
  'delete',
] as const
const INDEX: Readonly<Record<Operation, number>> = {
  read: 0,
  head: 1,
  list: 2,
  scan: 3,
  write: 5,
  patch: 6,
  remove: 7,
}
const CREATE = 4

/** Seconds: from a cached read to a request that waits for somebody else's database. */
const BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
const BOUNDS_MS = BOUNDS.map((seconds) => seconds * 1000)

/** Mounts with figures of their own; those beyond share one set, so that no caller can make them many. */
const MOST_MOUNTS = 2000

/** Durations of one kind, in milliseconds. */
export class Durations {
  count = 0
  sum = 0
  min = 0
  max = 0

  add(ms: number): void {
    if (this.count === 0 || ms < this.min) this.min = ms
    if (ms > this.max) this.max = ms
    this.count += 1
    this.sum += ms
  }

  summary(name: string, about: string): Metric {
    const { count, sum, min, max } = this
    return { kind: 'summary', name, about, labels: {}, count, sum, min, max }
  }
}

class Series {
  readonly durations = new Durations()
  /** By the first digit of the status. */
  readonly byClass = [0, 0, 0, 0, 0, 0]
}

class MountSeries {
  readonly namespace: string
  readonly path: string
  readonly byOperation: (Series | undefined)[] = []

  constructor(namespace: string, path: string) {
    this.namespace = namespace
    this.path = path
  }
}

/** What is counted of a request. */
export interface CountedRequest {
  readonly operation: Operation
  readonly isCreate: boolean
  /** null where no mount serves the path. */
  readonly mount: Mount | null
  readonly isLogin: boolean
}

export class RequestMetrics {
  readonly #byMount = new WeakMap<Mount, MountSeries>()
  /** Outlives the mount objects, which are made anew whenever mounts change. */
  readonly #byPath = new Map<string, MountSeries>()
  readonly #unrouted = new MountSeries('', '')
  readonly #rest = new MountSeries('', 'others/')
  readonly #all = new Durations()
  readonly #logins = new Durations()
  readonly #histograms = OPERATIONS.map(() => new Array<number>(BOUNDS.length + 1).fill(0))
  readonly #sums = OPERATIONS.map(() => 0)

  done({ operation, isCreate, mount, isLogin }: CountedRequest, status: number, ms: number): void {
    const index = isCreate ? CREATE : INDEX[operation]
    const mounted = mount === null ? this.#unrouted : (this.#byMount.get(mount) ?? this.#of(mount))
    const series = (mounted.byOperation[index] ??= new Series())
    series.durations.add(ms)
    series.byClass[(status / 100) | 0]! += 1
    this.#all.add(ms)
    if (isLogin) this.#logins.add(ms)
    let at = 0
    while (at < BOUNDS_MS.length && ms > BOUNDS_MS[at]!) at++
    this.#histograms[index]![at]! += 1
    this.#sums[index]! += ms / 1000
  }

  metrics(): Metric[] {
    const metrics: Metric[] = [
      this.#all.summary('vault.core.handle_request', 'Requests served, in milliseconds.'),
      this.#logins.summary('vault.core.handle_login_request', 'Logins served, in milliseconds.'),
    ]
    for (const mounted of [...this.#byPath.values(), this.#unrouted, this.#rest]) {
      mounted.byOperation.forEach((series, index) => {
        if (series) metrics.push(...metricsOf(mounted, OPERATIONS[index]!, series))
      })
    }
    OPERATIONS.forEach((operation, index) => {
      const counts = this.#histograms[index]!
      if (!counts.some((count) => count > 0)) return
      metrics.push({
        kind: 'histogram',
        name: 'strongroom.request.duration.seconds',
        about: 'How long requests took.',
        labels: { operation },
        bounds: BOUNDS,
        counts: [...counts],
        sum: this.#sums[index]!,
      })
    })
    return metrics
  }

  #of(mount: Mount): MountSeries {
    const namespace = mount.namespace.path
    const key = `${namespace} ${mount.record.path}`
    let series = this.#byPath.get(key)
    if (!series) {
      if (this.#byPath.size >= MOST_MOUNTS) series = this.#rest
      else this.#byPath.set(key, (series = new MountSeries(namespace, mount.record.path)))
    }
    this.#byMount.set(mount, series)
    return series
  }
}

function metricsOf(
  { namespace, path }: MountSeries,
  operation: string,
  { durations, byClass }: Series,
): Metric[] {
  const metrics: Metric[] = []
  byClass.forEach((value, digit) => {
    if (value === 0) return
    metrics.push({
      kind: 'counter',
      name: 'strongroom.requests.total',
      about: 'Requests by mount, operation and class of status.',
      labels: { namespace, mount: path, operation, status: `${digit}xx` },
      value,
    })
  })
  if (path !== '') {
    const mount = `${namespace}${path}`.replaceAll('/', '-')
    const name = `vault.route.${operation}.${mount}`
    metrics.push(durations.summary(name, 'Requests to this mount, in milliseconds.'))
  }
  return metrics
}
