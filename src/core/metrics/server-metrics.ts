// All that a process counts, in one value of the host: requests, storage, audit, leases, the process itself.
// Counting is a plain addition wherever something happens; names and labels are made when somebody asks.
import type { Metric } from './metric.ts'
import type { ProcessMetrics } from './process-metrics.ts'
import { RequestMetrics } from './request-metrics.ts'

/** Counters that services add to. */
export class Counts {
  auditRequestFailures = 0
  auditResponseFailures = 0
  leasesRegistered = 0
  leasesRenewed = 0
  leasesRevoked = 0
  leaseRevocationFailures = 0
  tokensCreated = 0
  rateLimited = 0
  leaseCountRefusals = 0
  rotations = 0
  rotationFailures = 0
}

const COUNTERS: Readonly<Record<keyof Counts, readonly [name: string, about: string]>> = {
  auditRequestFailures: [
    'vault.audit.log_request_failure',
    'Requests that no audit device recorded.',
  ],
  auditResponseFailures: [
    'vault.audit.log_response_failure',
    'Responses that no audit device recorded.',
  ],
  leasesRegistered: ['vault.expire.register', 'Leases made.'],
  leasesRenewed: ['vault.expire.renew', 'Leases renewed.'],
  leasesRevoked: ['vault.expire.revoke', 'Leases revoked.'],
  leaseRevocationFailures: ['strongroom.lease.revocation.failures', 'Revocations that failed.'],
  tokensCreated: ['vault.token.create', 'Tokens answered, by login or by creation.'],
  rateLimited: ['vault.quota.rate_limit.violation', 'Requests refused by a rate limit.'],
  rotations: ['strongroom.rotation.success', 'Secrets rotated.'],
  rotationFailures: ['strongroom.rotation.failure', 'Tries of a rotation that failed.'],
  leaseCountRefusals: ['vault.quota.lease_count.violation', 'Leases refused by a quota.'],
}

export class ServerMetrics {
  readonly requests = new RequestMetrics()
  readonly counts = new Counts()
  readonly #sources: (() => readonly Metric[])[]

  constructor(of: { process: ProcessMetrics; sources: (() => readonly Metric[])[] }) {
    this.#sources = [() => of.process.metrics(), ...of.sources]
  }

  /** What this process has counted since it started. */
  metrics(): Metric[] {
    const counters = Object.entries(COUNTERS).map(
      ([key, [name, about]]): Metric => ({
        kind: 'counter',
        name,
        about,
        labels: {},
        value: this.counts[key as keyof Counts],
      }),
    )
    return [...this.requests.metrics(), ...counters, ...this.#sources.flatMap((source) => source())]
  }
}
