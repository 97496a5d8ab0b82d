// The contract of the matcher (match/ builds it): fragments in, findings out.
import type { Finding } from './finding.ts'
import type { Fragment } from './fragment.ts'
import type { ScanConfig } from './rule.ts'
import type { Skipped } from './source.ts'

export interface DetectorOptions {
  /** Findings one for one as gitleaks gives them; no reader and no tier of our own takes part. */
  readonly compat: boolean
  /** How many times decoded text is decoded again; 0 decodes nothing. gitleaks' default is 5. */
  readonly maxDecodeDepth: number
  /** True: a `gitleaks:allow` comment on the line hides nothing. */
  readonly ignoreAllowComments: boolean
  /** A baseline's path, never scanned itself; ''. */
  readonly baselinePath: string
  /** The file of a filter of live secrets (vault/live-filter.ts); '' or absent: none. */
  readonly liveFilter?: string
}

export interface Detector {
  /** Findings of one fragment, in gitleaks' order of lines; the bytes are not kept. */
  detect(fragment: Fragment): Finding[]
  /** Rules that were given up on a fragment since they cost too much, since this was last asked. */
  takeSkipped(): Skipped[]
}

/** Several detectors on worker threads. */
export interface DetectorPool {
  /** Findings in the order of the fragments; takes over the buffers of the batch. Rejects when the pool is closed. */
  detect(batch: readonly Fragment[]): Promise<Finding[]>
  /** What `Detector.takeSkipped` says, of all batches that were answered. */
  takeSkipped(): Skipped[]
  /** How many batches may be in flight so that all threads have work and memory stays bounded. */
  readonly inFlight: number
  close(): Promise<void>
}

/** What match/ exports: `createDetector(config, options)` and `createDetectorPool(config, options, threads)`. */
export type CreateDetector = (config: ScanConfig, options: DetectorOptions) => Detector
export type CreateDetectorPool = (
  config: ScanConfig,
  options: DetectorOptions,
  threads: number,
) => Promise<DetectorPool>
