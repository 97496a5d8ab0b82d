// The scanners that ours is measured beside, got from their registries and built once into the user's cache: gitleaks
// and betterleaks as Go modules, kingfisher from PyPI. How each is called so that all do the same work: no network, one
// report as JSON, no live checks.
import { chmodSync, cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildGitleaks } from '../test/support/gitleaks-oracle.ts'
import { cachedFolder, requireProgram, runProgram } from '../test/support/live-program.ts'

const BUILD_MS = 900_000
const UPSTREAM_RE2 = 'github.com/wasilibs/go-re2'
const UPSTREAM_RE2_VERSION = 'v1.10.0'
const FORKED_RE2 = 'github.com/betterleaks/go-re2'
const KINGFISHER = 'kingfisher-bin==2.14.0'

export type Work = 'tree' | 'history' | 'log'

export interface Scanner {
  readonly name: string
  /** The command that does it and writes its report as JSON to `report`. */
  command(work: Work, path: string, report: string): readonly string[]
}

async function go(cwd: string, ...args: string[]): Promise<string> {
  const { code, output } = await runProgram('go', args, { cwd, timeoutMs: BUILD_MS })
  if (code !== 0) throw new Error(`go ${args.join(' ')}: ${output}`)
  return output.trim()
}

async function buildBetterleaks(): Promise<string> {
  const source = fileURLToPath(new URL('../../tools/oracles/betterleaks/', import.meta.url))
  const sources = readdirSync(source).map((name) => join(source, name))
  const folder = await cachedFolder('betterleaks', sources, async (made) => {
    for (const file of sources) cpSync(file, join(made, file.slice(source.length)))
    const empty = join(made, 'probe')
    cpSync(join(source, 'main.go'), join(empty, 'main.go'))
    writeFileSync(join(empty, 'go.mod'), 'module probe\n\ngo 1.25\n')
    const of = `${UPSTREAM_RE2}@${UPSTREAM_RE2_VERSION}`
    const { Dir } = JSON.parse(await go(empty, 'mod', 'download', '-json', of)) as { Dir: string }
    cpSync(Dir, join(made, 'go-re2'), { recursive: true })
    rename(join(made, 'go-re2'))
    await go(made, 'build', '-buildvcs=false', '-o', join(made, 'betterleaks'), '.')
  })
  return join(folder, 'betterleaks')
}

/** The copy's module cache is read-only; its packages refer to one another by the module's name. */
function rename(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) rename(path)
    else {
      chmodSync(path, 0o644)
      if (!/\.go$|^go\.mod$/.test(entry.name)) continue
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll(UPSTREAM_RE2, FORKED_RE2))
    }
  }
}

async function installKingfisher(): Promise<string> {
  const folder = await cachedFolder(`kingfisher-${KINGFISHER.split('==')[1]}`, [], async (made) => {
    const venv = join(made, 'venv')
    for (const [command, ...args] of [
      ['python3', '-m', 'venv', venv],
      [join(venv, 'bin/python'), '-m', 'pip', 'install', '-q', '--target', made, KINGFISHER],
    ]) {
      const { code, output } = await runProgram(command!, args, { timeoutMs: BUILD_MS })
      if (code !== 0) throw new Error(`${KINGFISHER} could not be installed: ${output}`)
    }
  })
  // The program that the package brings; the script beside it names a Python that is gone.
  const program = join(folder, 'kingfisher', 'bin', 'kingfisher')
  chmodSync(program, 0o755)
  return program
}

const likeGitleaks = (name: string, program: string): Scanner => ({
  name,
  command: (work, path, report) => [
    ...[program, work === 'history' ? 'git' : 'dir', path],
    ...['--report-format', 'json', '--report-path', report, '--exit-code', '0'],
    ...['--no-banner', '--log-level', 'error'],
  ],
})

export const ourScanner = (program: string): Scanner => ({
  name: 'strongroom',
  command: (work, path, report) => [
    ...[program, 'scan', work === 'history' ? 'git' : 'dir', path],
    ...(work === 'history' ? ['--full'] : []),
    ...['--format', 'json', '--report-path', report, '--quiet', '--exit-code', '0'],
  ],
})

/** Under --compat gitleaks: the findings that gitleaks gives, for the same rules. */
export const ourCompatScanner = (program: string, toml: string): Scanner => ({
  name: "strongroom, gitleaks' rules and findings",
  command: (work, path, report) => [
    ...[program, 'gitleaks', work === 'history' ? 'git' : 'dir', path, '--config', toml],
    ...['--report-format', 'json', '--report-path', report, '--exit-code', '0'],
    ...['--no-banner', '--log-level', 'error'],
  ],
})

export async function scanner(name: string, ours: string): Promise<Scanner> {
  if (name === 'ours') return ourScanner(ours)
  if (name === 'kingfisher') {
    const program = await installKingfisher()
    return {
      name: 'kingfisher 2.14.0',
      command: (work, path, report) => [
        ...[program, 'scan', path, '--no-validate', '--no-update-check', '--format', 'json'],
        ...['--output', report, '--git-history', work === 'history' ? 'full' : 'none'],
        ...['--max-file-size', '1024'],
      ],
    }
  }
  await requireProgram('go', ['version'], 'install Go 1.25 or newer from go.dev/dl')
  if (name === 'betterleaks') return likeGitleaks('betterleaks 1.7.0', await buildBetterleaks())
  const gitleaks = await buildGitleaks()
  if (name === 'compat') return ourCompatScanner(ours, gitleaks.defaultToml)
  if (name === 'gitleaks') return likeGitleaks('gitleaks 8.30.1', gitleaks.program)
  throw new Error(`no scanner "${name}": ours, compat, gitleaks, betterleaks, kingfisher`)
}
