// `scan hooks install|uninstall|status`.
import { existsSync, mkdirSync, readdirSync, realpathSync, rmdirSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import type { CobraStreams, Invocation } from '../../base/cobra.ts'
import { EXIT, ScanFailure } from '../command/exit-codes.ts'
import type { CommonValues } from '../command/scan-flags.ts'
import type { Around } from '../command/scan-session.ts'
import { systemWords } from '../system-words.ts'
import { ownerOf } from './hook-managers.ts'
import { BYPASS, EARLIER_SUFFIX, HOOK_NAMES, type HookName, hookScript } from './hook-script.ts'
import { askGit, globalHooks, type HooksPlace, repositoryHooks } from './hooks-place.ts'
import { findHook, type Installed, installHook, uninstallHook } from './install-hooks.ts'

/** Flags that an installed hook goes on using; those of paths are made absolute. */
const KEPT_FLAGS = [
  ...['config', 'baseline', 'live-filter', 'tier', 'enable-rule', 'disable-rule', 'no-baseline'],
  ...['no-allow-comments', 'max-file-megabytes', 'max-decode-depth', 'max-archive-depth'],
  ...['threads', 'timeout', 'partial', 'allow-comments', 'known-from'],
]
const PATH_FLAGS = ['config', 'baseline', 'live-filter']

function keptFlags(of: Invocation): string[] {
  return [...of.changed].flatMap((name) => {
    if (!KEPT_FLAGS.includes(name)) return []
    const value = of.values[name]
    if (value === true) return [`--${name}`]
    const text = PATH_FLAGS.includes(name) ? resolve(String(value)) : String(value)
    return [`--${name}=${text}`]
  })
}

/** How this program was called: what a hook is to call. */
function ownProgram(): readonly [string, string] {
  const script = resolve(process.argv[1] ?? '')
  // Under another name the program is another one; the file behind the link is always itself.
  return [process.execPath, basename(script) === 'strongroom' ? script : realpathSync(script)]
}

const placeFor = (of: Invocation, env: NodeJS.ProcessEnv): Promise<HooksPlace> =>
  of.values.global === true ? globalHooks(env) : repositoryHooks(String(of.values.dir))

/** Those that flags name; else what suits the place: a bare repository is a server's. */
function chosenHooks(of: Invocation, place: HooksPlace): readonly HookName[] {
  const named = HOOK_NAMES.filter((name) => of.values[name] === true)
  if (named.length > 0) return named
  return HOOK_NAMES.filter((name) => (name === 'pre-receive') === place.isBare)
}

const doing = (error: unknown): ScanFailure => new ScanFailure(systemWords(error))

const WORDS: Readonly<Record<Exclude<Installed, 'in the way'>, string>> = {
  installed: 'installed',
  chained: 'installed behind the hook that was there, which runs first',
  updated: 'brought up to date',
  unchanged: 'is installed already',
}

/** Answers whether the hook is in place now. */
function installOne(
  hook: HookName,
  place: HooksPlace,
  of: Invocation,
  { stdout, stderr }: CobraStreams,
): boolean {
  const path = `${place.folder}/${hook}`
  const { state } = findHook(place.folder, hook)
  const owner = state === 'ours' || of.values.force === true ? null : ownerOf(hook, place)
  if (owner) {
    stderr.write(
      `${hook}: ${owner.name} owns ${path}; ${owner.advice}\n` +
        `  (--force puts ours into that place, and runs the other one first)\n`,
    )
    return false
  }
  const script = hookScript({ hook, program: ownProgram(), flags: keptFlags(of) })
  let done: Installed
  try {
    done = installHook(place.folder, hook, script)
  } catch (error) {
    throw doing(error)
  }
  if (done === 'in the way') {
    stderr.write(
      `${hook}: another program has written over our hook: both ${path} and ${path}${EARLIER_SUFFIX} are there.\n` +
        '  Take away the one that is not to run, and install again\n',
    )
    return false
  }
  stdout.write(`${hook}: ${WORDS[done]} (${path})\n`)
  return true
}

export async function installHooks(
  of: Invocation,
  _: CommonValues,
  around: Around,
): Promise<number> {
  const place = await placeFor(of, around.env)
  const hooks = chosenHooks(of, place)
  const done = hooks.map((hook) => installOne(hook, place, of, around.streams))
  const { stdout } = around.streams
  if (done.includes(true) && place.setting === 'init.templateDir') {
    if (place.isOurTemplate) {
      const template = dirname(place.folder)
      await setTemplate(template)
      stdout.write(`init.templateDir is ${template}\n`)
    }
    stdout.write('New clones get the hooks; in a clone that is there, "git init" brings them\n')
  }
  if (done.includes(true) && place.setting === 'core.hooksPath') {
    stdout.write('core.hooksPath names that folder: git runs these hooks in all repositories\n')
  }
  const ways = new Set(hooks.filter((_, i) => done[i]).map((hook) => BYPASS[hook]))
  for (const way of ways) if (way !== '') stdout.write(`Once without the scan: ${way}\n`)
  return done.includes(false) ? EXIT.error : EXIT.clean
}

async function setTemplate(template: string): Promise<void> {
  mkdirSync(template, { recursive: true })
  const { code } = await askGit('.', ['config', '--global', 'init.templateDir', template])
  if (code !== 0) throw new ScanFailure('init.templateDir could not be set')
}

export async function uninstallHooks(
  of: Invocation,
  _: CommonValues,
  around: Around,
): Promise<number> {
  const place = await placeFor(of, around.env)
  const named = HOOK_NAMES.filter((name) => of.values[name] === true)
  const { stdout } = around.streams
  let count = 0
  for (const hook of named.length > 0 ? named : HOOK_NAMES) {
    let done: ReturnType<typeof uninstallHook>
    try {
      done = uninstallHook(place.folder, hook)
    } catch (error) {
      throw doing(error)
    }
    if (done === 'not ours') continue
    count++
    const word = done === 'removed' ? 'removed' : 'removed; the hook that was there before is back'
    stdout.write(`${hook}: ${word} (${place.folder}/${hook})\n`)
  }
  if (count === 0) stdout.write(`No hook of ours in ${place.folder}\n`)
  if (place.isOurTemplate) await forgetTemplate(place.folder, stdout)
  return EXIT.clean
}

/** The template that we made is of no use once nothing is in it. */
async function forgetTemplate(folder: string, stdout: NodeJS.WritableStream): Promise<void> {
  const template = dirname(folder)
  for (const one of [folder, template]) {
    if (!existsSync(one)) continue
    if (readdirSync(one).length > 0) return
    rmdirSync(one)
  }
  const { code } = await askGit('.', ['config', '--global', '--unset', 'init.templateDir'])
  if (code === 0) stdout.write('init.templateDir is no longer set\n')
}

/** Ends with 0 where all hooks that were asked for are ours, or another program's whose hook calls us. */
export async function hooksStatus(
  of: Invocation,
  _: CommonValues,
  around: Around,
): Promise<number> {
  const place = await placeFor(of, around.env)
  const asked = chosenHooks(of, place)
  let isWhole = true
  for (const hook of HOOK_NAMES) {
    const { state, hasEarlier } = findHook(place.folder, hook)
    if (state !== 'ours' && !asked.includes(hook)) continue
    if (state !== 'ours') isWhole = false
    around.streams.stdout.write(`${hook}: ${stateWords(hook, place, state, hasEarlier)}\n`)
  }
  around.streams.stdout.write(`Hooks are in ${place.folder}\n`)
  return isWhole ? EXIT.clean : EXIT.found
}

function stateWords(
  hook: HookName,
  place: HooksPlace,
  state: ReturnType<typeof findHook>['state'],
  hasEarlier: boolean,
): string {
  if (state === 'ours') return hasEarlier ? 'installed, behind another hook' : 'installed'
  if (state === 'none') return 'not installed'
  const owner = ownerOf(hook, place)
  return owner ? `not installed here: ${owner.name} owns the hook; ${owner.advice}` : 'another hook'
}
