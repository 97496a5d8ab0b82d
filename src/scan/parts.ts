// The parts that both front ends put together.
import type { DetectorOptions, DetectorPool } from './detector.ts'
import { createPool, parseConfig } from './gitleaks/stand-in.ts'
import type { ScanConfig } from './rule.ts'

/** Rules of a TOML text; `path` is for messages. Throws Error. */
export const parseRules = (text: string, _path: string): ScanConfig => parseConfig(text)

export const builtInRules = (): ScanConfig => parseConfig('')

export const openPool = async (
  config: ScanConfig,
  _options: DetectorOptions,
  _threads: number,
): Promise<DetectorPool> => createPool(config)
