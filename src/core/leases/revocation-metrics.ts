// Figures of the queues of revocations: how long each is, whether it waits for the other side, and how long
// after its time each lease was gone. Counting allocates nothing once a mount was seen.
import type { Metric } from '../metrics/metric.ts'
import type { Outcome } from './lease-queue.ts'
import type { RevocationLane } from './revocation-lane.ts'

/** Seconds: from at once to a database that was down over night. */
const BOUNDS = [0.25, 0.5, 1, 1.5, 2, 5, 10, 30, 60, 300, 3600, 43_200]
/** Mounts and lanes with figures of their own: names come from callers. */
const MOST_SERIES = 500

interface Lag {
  readonly namespace: string
  readonly mount: string
  readonly counts: number[]
  sum: number
}

export class RevocationMetrics {
  readonly #lags = new Map<string, Lag>()

  settled(lane: RevocationLane, outcomes: readonly Outcome[], nowMs: number): void {
    let lag = this.#lags.get(lane.mountId)
    for (const { record, error } of outcomes) {
      if (error !== undefined) continue
      if (!lag) this.#lags.set(lane.mountId, (lag = this.#newLag(lane)))
      const seconds = Math.max(0, nowMs - record.dueAtMs) / 1000
      let at = 0
      while (at < BOUNDS.length && seconds > BOUNDS[at]!) at++
      lag.counts[at]! += 1
      lag.sum += seconds
    }
  }

  metrics(lanes: Iterable<RevocationLane>): Metric[] {
    const metrics: Metric[] = []
    let others = 0
    for (const lane of lanes) {
      if (metrics.length >= 2 * MOST_SERIES) {
        others += lane.queued
        continue
      }
      const { namespacePath = '', path = '' } = lane.mount ?? {}
      const labels = { namespace: namespacePath, mount: path || lane.mountId, lane: lane.lane }
      metrics.push(queueLength(labels, lane.queued), {
        kind: 'gauge',
        name: 'strongroom.lease.queue.silent',
        about: '1: the queue waits, since the other side gives no answer.',
        labels,
        value: lane.pace.isSilent ? 1 : 0,
      })
    }
    if (others > 0) metrics.push(queueLength({ namespace: '', mount: 'others/', lane: '' }, others))
    for (const { namespace, mount, counts, sum } of this.#lags.values()) {
      metrics.push({
        kind: 'histogram',
        name: 'strongroom.lease.revocation.lag.seconds',
        about: 'From the time at which a lease was over to its end.',
        labels: { namespace, mount },
        bounds: BOUNDS,
        counts: [...counts],
        sum,
      })
    }
    return metrics
  }

  #newLag({ mount }: RevocationLane): Lag {
    const counts = new Array<number>(BOUNDS.length + 1).fill(0)
    const isNamed = mount !== null && this.#lags.size < MOST_SERIES
    const { namespacePath = '', path = 'others/' } = isNamed ? mount : {}
    const known = [...this.#lags.values()].find(
      (lag) => lag.mount === path && lag.namespace === namespacePath,
    )
    return known ?? { namespace: namespacePath, mount: path, counts, sum: 0 }
  }
}

const queueLength = (labels: Metric['labels'], value: number): Metric => ({
  kind: 'gauge',
  name: 'strongroom.lease.queue.length',
  about: 'Leases that are to be revoked now.',
  labels,
  value,
})
