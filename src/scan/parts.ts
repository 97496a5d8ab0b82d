// The parts that both front ends put together: rules of a text, detectors, paths that need no reading.
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseConfig } from './config/parse-config.ts'
import type { DetectorOptions, DetectorPool } from './detector.ts'
import { ByteRegexp } from './match/byte-regexp.ts'
import { joinedExpressions } from './match/compiled-allowlist.ts'
import { createDetectorPool } from './match/detector-pool.ts'
import type { ScanConfig } from './rule.ts'
import { defaultConfig } from './rules/default-config.ts'
import { systemWords } from './system-words.ts'

export type WarnOfRules = (message: string, fields: Readonly<Record<string, string>>) => void

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Error(systemWords(error))
  }
}

/** Rules of a TOML text; `path` is the file it came from, ''. Throws ConfigError. */
export const parseRules = (text: string, path: string, warn: WarnOfRules): ScanConfig =>
  parseConfig(text, path, { readFile: readText, defaultConfig, warn })

export const builtInRules = (): ScanConfig => defaultConfig()

const MOST_THREADS = 4

/** Threads beyond the processors there are would only start and wait. */
export const defaultThreads = (): number => Math.min(MOST_THREADS, availableParallelism())

export const openPool = (
  config: ScanConfig,
  options: DetectorOptions,
  threads: number,
): Promise<DetectorPool> => createDetectorPool(config, options, threads)

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
