// Where git looks for hooks: core.hooksPath, the common folder of linked worktrees, a bare repository; and for all of a
// user's repositories, core.hooksPath or the template that new clones are made from. Source: git-config(1), git-init(1).
import { execFile } from 'node:child_process'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { ScanFailure } from '../command/exit-codes.ts'

export interface HooksPlace {
  /** The folder that holds the hooks; it need not be there yet. */
  readonly folder: string
  readonly isBare: boolean
  /** The top of the working tree; '' where there is none. */
  readonly top: string
  /** Which setting of the user leads to it; '' for a repository's own. */
  readonly setting: '' | 'core.hooksPath' | 'init.templateDir'
  /** The template is ours and no setting names it yet (or it is to be forgotten with the last hook). */
  readonly isOurTemplate: boolean
}

interface Answer {
  readonly code: number
  readonly text: string
}

/** What git prints, without the newline at its end. Throws ScanFailure where there is no git. */
export function askGit(directory: string, args: readonly string[]): Promise<Answer> {
  return new Promise((done, fail) => {
    execFile('git', ['-C', directory, ...args], (error, stdout) => {
      if (error && error.code === 'ENOENT') return fail(new ScanFailure('git is not installed'))
      const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0
      done({ code, text: stdout.replace(/\n$/, '') })
    })
  })
}

/** Throws ScanFailure where there is no repository. */
export async function repositoryHooks(directory: string): Promise<HooksPlace> {
  const [bare, gitDir] = await Promise.all([
    askGit(directory, ['rev-parse', '--is-bare-repository']),
    askGit(directory, ['rev-parse', '--absolute-git-dir']),
  ])
  if (gitDir.code !== 0) throw new ScanFailure(`${directory}: no git repository`)
  const isBare = bare.text === 'true'
  const top = isBare ? '' : (await askGit(directory, ['rev-parse', '--show-toplevel'])).text
  // A relative core.hooksPath counts from where hooks run: the top of the tree, or the bare repository.
  const from = top === '' ? gitDir.text : top
  const hooks = await askGit(from, ['rev-parse', '--git-path', 'hooks'])
  return {
    folder: resolve(from, hooks.text),
    isBare,
    top,
    setting: '',
    isOurTemplate: false,
  }
}

const ourTemplate = (env: NodeJS.ProcessEnv): string => {
  const config = env.XDG_CONFIG_HOME
  return join(config && isAbsolute(config) ? config : join(homedir(), '.config'), 'git', 'template')
}

/** The place for all repositories of the user. */
export async function globalHooks(env: NodeJS.ProcessEnv): Promise<HooksPlace> {
  const config = (name: string) =>
    askGit('.', ['config', '--global', '--type=path', '--get', name]).then(({ text }) => text)
  const [hooksPath, template] = await Promise.all([
    config('core.hooksPath'),
    config('init.templateDir'),
  ])
  const rest = { isBare: false, top: '' }
  if (hooksPath !== '') {
    return {
      ...rest,
      folder: resolve(hooksPath),
      setting: 'core.hooksPath',
      isOurTemplate: false,
    }
  }
  const own = ourTemplate(env)
  const folder = template === '' ? own : resolve(template)
  return {
    ...rest,
    folder: join(folder, 'hooks'),
    setting: 'init.templateDir',
    isOurTemplate: folder === own,
  }
}
