// The original gitleaks, built once from its Go module, and our program under that name: both run the same line in the
// same folder, and what differs by nature (times, how long it took) is made equal.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cachedFolder, requireProgram, runProgram } from './live-program.ts'
import { bundleForTest } from './run-bundled.ts'

const source = fileURLToPath(new URL('../../tools/oracles/gitleaks-program/', import.meta.url))
export const GITLEAKS_BUILD_MS = 400_000
const VERSION = 'github.com/zricethezav/gitleaks/v8/version.Version=8.30.1'

/** The path of the original program. */
export async function realGitleaks(): Promise<string> {
  await requireProgram('go', ['version'], 'install Go 1.25 or newer from go.dev/dl')
  const sources = ['go.mod', 'go.sum', 'main.go'].map((name) => join(source, name))
  const folder = await cachedFolder('gitleaks-program', sources, async (made) => {
    const args = ['build', '-buildvcs=false', '-ldflags', `-X ${VERSION}`]
    const { code, output } = await runProgram('go', [...args, '-o', join(made, 'gitleaks'), '.'], {
      cwd: source,
      timeoutMs: GITLEAKS_BUILD_MS,
    })
    if (code !== 0) throw new Error(`gitleaks could not be built: ${output}`)
  })
  return join(folder, 'gitleaks')
}

/** Our program's script; `[process.execPath, script, 'gitleaks']` is the command. */
export const ourScript = (): Promise<string> => bundleForTest('../../src/cli/main.ts')

export interface Output {
  readonly code: number | null
  /** Bytes as latin1. */
  readonly stdout: string
  readonly stderr: string
}

export interface Line {
  readonly args: readonly string[]
  readonly cwd: string
  readonly input?: string | Buffer
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a command with the arguments of a line. */
export function runLine(command: readonly string[], line: Line): Promise<Output> {
  return new Promise((resolve, reject) => {
    const [program, ...before] = command
    const child = spawn(program!, [...before, ...line.args], {
      cwd: line.cwd,
      env: { ...process.env, CI: '', NO_COLOR: '', TZ: 'UTC', ...line.env },
      timeout: 60_000,
      killSignal: 'SIGKILL',
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('latin1')))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('latin1')))
    child.stdin.on('error', () => {})
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
    child.stdin.end(line.input ?? '')
  })
}

/** Without what differs from run to run. */
export function steady({ code, stdout, stderr }: Output): Output {
  const plain = stderr
    .replace(/\d{1,2}:\d\d[AP]M\b/g, 'TIME')
    .replace(/ in (?:\d+h)?(?:\d+m)?[\d.]+(?:\xc2\xb5|n|m)?s\b/g, ' in DURATION')
  return { code, stdout, stderr: plain }
}
