// Real client programs of other languages for test/live: found, built once into the user's cache outside
// of the clone, and run beside a server. What is missing on the machine is said with what to install.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export interface Ran {
  /** null: it could not be started, or was ended because its time was over. */
  readonly code: number | null
  readonly output: string
}

/** Runs a program with this environment on top of ours; its output is stdout and stderr together. */
export function runProgram(
  command: string,
  args: readonly string[],
  of: { cwd?: string; env?: Readonly<Record<string, string>>; timeoutMs: number },
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      ...(of.cwd === undefined ? {} : { cwd: of.cwd }),
      env: { ...process.env, ...of.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: of.timeoutMs,
      killSignal: 'SIGKILL',
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    child.on('error', (error) => resolve({ code: null, output: `${output}${error.message}` }))
    child.on('close', (code) => resolve({ code, output }))
  })
}

/** A program that must be there; throws in words that say what to install. */
export async function requireProgram(
  command: string,
  args: string[],
  advice: string,
): Promise<void> {
  const { code, output } = await runProgram(command, args, { timeoutMs: 20_000 })
  if (code !== 0)
    throw new Error(`"${command}" is needed for this test: ${advice} (${output.trim()})`)
}

/**
 * A folder made once by `make` and found again while the sources stay the same. It is made beside its
 * place and moved there whole, so that an interrupted or second run leaves nothing half made.
 */
export async function cachedFolder(
  name: string,
  sources: readonly string[],
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256')
  for (const source of sources) hash.update(existsSync(source) ? readFileSync(source) : source)
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'strongroom', 'live')
  const folder = join(cache, `${name}-${hash.digest('hex').slice(0, 16)}`)
  if (existsSync(folder)) return folder
  const building = `${folder}.${process.pid}`
  mkdirSync(building, { recursive: true })
  try {
    await make(building)
    if (!existsSync(folder)) renameSync(building, folder)
  } finally {
    rmSync(building, { recursive: true, force: true })
  }
  return folder
}
