// What the verbs of `strongroom scan` scan, but for histories (scan-history.ts).
import { createReadStream, statSync } from 'node:fs'
import { dirname, posix } from 'node:path'
import type { Invocation } from '../../base/cobra.ts'
import { BASELINE_NAMES } from '../baseline/find-baseline.ts'
import { pathFilter } from '../parts.ts'
import type { ScanConfig } from '../rule.ts'
import type { Source } from '../source.ts'
import { directorySource, filesSource } from '../sources/directory-source.ts'
import {
  commitMessageSource,
  gitChangesSource,
  parsePrePush,
  parsePreReceive,
  prePushSource,
  preReceiveSource,
} from '../sources/git-changes.ts'
import { DEFAULT_SETTINGS, type SourceSettings } from '../sources/source-settings.ts'
import { streamSource } from '../sources/stream-source.ts'
import { systemWords } from '../system-words.ts'
import { ScanFailure } from './exit-codes.ts'
import type { CommonValues } from './scan-flags.ts'
import type { Around, ScanTarget } from './scan-session.ts'

const MEGABYTE = 1_000_000

/** What the flags say to a source. */
export function settingsFor(config: ScanConfig, values: CommonValues): SourceSettings {
  const isCompat = values.compat === 'gitleaks'
  const isLeftOut = pathFilter(config, isCompat)
  const most = values['max-file-megabytes']
  const isOwn = (path: string): boolean =>
    !isCompat && BASELINE_NAMES.some((name) => posix.basename(path) === name)
  return {
    ...DEFAULT_SETTINGS,
    compat: isCompat,
    // Our own baseline holds hashes, which look like secrets.
    skipPath: (path) => isLeftOut(path) || isOwn(path),
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
export function folderOf(path: string): string {
  try {
    return statSync(path).isDirectory() ? path : dirname(path)
  } catch (error) {
    throw new ScanFailure(systemWords(error))
  }
}

export function pathsTarget(
  paths: readonly string[],
  values: CommonValues,
  around: Around,
): ScanTarget {
  if (paths.length === 1 && paths[0] === '-') return stdinTarget(values, around)
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

export function stagedTarget(of: Invocation, values: CommonValues): ScanTarget {
  const directory = of.args[0] ?? '.'
  const place = { directory }
  return {
    source: (config) =>
      gitChangesSource({ place, settings: settingsFor(config, values), staged: true }),
    folder: folderOf(directory),
    counts: 'files',
  }
}

/** Standard input as a log: findings are told while the writer still runs. */
export function stdinTarget(values: CommonValues, { streams, clock }: Around): ScanTarget {
  const input = streams.stdin as AsyncIterable<Uint8Array>
  const kind = values.compat === 'gitleaks' ? 'stdin' : 'log'
  return {
    source: (config) => streamSource({ input, settings: settingsFor(config, values), clock, kind }),
    folder: '',
    counts: 'pieces',
  }
}

function filesTarget(
  paths: readonly string[],
  values: CommonValues,
  counts: string,
  change: Partial<SourceSettings>,
): ScanTarget {
  if (paths.length === 0) throw new ScanFailure('name at least one file')
  for (const path of paths) folderOf(path)
  return {
    source: (config) => filesSource(paths, { ...settingsFor(config, values), ...change }),
    folder: '',
    counts,
  }
}

export function archiveTarget(paths: readonly string[], values: CommonValues): ScanTarget {
  const archiveDepth = Math.max(1, values['max-archive-depth'])
  return filesTarget(paths, values, 'files', { archiveDepth })
}

export function messageTarget(path: string, values: CommonValues): ScanTarget {
  return {
    source: (config) => commitMessageSource(path, settingsFor(config, values)),
    folder: '.',
    counts: 'files',
  }
}

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(Buffer.from(part as Uint8Array))
  return Buffer.concat(parts).toString('latin1')
}

/** The hooks of git run in the repository's folder, with an environment that leads to its objects. */
export async function pushTarget(
  remote: string | undefined,
  values: CommonValues,
  { streams, env }: Around,
): Promise<ScanTarget> {
  const updates = parsePrePush(await readAll(streams.stdin))
  const place = { directory: '.', env }
  return {
    source: (config) => {
      const settings = settingsFor(config, values)
      return prePushSource({ place, settings, updates, remote: remote ?? '' })
    },
    folder: '.',
    counts: 'commits',
  }
}

export async function receiveTarget(
  values: CommonValues,
  { streams, env }: Around,
): Promise<ScanTarget> {
  const updates = parsePreReceive(await readAll(streams.stdin))
  const place = { directory: '.', env }
  return {
    source: (config) => preReceiveSource({ place, settings: settingsFor(config, values), updates }),
    folder: '.',
    counts: 'commits',
  }
}

/** Logs in files, in folders and in the archives that CI systems make of them. */
export function logsTarget(
  paths: readonly string[],
  values: CommonValues,
  around: Around,
): ScanTarget {
  if (paths.length === 0 || (paths.length === 1 && paths[0] === '-')) {
    return stdinTarget(values, around)
  }
  for (const path of paths) folderOf(path)
  const settings = (config: ScanConfig): SourceSettings => ({
    ...settingsFor(config, values),
    fileKind: 'log',
    archiveDepth: Math.max(1, values['max-archive-depth']),
  })
  return {
    source: (config) => sourcesInTurn(paths.map((path) => directorySource(path, settings(config)))),
    folder: '',
    counts: 'files',
  }
}

export async function imageTarget(
  paths: readonly string[],
  values: CommonValues,
): Promise<ScanTarget> {
  if (paths.length === 0) throw new ScanFailure('name at least one image')
  for (const path of paths) folderOf(path)
  const { imageSource } = await import('../sources/image-source.ts')
  return {
    source: (config) =>
      sourcesInTurn(paths.map((path) => imageSource(path, settingsFor(config, values)))),
    folder: '',
    counts: 'files',
  }
}

/** ConfigMaps of a cluster, of files, or of standard input (`kubectl get configmaps -A -o json | …`). */
export async function kubernetesTarget(
  of: Invocation,
  values: CommonValues,
  { streams, env }: Around,
): Promise<ScanTarget> {
  const counts = 'ConfigMaps'
  const text = (name: string): string => String(of.values[name] ?? '')
  if (of.values.live === true) {
    if (of.args.length > 0) throw new ScanFailure('--live reads a cluster, no files')
    const [{ readKubeconfig }, { liveConfigMapSource }] = await Promise.all([
      import('../sources/kubeconfig.ts'),
      import('../sources/live-config-maps.ts'),
    ])
    const access = () => readKubeconfig(text('kubeconfig'), text('context'), env)
    return {
      source: (config) =>
        liveConfigMapSource(access, text('namespace'), settingsFor(config, values)),
      folder: '',
      counts,
    }
  }
  if (of.args.length === 0) throw new ScanFailure('name files, "-" for standard input, or --live')
  const inputOf = (path: string): AsyncIterable<Uint8Array> =>
    path === '-' ? (streams.stdin as AsyncIterable<Uint8Array>) : createReadStream(path)
  for (const path of of.args) if (path !== '-') folderOf(path)
  const { configMapListSource } = await import('../sources/config-map-source.ts')
  return {
    source: (config) =>
      sourcesInTurn(
        of.args.map((path) => configMapListSource(inputOf(path), settingsFor(config, values))),
      ),
    folder: '',
    counts,
  }
}
