// What the verbs of `strongroom scan` scan.
import type { Invocation } from '../../base/cobra.ts'
import { directorySource } from '../gitleaks/stand-in.ts'
import { ScanFailure } from './exit-codes.ts'
import type { CommonValues } from './scan-flags.ts'
import type { ScanTarget } from './scan-session.ts'

export function pathsTarget(paths: readonly string[], _values: CommonValues): ScanTarget {
  const [path = '.'] = paths
  return { source: () => directorySource(path), folder: path, counts: 'files' }
}
const later = (): never => {
  throw new ScanFailure('not there yet')
}
export const historyTarget = (_of: Invocation, _values: CommonValues): ScanTarget => later()
export const stagedTarget = (_of: Invocation, _values: CommonValues): ScanTarget => later()
export const stdinTarget = (_values: CommonValues): ScanTarget => later()
export const imageTarget = (_paths: readonly string[], _values: CommonValues): ScanTarget => later()
export const archiveTarget = imageTarget
export const logsTarget = imageTarget
export const kubernetesTarget = historyTarget
