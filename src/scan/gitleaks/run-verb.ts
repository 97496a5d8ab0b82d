// A verb of gitleaks with its parts: rules, source and detectors.
import { toByteString } from '../../template/byte-strings.ts'
import type { DetectorPool } from '../detector.ts'
import { defaultThreads, openPool, pathFilter } from '../parts.ts'
import type { ScanConfig } from '../rule.ts'
import type { Source } from '../source.ts'
import { directorySource } from '../sources/directory-source.ts'
import { gitChangesSource } from '../sources/git-changes.ts'
import { gitHistorySource } from '../sources/git-history.ts'
import { DEFAULT_SETTINGS, type SourceSettings } from '../sources/source-settings.ts'
import { streamSource } from '../sources/stream-source.ts'
import { findConfig } from './find-config.ts'
import { findRemote } from './find-remote.ts'
import type { GlobalValues } from './flags.ts'
import type { Verb } from './program.ts'
import { prepareRun, type Surroundings } from './run-state.ts'
import { scanTarget } from './scan-target.ts'
import { platformOf, type Remote } from './source-links.ts'

/** As the original: as many detectors as there is work for, and the machine has processors. */
const MEGABYTE = 1_000_000

function settingsOf(config: ScanConfig, verb: Verb, values: GlobalValues): SourceSettings {
  const most = values['max-target-megabytes']
  return {
    ...DEFAULT_SETTINGS,
    compat: true,
    // In a history the original reads, and counts, what its rules then leave out.
    skipPath: verb.kind === 'git' ? () => false : pathFilter(config, true),
    archiveDepth: values['max-archive-depth'],
    ...(most > 0 ? { maxFileBytes: most * MEGABYTE } : {}),
    followSymlinks: verb.kind === 'directory' && verb.followSymlinks,
  }
}

function sourceOf(
  verb: Verb,
  settings: SourceSettings,
  pool: DetectorPool,
  around: Surroundings,
): Source {
  if (verb.kind === 'directory') return directorySource(verb.path, settings)
  if (verb.kind === 'stdin') {
    const input = around.streams.stdin as AsyncIterable<Uint8Array>
    return streamSource({ input, settings, clock: around.clock })
  }
  const place = { directory: verb.path }
  if (verb.mode !== 'log') {
    return gitChangesSource({ place, settings, staged: verb.mode === 'staged' })
  }
  const { logOpts } = verb
  return gitHistorySource({ place, settings, probe: pool, ...(logOpts === '' ? {} : { logOpts }) })
}

async function remoteOf(verb: Verb, { log }: Surroundings): Promise<Remote | null> {
  if (verb.kind !== 'git' || verb.mode !== 'log') return null
  const platform = platformOf(verb.platform)
  if (platform === null) {
    return log.fatal('', { error: toByteString(`invalid scm platform value: ${verb.platform}`) })
  }
  return findRemote(verb.path, platform, log)
}

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
  const state = await prepareRun(found, verb.kind === 'stdin' ? '' : verb.path, values, log)
  const remote = await remoteOf(verb, around)
  const options = {
    compat: true,
    maxDecodeDepth: values['max-decode-depth'],
    ignoreAllowComments: values['ignore-gitleaks-allow'],
    baselinePath: state.baselinePath,
  }
  const pool = await openPool(state.config, options, defaultThreads())
  const source = sourceOf(verb, settingsOf(found, verb, values), pool, around)
  try {
    return await scanTarget({ source, kind: verb.kind, remote }, pool, state, values, around)
  } finally {
    await pool.close()
  }
}
