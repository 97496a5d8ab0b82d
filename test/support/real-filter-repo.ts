// The real git filter-repo, from PyPI: one Python program, installed once into the user's cache.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cachedFolder, requireProgram, runProgram } from './live-program.ts'

const PACKAGE = 'git-filter-repo==2.47.0'
export const FILTER_REPO_INSTALL_MS = 120_000

/** A folder for PATH in which `git filter-repo` is found. */
export async function filterRepoFolder(): Promise<string> {
  const advice =
    'install Python 3.9 or newer with its venv module (Debian: apt install python3-venv)'
  await requireProgram('python3', ['-c', 'import venv, ensurepip'], advice)
  const folder = await cachedFolder(
    `filter-repo-${PACKAGE.split('==')[1]}`,
    [fileURLToPath(import.meta.url)],
    async (made) => {
      const tools = join(made, '.tools')
      const pip = [
        join(tools, 'bin/python'),
        '-m',
        'pip',
        'install',
        '-q',
        '--target',
        made,
        PACKAGE,
      ]
      for (const [command, ...args] of [['python3', '-m', 'venv', tools], pip]) {
        const timeoutMs = FILTER_REPO_INSTALL_MS
        const { code, output } = await runProgram(command!, args, { timeoutMs })
        if (code !== 0) throw new Error(`${PACKAGE} could not be installed: ${output}`)
      }
      // pip's own script names a Python by a path that was only that of the making.
      const script = '#!/bin/sh\nexec python3 "$(dirname "$0")/../git_filter_repo.py" "$@"\n'
      writeFileSync(join(made, 'bin/git-filter-repo'), script, { mode: 0o755 })
    },
  )
  return join(folder, 'bin')
}
