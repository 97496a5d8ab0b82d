// What can come next on a command line: subcommands, flags, values. Pure but for what `remote` asks a server.
// Commands are loaded one at a time, since a shell waits for the answer.
import type { AnyCommand, Family } from '../command.ts'
import type { Entry } from '../command-table.ts'
import type { Completes, Flag, Flags } from '../flags.ts'
import { flagSets } from '../help.ts'

export interface Sources {
  /** Files and folders that begin with the text. */
  files(partial: string, onlyFolders: boolean): string[]
  /** Names on the server of a kind that begin with the text; none where it can't be asked. */
  remote(kind: RemoteKind, partial: string, isKv: boolean): Promise<string[]>
}

export type RemoteKind = Exclude<Extract<Completes, string>, 'nothing' | 'files' | 'folders'>

/** The words of a line up to the cursor; the last one is being typed and may be ''. */
export function splitLine(line: string): string[] {
  const words: string[] = []
  let word = ''
  let quote = ''
  let isOpen = false
  for (let at = 0; at < line.length; at++) {
    const mark = line[at]!
    if (quote !== '') {
      if (mark === quote) quote = ''
      else word += mark
    } else if (mark === '"' || mark === "'") {
      quote = mark
      isOpen = true
    } else if (mark === '\\' && at + 1 < line.length) {
      word += line[++at]
      isOpen = true
    } else if (mark === ' ' || mark === '\t' || mark === '\n') {
      if (word !== '' || isOpen) words.push(word)
      word = ''
      isOpen = false
    } else {
      word += mark
      isOpen = true
    }
  }
  words.push(word)
  return words
}

const beginning = (names: readonly string[], partial: string): string[] =>
  names.filter((name) => name.startsWith(partial))

/** The words that can follow `parent` ("" or "kv ") among all commands. */
function subcommands(entries: readonly Entry[], parent: string): string[] {
  return entries
    .filter((entry) => entry.name.startsWith(parent) && !entry.isHidden)
    .map((entry) => entry.name.slice(parent.length))
    .filter((rest) => rest !== '' && !rest.includes(' '))
}

async function values(
  completes: Completes,
  partial: string,
  sources: Sources,
  isKv: boolean,
): Promise<string[]> {
  if (typeof completes !== 'string') return beginning(completes, partial)
  if (completes === 'nothing') return []
  if (completes === 'files' || completes === 'folders') {
    return sources.files(partial, completes === 'folders')
  }
  return sources.remote(completes, partial, isKv)
}

function allFlags(command: AnyCommand): Flags {
  return Object.assign({}, ...flagSets(command).map(([, flags]) => flags)) as Flags
}

function flagNamed(flags: Flags, word: string): Flag<unknown> | undefined {
  const name = word.replace(/^--?/, '')
  const own = Object.hasOwn(flags, name) ? flags[name] : undefined
  return own ?? Object.values(flags).find((flag) => flag.aliases.includes(name))
}

/** How many arguments the words hold, flags and their values left out. */
function countArguments(words: readonly string[], flags: Flags): number {
  let count = 0
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!
    if (!word.startsWith('-') || word === '-') count++
    else if (!word.includes('=') && flagNamed(flags, word)?.isBoolean === false) at++
  }
  return count
}

async function forCommand(
  command: AnyCommand,
  words: readonly string[],
  partial: string,
  sources: Sources,
): Promise<string[]> {
  const flags = allFlags(command)
  const isKv = command.name.startsWith('kv ')
  const assigned = /^(--?[^=]+)=(.*)$/s.exec(partial)
  if (assigned) {
    const flag = flagNamed(flags, assigned[1]!)
    if (!flag) return []
    const found = await values(flag.completes, assigned[2]!, sources, isKv)
    return found.map((value) => `${assigned[1]}=${value}`)
  }
  if (partial.startsWith('-')) {
    const names = Object.keys(flags).filter((name) => !flags[name]!.hidden)
    return beginning(names.map((name) => `-${name}`).sort(), partial)
  }
  const last = words.at(-1) ?? ''
  if (last.startsWith('-') && !last.includes('=')) {
    const flag = flagNamed(flags, last)
    if (flag && !flag.isBoolean) return values(flag.completes, partial, sources, isKv)
  }
  const place = countArguments(words, flags)
  const { max } = command.arity
  if (max !== null && place >= max) return []
  const completes = command.completes[place] ?? command.completes.at(-1) ?? 'nothing'
  return values(completes, partial, sources, isKv)
}

/** The candidates for the last of `words` (those after the program's name). */
export async function candidates(
  words: readonly string[],
  entries: readonly Entry[],
  sources: Sources,
): Promise<string[]> {
  const typed = words.slice(0, -1)
  const partial = words.at(-1) ?? ''
  let length = 0
  for (let count = typed.length; count > 0; count--) {
    if (entries.some((entry) => entry.name === typed.slice(0, count).join(' '))) {
      length = count
      break
    }
  }
  const name = typed.slice(0, length).join(' ')
  const rest = typed.slice(length)
  const parent = name === '' ? '' : `${name} `
  if (rest.length === 0 && !partial.startsWith('-')) {
    const found = beginning(subcommands(entries, parent), partial)
    if (name === '' || found.length > 0) return found.sort()
  }
  const entry = entries.find((one) => one.name === name)
  const loaded: AnyCommand | Family | undefined = await entry?.load()
  if (!loaded || !('run' in loaded)) return []
  return forCommand(loaded, rest, partial, sources)
}
