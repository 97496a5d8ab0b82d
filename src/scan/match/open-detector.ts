// The detector that a scan uses: rules, and the vault's filter where there is one.
import type { Detector, DetectorOptions } from '../detector.ts'
import type { ScanConfig } from '../rule.ts'
import { LiveFilter, readFilterFile } from '../vault/live-filter.ts'
import { withLiveFilter } from '../vault/live-findings.ts'
import { createDetector } from './create-detector.ts'

/** Throws FilterError, or the system's error, where the filter can't be read. */
export function openDetector(config: ScanConfig, options: DetectorOptions): Detector {
  const detector = createDetector(config, options)
  if (!options.liveFilter) return detector
  return withLiveFilter(detector, new LiveFilter(readFilterFile(options.liveFilter)))
}
