// What the verbs of `strongroom scan` scan.
import { statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Invocation } from '../../base/cobra.ts'
import { toByteString } from '../../template/byte-strings.ts'
import { BASELINE_NAMES } from '../baseline/baseline-file.ts'
import { pathFilter } from '../parts.ts'
import type { ScanConfig } from '../rule.ts'
import type { Source } from '../source.ts'
import { directorySource } from '../sources/directory-source.ts'
import { gitHistorySource } from '../sources/git-history.ts'
import { DEFAULT_SETTINGS, type SourceSettings } from '../sources/source-settings.ts'
import { systemWords } from '../system-words.ts'
import { ScanFailure } from './exit-codes.ts'
import type { CommonValues } from './scan-flags.ts'
import type { ScanTarget } from './scan-session.ts'

const MEGABYTE = 1_000_000

function settingsFor(config: ScanConfig, values: CommonValues): SourceSettings {
  const isLeftOut = pathFilter(config)
  const most = values['max-file-megabytes']
  const isCompat = values.compat === 'gitleaks'
  return {
    ...DEFAULT_SETTINGS,
    compat: isCompat,
    // Our own baseline holds hashes, which look like secrets.
    skipPath: (path) =>
      isLeftOut(path) || (!isCompat && BASELINE_NAMES.some((name) => basename(path) === name)),
    ...(most > 0 ? { maxFileBytes: most * MEGABYTE } : {}),
    archiveDepth: values['max-archive-depth'],
    followSymlinks: values['follow-symlinks'],
  }
}

/** The sources of several arguments, one after the other. */
export function sourcesInTurn(sources: readonly Source[]): Source {
  return {
    async *fragments(notes, signal) {
      for (const source of sources) {
        if (signal.aborted) return
        yield* source.fragments(notes, signal)
      }
    },
  }
}

/** The folder whose files of settings count: the argument itself, or the one that a file lies in. */
function folderOf(path: string): string {
  try {
    return statSync(path).isDirectory() ? path : dirname(path)
  } catch (error) {
    throw new ScanFailure(systemWords(error))
  }
}

export function pathsTarget(paths: readonly string[], values: CommonValues): ScanTarget {
  const [first = '.'] = paths
  if (first === '-' && paths.length === 1) return stdinTarget(values)
  const roots = paths.length === 0 ? ['.'] : paths
  // A path that is not there is a mistake, not a part of a scan that is missing.
  const [folder] = roots.map(folderOf)
  return {
    source: (config) =>
      sourcesInTurn(roots.map((root) => directorySource(root, settingsFor(config, values)))),
    folder: folder!,
    counts: 'files',
  }
}

export function historyTarget(of: Invocation, values: CommonValues): ScanTarget {
  const directory = of.args[0] ?? '.'
  const range = String(of.values.range ?? '')
  const logOpts = String(of.values['log-opts'] ?? '')
  return {
    source: (config) =>
      gitHistorySource({
        place: { directory },
        settings: settingsFor(config, values),
        ...(range === '' ? {} : { revisions: [range] }),
        ...(logOpts === '' ? {} : { logOpts }),
      }),
    folder: folderOf(directory),
    counts: 'commits',
  }
}

const later = (): never => {
  throw new ScanFailure('not there yet')
}
export const stagedTarget = (_of: Invocation, _values: CommonValues): ScanTarget => later()
export const stdinTarget = (_values: CommonValues): ScanTarget => later()
export const imageTarget = (_paths: readonly string[], _values: CommonValues): ScanTarget => later()
export const archiveTarget = imageTarget
export const logsTarget = imageTarget
export const kubernetesTarget = stagedTarget
void toByteString
