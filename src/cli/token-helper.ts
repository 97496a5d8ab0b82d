// Where the token of a login is kept between commands: the file ~/.vault-token (mode 0600), or the program
// that token_helper names in the configuration of the command. A helper gets the token on its standard
// input, never as an argument.
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import type { Environment } from './environment.ts'
import { messageOf } from './failure.ts'

export interface TokenHelper {
  /** The stored token; '' for none. */
  get(): Promise<string>
  store(token: string): Promise<void>
  erase(): Promise<void>
}

const CONFIG_FILES = { strongroom: '.strongroom', vault: '.vault', bao: '.bao' } as const

const isMissing = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')

/** A path with ~ as the home folder. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path
}

/** The program that the configuration of the command names; '' for none. */
function configuredHelper(env: Environment): string {
  const path = expandHome(env.read('CONFIG_PATH') ?? `~/${CONFIG_FILES[env.calledAs]}`)
  let text: string
  try {
    if (!statSync(path).isFile()) return ''
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return ''
    throw new Error(`could not read the configuration ${path}: ${messageOf(error)}`)
  }
  const found = /^\s*\{?\s*"?token_helper"?\s*[=:]\s*("(?:[^"\\]|\\.)*")/m.exec(text)
  return found ? (JSON.parse(found[1]!) as string) : ''
}

function fileHelper(path: string): TokenHelper {
  return {
    async get() {
      try {
        return readFileSync(path, 'utf8').trim()
      } catch (error) {
        if (isMissing(error)) return ''
        throw error
      }
    },
    async store(token) {
      const folder = mkdtempSync(join(dirname(path), `.${basename(path)}-`))
      try {
        const draft = join(folder, 'token')
        writeFileSync(draft, token, { mode: 0o600 })
        renameSync(draft, path)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
    async erase() {
      rmSync(path, { force: true })
    },
  }
}

function programHelper(program: string): TokenHelper {
  const path = isAbsolute(program) ? program : resolve(program)
  const run = async (operation: string, input: string): Promise<string> => {
    const { spawnSync } = await import('node:child_process')
    const done = spawnSync(path, [operation], { input, encoding: 'utf8' })
    if (done.error) throw done.error
    if (done.status !== 0) {
      throw new Error(`the token helper ${path} failed: ${done.stderr.trim()}`)
    }
    return done.stdout
  }
  return {
    get: async () => (await run('get', '')).trim(),
    store: async (token) => void (await run('store', token)),
    erase: async () => void (await run('erase', '')),
  }
}

/** The token helper of this user. */
export function tokenHelper(env: Environment): TokenHelper {
  const program = configuredHelper(env)
  if (program !== '') return programHelper(expandHome(program))
  return fileHelper(env.read('TOKEN_PATH') ?? join(homedir(), '.vault-token'))
}
