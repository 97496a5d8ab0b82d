// --install: the three hooks, where git will look for them (a linked worktree and core.hooksPath included), or in a
// template directory. A folder HOOK.d beside them gets a file of its own instead.
import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runGit } from './git.ts'
import { Stop } from './options.ts'

const HOOKS = [
  ['commit-msg', 'commit_msg_hook'],
  ['pre-commit', 'pre_commit_hook'],
  ['prepare-commit-msg', 'prepare_commit_msg_hook'],
] as const

/** `directory` is a repository, a template directory, or '' for the repository around. */
export async function installHooks(
  directory: string,
  isForced: boolean,
  stdout: NodeJS.WritableStream,
): Promise<void> {
  const folder = await hooksFolder(directory)
  try {
    mkdirSync(folder, { recursive: true })
  } catch {
    throw new Stop(`Could not create dir: ${folder}\n`, 1)
  }
  for (const [hook, verb] of HOOKS) {
    const isShared = isDirectory(join(folder, `${hook}.d`))
    const path = isShared ? `${folder}/${hook}.d/git-secrets` : `${folder}/${hook}`
    if (existsSync(path) && !isForced)
      throw new Stop(`${path} already exists. Use -f to force\n`, 1)
    writeFileSync(path, `#!/usr/bin/env bash\ngit secrets --${verb} -- "$@"\n`)
    chmodSync(path, 0o755)
    const tick = 'isTTY' in stdout && stdout.isTTY ? '\x1b[32m✓\x1b(B\x1b[m ' : ''
    stdout.write(`${tick}Installed ${hook} hook to ${path}\n`)
  }
}

async function hooksFolder(directory: string): Promise<string> {
  if (directory !== '' && !existsSync(join(directory, '.git'))) return `${directory}/hooks`
  const at = directory === '' ? [] : ['-C', directory]
  const { code, stdout } = await runGit([...at, 'rev-parse', '--git-path', 'hooks'])
  if (code !== 0) throw new Stop('Not in a Git repository\n', 1)
  const path = stdout.toString().replace(/\n$/, '')
  return directory === '' || path.startsWith('/') ? path : `${directory}/${path}`
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
