// zlint, built from tools/oracles/zlint into the user's cache: the lints of RFC 5280 over certificates and lists.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cachedFolder, requireProgram, runProgram } from './live-program.ts'

const source = fileURLToPath(new URL('../../tools/oracles/zlint/', import.meta.url))
export const ZLINT_BUILD_MS = 300_000

/** The program's path; builds it where needed. Throws where Go is missing, in words that say so. */
export async function buildZlint(): Promise<string> {
  await requireProgram('go', ['version'], 'install Go 1.25 or newer from go.dev/dl')
  const sources = ['go.mod', 'go.sum', 'main.go'].map((name) => join(source, name))
  const folder = await cachedFolder('zlint', sources, async (made) => {
    const args = ['build', '-buildvcs=false', '-o', join(made, 'zlint'), '.']
    const { code, output } = await runProgram('go', args, {
      cwd: source,
      timeoutMs: ZLINT_BUILD_MS,
    })
    if (code !== 0) throw new Error(`zlint could not be built: ${output}`)
  })
  return join(folder, 'zlint')
}

export interface Linted {
  /** One line for each lint of the class error or fatal. */
  readonly faults: readonly string[]
  readonly files: number
  /** All results, also those that say that a lint doesn't apply. */
  readonly results: number
}

/** Files in DER: *.crt and *.crl. */
export async function lintFiles(program: string, files: readonly string[]): Promise<Linted> {
  const { output } = await runProgram(program, files, { timeoutMs: 120_000 })
  const counts = /^linted (\d+) files with (\d+) results$/m.exec(output)
  if (!counts) throw new Error(`zlint failed: ${output}`)
  const faults = output.split('\n').filter((line) => line.startsWith('FAULT'))
  return { faults, files: Number(counts[1]), results: Number(counts[2]) }
}
