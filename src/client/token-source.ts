// Where an application's token comes from: given, from the environment, from a file that somebody else keeps
// fresh (an agent, Kubernetes), or from a function that logs in. It is asked for at every call, so a token
// that was replaced is used at once.
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fromEnvironment } from './server-calls.ts'

/** `wasRefused`: the token answered last was refused (403); a function should log in again. */
export type TokenSource = (wasRefused: boolean) => Promise<string>

export type TokenOption =
  | string
  | { readonly file: string }
  | ((wasRefused: boolean) => string | Promise<string>)

/** Absent: STRONGROOM_TOKEN, VAULT_TOKEN or BAO_TOKEN, else the file ~/.vault-token. */
export function tokenSource(option: TokenOption | undefined): TokenSource {
  if (typeof option === 'function') return async (wasRefused) => await option(wasRefused)
  if (typeof option === 'string') return async () => option
  if (option !== undefined) return () => fromFile(option.file)
  return async () => fromEnvironment('TOKEN') ?? (await fromFile(join(homedir(), '.vault-token')))
}

async function fromFile(path: string): Promise<string> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new Error(`no token: ${path} can't be read (${(error as NodeJS.ErrnoException).code})`)
  }
  return text.trim()
}
