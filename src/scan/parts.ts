// The parts that both front ends put together.
import type { DetectorOptions, DetectorPool } from './detector.ts'
import { parseConfig } from './gitleaks/stand-in.ts'
import { ByteRegexp } from './match/byte-regexp.ts'
import { joinedExpressions } from './match/compiled-allowlist.ts'
import { createDetector } from './match/create-detector.ts'
import type { ScanConfig } from './rule.ts'

/** Rules of a TOML text; `path` is for messages. Throws Error. */
export const parseRules = (text: string, _path: string): ScanConfig => parseConfig(text)

export const builtInRules = (): ScanConfig => parseConfig('')

export const openPool = async (
  config: ScanConfig,
  options: DetectorOptions,
  _threads: number,
): Promise<DetectorPool> => {
  const detector = createDetector(config, options)
  return {
    detect: async (batch) => batch.flatMap((fragment) => detector.detect(fragment)),
    takeSkipped: () => detector.takeSkipped(),
    inFlight: 2,
    close: async () => {},
  }
}

/**
 * Whether the allowlists over all rules leave a path (a byte string) out, so that it needn't be read. gitleaks asks
 * each list's paths alone; so do we for it, but a list that wants more to hold says nothing about a path.
 */
export function pathFilter(config: ScanConfig, isCompat: boolean): (path: string) => boolean {
  const lists = config.allowlists.filter((list) => {
    if (list.paths.length === 0) return false
    const wants = list.commits.length + list.regexes.length + list.stopwords.length
    return isCompat || list.condition === 'OR' || wants === 0
  })
  const expressions = lists.map((list) => new ByteRegexp(joinedExpressions(list.paths)))
  return (path) => expressions.some((expression) => expression.test(path))
}
