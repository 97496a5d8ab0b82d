// The requests that are being served right now, for sys/in-flight-req and the shutdown that waits for them.
import type { Exchange } from './exchange.ts'
import type { Metric } from './metrics/metric.ts'

export class InFlight {
  readonly #exchanges = new Set<Exchange>()
  #begun = 0

  begin(exchange: Exchange): void {
    this.#exchanges.add(exchange)
    this.#begun += 1
  }
  end(exchange: Exchange): void {
    this.#exchanges.delete(exchange)
  }
  /** All that were begun so far. */
  get begun(): number {
    return this.#begun
  }
  get count(): number {
    return this.#exchanges.size
  }
  metrics(): Metric[] {
    return [
      {
        kind: 'gauge',
        name: 'vault.core.in_flight_requests',
        about: 'Requests being served right now.',
        labels: {},
        value: this.count,
      },
    ]
  }
  all(): Iterable<Exchange> {
    return this.#exchanges
  }
}
