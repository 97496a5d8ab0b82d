// A verb of gitleaks with its parts: rules, source and detectors.

import { findConfig } from './find-config.ts'
import type { GlobalValues } from './flags.ts'
import type { Verb } from './program.ts'
import { prepareRun, type Surroundings } from './run-state.ts'
import { scanTarget } from './scan-target.ts'
import { createPool, directorySource } from './stand-in.ts'

export async function runGitleaksVerb(
  verb: Verb,
  values: GlobalValues,
  around: Surroundings,
): Promise<number> {
  const { log, env } = around
  log.log('debug', 'using stdlib regex engine')
  const configFrom = verb.kind === 'stdin' ? verb.configFrom : verb.path
  const found = findConfig(configFrom, values.config, env, log)
  if (values.diagnostics !== '') {
    log.fatal('Error initializing diagnostics', {
      error: 'profiles of the original program are not made here',
    })
  }
  const state = prepareRun(found, verb.kind === 'stdin' ? '' : verb.path, values, log)
  const pool = createPool(state.config)
  const source = directorySource(verb.kind === 'stdin' ? '/dev/stdin' : verb.path)
  try {
    return await scanTarget({ source, kind: verb.kind, remote: null }, pool, state, values, around)
  } finally {
    await pool.close()
  }
}
