// gitleaks itself, at the version pinned in tools/oracles/gitleaks and built into the user's cache: its program, a
// program that answers many cases at one start, its default configuration and the examples that its rules declare.
// Nothing of it is kept in the repository.
import { spawn } from 'node:child_process'
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { toByteString } from '../../src/template/byte-strings.ts'
import { cachedFolder, requireProgram, runProgram } from './live-program.ts'

const source = fileURLToPath(new URL('../../tools/oracles/gitleaks/', import.meta.url))
const MODULE = 'github.com/zricethezav/gitleaks/v8'
export const GITLEAKS_BUILD_MS = 600_000

export interface Gitleaks {
  /** The real program. */
  readonly program: string
  /** The program that answers cases. */
  readonly oracle: string
  /** gitleaks' own default configuration, as a file. */
  readonly defaultToml: string
  /** What its rules declare, one JSON object a line. */
  readonly rows: string
}

/** Builds what is missing. Throws where Go is missing, in words that say so. */
export async function buildGitleaks(): Promise<Gitleaks> {
  await requireProgram('go', ['version'], 'install Go 1.25 or newer from go.dev/dl')
  const names = ['go.mod', 'go.sum', 'main.go', 'recorded_validate.go.txt']
  const sources = names.map((name) => join(source, name))
  const folder = await cachedFolder('gitleaks', sources, build)
  return {
    program: join(folder, 'gitleaks'),
    oracle: join(folder, 'oracle'),
    defaultToml: join(folder, 'gitleaks.toml'),
    rows: join(folder, 'rows.jsonl'),
  }
}

async function go(cwd: string, args: readonly string[]): Promise<string> {
  const { code, output } = await runProgram('go', args, { cwd, timeoutMs: GITLEAKS_BUILD_MS })
  if (code !== 0) throw new Error(`gitleaks could not be built: ${output}`)
  return output.trim()
}

async function build(made: string): Promise<void> {
  await go(source, ['build', '-buildvcs=false', '-o', join(made, 'oracle'), '.'])
  const version = await go(source, ['list', '-m', '-f', '{{.Version}}', MODULE])
  const module = await go(source, ['list', '-m', '-f', '{{.Dir}}', MODULE])
  // A copy: the module's own go.sum then holds all that its program and its generator need.
  const copy = join(made, 'module')
  cpSync(module, copy, { recursive: true })
  makeWritable(copy)
  const toml = readFileSync(join(copy, 'config', 'gitleaks.toml'))
  writeFileSync(join(made, 'gitleaks.toml'), toml)
  const flags = `-X ${MODULE}/version.Version=${version.replace(/^v/, '')}`
  const target = join(made, 'gitleaks')
  await go(copy, ['build', '-buildvcs=false', '-ldflags', flags, '-o', target, '.'])
  await recordRows(made, copy)
  rmSync(copy, { recursive: true })
}

/** The rule generator, with its check of each rule's examples replaced by one that prints them. */
async function recordRows(made: string, copy: string): Promise<void> {
  const replaced = join(copy, 'cmd/generate/config/utils/validate.go')
  writeFileSync(replaced, readFileSync(join(source, 'recorded_validate.go.txt')))
  const generator = join(made, 'generator')
  await go(copy, ['build', '-buildvcs=false', '-o', generator, './cmd/generate/config'])
  // It ends with an error, since the template that it would fill isn't there; the rows are out by then.
  const { output } = await runProgram(generator, ['unused.toml'], { cwd: made, timeoutMs: 60_000 })
  const rows = output.split('\n').filter((line) => line.startsWith('{"Rule"'))
  writeFileSync(join(made, 'rows.jsonl'), `${rows.join('\n')}\n`)
}

/** The module cache is read-only, and so is a copy of it. */
function makeWritable(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) makeWritable(join(folder, entry.name))
    else chmodSync(join(folder, entry.name), 0o644)
  }
}

export interface DeclaredRow {
  readonly Rule: string
  readonly Path: string
  readonly Text: string
  /** Whether the rule says that it finds something in the text. */
  readonly Positive: boolean
}

export const declaredRows = (gitleaks: Gitleaks): DeclaredRow[] =>
  readFileSync(gitleaks.rows, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as DeclaredRow)

export interface OracleCase {
  /** A configuration; "" for the default one. */
  readonly toml: string
  readonly depth: number
  readonly ignoreAllow?: boolean
  readonly fragments: readonly OracleFragment[]
}

export interface OracleFragment {
  readonly bytes: Uint8Array
  readonly path: string
  readonly commit?: string
  readonly startLine: number
}

/** Texts are bytes as latin1. */
export interface OracleFinding {
  readonly ruleId: string
  readonly place: readonly number[]
  readonly line: string
  readonly match: string
  readonly secret: string
  readonly entropy: number
  readonly file: string
  readonly tags: readonly string[]
  readonly required: readonly string[]
}

export interface OracleAnswer {
  readonly error: string
  /** By fragment, in no particular order. */
  readonly findings: readonly (readonly OracleFinding[])[]
}

interface RawComponent {
  readonly RuleID: string
  readonly StartLine: number
  readonly EndLine: number
  readonly StartColumn: number
  readonly EndColumn: number
  readonly Line: string | null
  readonly Match: string | null
  readonly Secret: string | null
}

interface RawFinding extends RawComponent {
  readonly Entropy: number
  readonly File: string
  readonly Tags: readonly string[] | null
  readonly Required: readonly RawComponent[]
}

const bytesOf = (text: string | null): string =>
  Buffer.from(text ?? '', 'base64').toString('latin1')

function toFinding(raw: RawFinding): OracleFinding {
  return {
    ruleId: raw.RuleID,
    place: [raw.StartLine, raw.EndLine, raw.StartColumn, raw.EndColumn],
    line: bytesOf(raw.Line),
    match: bytesOf(raw.Match),
    secret: bytesOf(raw.Secret),
    entropy: Math.fround(raw.Entropy),
    file: toByteString(raw.File),
    tags: raw.Tags ?? [],
    required: raw.Required.map((of) =>
      [of.RuleID, of.StartLine, of.StartColumn, of.EndColumn, bytesOf(of.Secret)].join(':'),
    ),
  }
}

/** gitleaks' answers, in order. */
export function askGitleaks(
  gitleaks: Gitleaks,
  cases: readonly OracleCase[],
): Promise<OracleAnswer[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(gitleaks.oracle, [], { stdio: ['pipe', 'pipe', 'inherit'] })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('error', reject)
    child.on('close', () => {
      const lines = Buffer.concat(chunks).toString().trim().split('\n')
      const raw = lines.map(
        (line) => JSON.parse(line) as { Error: string; Findings: RawFinding[][] | null },
      )
      resolve(
        raw.map((of) => ({
          error: of.Error,
          findings: (of.Findings ?? []).map((list) => list.map(toFinding)),
        })),
      )
    })
    const lines = cases.map((of) =>
      JSON.stringify({
        Toml: of.toml,
        Depth: of.depth,
        IgnoreAllow: of.ignoreAllow ?? false,
        Fragments: of.fragments.map((one) => ({
          Raw: Buffer.from(one.bytes).toString('base64'),
          Path: one.path,
          Commit: one.commit ?? '',
          StartLine: one.startLine,
        })),
      }),
    )
    child.stdin.end(`${lines.join('\n')}\n`)
  })
}
