// -autocomplete-install and -autocomplete-uninstall: put the completion lines into the files of the shells
// that this user has, and take them out again.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Environment } from '../environment.ts'
import { Failure } from '../failure.ts'
import { completionScript, type ShellFile, shellFiles } from './shells.ts'

function isThere(file: ShellFile): boolean {
  // fish reads a folder of ours to be made, inside its own one.
  return file.isOwn ? existsSync(dirname(dirname(file.path))) : existsSync(file.path)
}

function scriptLines(file: ShellFile, env: Environment): string[] {
  const script = completionScript(file.shell, env.calledAs, process.argv[1] ?? env.calledAs)
  return script.trimEnd().split('\n')
}

/** Adds the lines that are missing; says how many files it changed. */
export function installCompletion(env: Environment): number {
  let changed = 0
  for (const file of shellFiles(env.calledAs, env.plain('XDG_CONFIG_HOME')).filter(isThere)) {
    const lines = scriptLines(file, env)
    if (file.isOwn) {
      mkdirSync(dirname(file.path), { recursive: true })
      writeFileSync(file.path, `${lines.join('\n')}\n`)
      changed++
      continue
    }
    const text = readFileSync(file.path, 'utf8')
    const missing = lines.filter((line) => !text.split('\n').includes(line))
    if (missing.length === 0) continue
    const gap = text === '' || text.endsWith('\n') ? '' : '\n'
    writeFileSync(file.path, `${text}${gap}${missing.join('\n')}\n`)
    changed++
  }
  if (changed === 0) {
    throw new Failure(1, 'There is nothing to install: no shell was found, or it is done already.')
  }
  return changed
}

/** Takes the line for this command out again; says how many files it changed. */
export function uninstallCompletion(env: Environment): number {
  let changed = 0
  for (const file of shellFiles(env.calledAs, env.plain('XDG_CONFIG_HOME'))) {
    if (!existsSync(file.path)) continue
    if (file.isOwn) {
      rmSync(file.path)
      changed++
      continue
    }
    const own = scriptLines(file, env).at(-1)!
    const lines = readFileSync(file.path, 'utf8').split('\n')
    if (!lines.includes(own)) continue
    writeFileSync(file.path, lines.filter((line) => line !== own).join('\n'))
    changed++
  }
  if (changed === 0) throw new Failure(1, 'There is nothing to uninstall.')
  return changed
}
