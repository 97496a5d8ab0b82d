// install-names: links under other names, so that scripts written for other commands find this one. A name
// that a program on this machine already has is not taken over silently.
import {
  accessSync,
  constants,
  lstatSync,
  mkdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { basename, delimiter, dirname, join, resolve } from 'node:path'
import { defineCommand } from './command.ts'
import { Failure, messageOf } from './failure.ts'
import { booleanFlag } from './flags.ts'
import { FOREIGN_NAMES } from './foreign-names.ts'
import { expandHome } from './token-helper.ts'

/** Names under which the command behaves as the one it stands in for. */
export const KNOWN_NAMES: readonly string[] = ['vault', 'bao', ...Object.keys(FOREIGN_NAMES)]

function exists(path: string): boolean {
  try {
    lstatSync(path)
    return true
  } catch {
    return false
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function isLinkTo(path: string, target: string): boolean {
  try {
    return realpathSync(path) === realpathSync(target)
  } catch {
    return false
  }
}

/** Other programs of this name in the folders of PATH, in their order. */
export function rivals(
  name: string,
  folder: string,
  target: string,
  path: string,
): { readonly before: string[]; readonly after: string[]; readonly isInPath: boolean } {
  const folders = path
    .split(delimiter)
    .filter(Boolean)
    .map((one) => resolve(one))
  const here = folders.indexOf(folder)
  const before: string[] = []
  const after: string[] = []
  folders.forEach((one, at) => {
    const rival = join(one, name)
    if (one === folder || !isProgram(rival) || isLinkTo(rival, target)) return
    if (here >= 0 && at > here) after.push(rival)
    else before.push(rival)
  })
  return { before, after, isInPath: here >= 0 }
}

function refusals(name: string, folder: string, target: string, path: string): string[] {
  const link = join(folder, name)
  const out: string[] = []
  if (exists(link) && !isLinkTo(link, target)) out.push(`${link} exists already`)
  const { before, after } = rivals(name, folder, target, path)
  for (const rival of before) out.push(`${rival} would be found before the link`)
  for (const rival of after) out.push(`the link would hide ${rival}`)
  return out
}

/** `man` finds manuals beside the folders of PATH: bin/NAME has its manual as share/man/man1/NAME.1. */
function linkManual(name: string, folder: string, target: string): void {
  const manual = join(dirname(dirname(target)), 'deploy/man', `${name}.1`)
  if (basename(folder) !== 'bin' || !exists(manual)) return
  const manuals = join(dirname(folder), 'share/man/man1')
  mkdirSync(manuals, { recursive: true })
  rmSync(join(manuals, `${name}.1`), { force: true })
  symlinkSync(manual, join(manuals, `${name}.1`))
}

export const installNames = defineCommand({
  name: 'install-names',
  synopsis: 'Answer under other names too, such as vault',
  usage: '[options] DIR NAME...',
  about: [
    `Makes links in a folder under which this command answers as another one: ${KNOWN_NAMES.join(', ')}.`,
    'If a program of that name exists in the folder or elsewhere in PATH, nothing is done without -force.',
  ],
  examples: [
    { does: 'For scripts that call vault:', run: ['{} install-names ~/.local/bin vault bao'] },
  ],
  isHttp: false,
  output: [],
  flags: {
    force: booleanFlag('Make the links even if they replace or hide other programs.', {
      aliases: ['f'],
    }),
  },
  arity: { min: 2, max: null, expected: 'at least 2' },
  completes: ['folders', KNOWN_NAMES],
  async run({ ui, env, flags, args }) {
    const folder = resolve(expandHome(args[0]!))
    const names = args.slice(1)
    const target = realpathSync(process.argv[1]!)
    for (const name of names) {
      if (!KNOWN_NAMES.includes(name) || basename(name) !== name) {
        throw new Failure(1, `"${name}" is no name to answer under: ${KNOWN_NAMES.join(', ')}`)
      }
    }
    const path = env.plain('PATH') ?? ''
    const reasons = names.flatMap((name) => refusals(name, folder, target, path))
    if (reasons.length > 0 && !flags.force) {
      throw new Failure(
        1,
        `${reasons.join('\n')}\n\nNothing was done. -force makes the links anyway.`,
      )
    }
    for (const reason of reasons) ui.warn(`WARNING! ${reason}`)
    try {
      mkdirSync(folder, { recursive: true })
      for (const name of names) {
        const link = join(folder, name)
        rmSync(link, { force: true })
        symlinkSync(target, link)
        ui.out(`Success! ${link} -> ${target}`)
        linkManual(name, folder, target)
      }
    } catch (error) {
      throw new Failure(1, `Error making the links: ${messageOf(error)}`)
    }
    if (
      !path
        .split(delimiter)
        .map((one) => resolve(one))
        .includes(folder)
    ) {
      ui.warn(`${folder} is not in PATH: add it, or the names will not be found.`)
    }
    return 0
  },
})
