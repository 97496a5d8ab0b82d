// Lines of a shell for the original gitleaks (gitleaks-oracle.ts) and for our program under that name: what they print,
// and that without what differs from run to run.
import { spawn } from 'node:child_process'
import { bundleForTest } from './run-bundled.ts'

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
