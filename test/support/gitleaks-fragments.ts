// gitleaks' own sources, built from tools/oracles/gitleaks-fragments into the user's cache: which fragments it makes
// of a tree, a history or an index, and ours in the same form.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Fragment } from '../../src/scan/fragment.ts'
import { cachedFolder, requireProgram, runProgram } from './live-program.ts'

const source = fileURLToPath(new URL('../../tools/oracles/gitleaks-fragments/', import.meta.url))
export const GITLEAKS_BUILD_MS = 600_000

/** The program's path; builds it where needed. Throws where Go is missing, in words that say so. */
export async function buildGitleaksFragments(): Promise<string> {
  await requireProgram('go', ['version'], 'install Go 1.25 or newer from go.dev/dl')
  const sources = ['go.mod', 'go.sum', 'main.go'].map((name) => join(source, name))
  const folder = await cachedFolder('gitleaks-fragments', sources, async (made) => {
    const args = ['build', '-buildvcs=false', '-o', join(made, 'gitleaks-fragments'), '.']
    const options = { cwd: source, timeoutMs: GITLEAKS_BUILD_MS }
    const { code, output } = await runProgram('go', args, options)
    if (code !== 0) throw new Error(`gitleaks-fragments could not be built: ${output}`)
  })
  return join(folder, 'gitleaks-fragments')
}

/** What gitleaks makes of it: one JSON object a fragment, sorted. */
export async function gitleaksFragments(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string[]> {
  const plain = Object.fromEntries(
    Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  )
  const { code, output } = await runProgram(program, args, { env: plain, timeoutMs: 120_000 })
  if (code !== 0) throw new Error(`gitleaks-fragments failed: ${output}`)
  return output.split('\n').filter((line) => line.startsWith('{'))
}

const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex')

/** Ours in the same form. */
export function fragmentLines(fragments: readonly Fragment[]): string[] {
  const lines = fragments.map(({ path, symlink, startLine, bytes, commit }) =>
    JSON.stringify({
      path: hex(path),
      symlink: hex(symlink),
      startLine,
      length: bytes.length,
      digest: createHash('sha256').update(bytes).digest('hex').slice(0, 16),
      sha: commit?.sha ?? '',
      author: hex(commit?.author ?? ''),
      email: hex(commit?.email ?? ''),
      date: commit?.date ?? '',
      message: hex(commit?.message ?? ''),
    }),
  )
  return lines.sort()
}
