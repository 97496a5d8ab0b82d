// Puts our hook in the place of what is there and back: a hook that was there is kept beside ours, as the same file, mode
// and link, and runs first. At no moment is the hook that was there, or ours, missing. Nothing is done twice.
import {
  chmodSync,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { EARLIER_SUFFIX, type HookName, isOurScript } from './hook-script.ts'

export type HookState = 'none' | 'ours' | 'other'

const isThere = (path: string): boolean => {
  try {
    lstatSync(path)
    return true
  } catch {
    return false
  }
}

export interface FoundHook {
  readonly state: HookState
  /** Where ours is: one that was there before runs first. */
  readonly hasEarlier: boolean
  /** The text of ours. */
  readonly text: string
}

/** What stands where git looks for a hook. */
export function findHook(folder: string, hook: HookName): FoundHook {
  const path = join(folder, hook)
  const hasEarlier = isThere(path + EARLIER_SUFFIX)
  if (!isThere(path)) return { state: 'none', hasEarlier, text: '' }
  let text = ''
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    // A link that leads nowhere, a folder: not ours.
  }
  return isOurScript(text)
    ? { state: 'ours', hasEarlier, text }
    : { state: 'other', hasEarlier, text: '' }
}

export type Installed = 'installed' | 'chained' | 'updated' | 'unchanged' | 'in the way'

/** Writes our script. `in the way`: both a hook of others and one that we once kept are there; nothing was done. */
export function installHook(folder: string, hook: HookName, script: string): Installed {
  const path = join(folder, hook)
  const { state, hasEarlier, text } = findHook(folder, hook)
  if (state === 'ours' && text === script) return 'unchanged'
  if (state === 'other' && hasEarlier) return 'in the way'
  mkdirSync(folder, { recursive: true })
  const made = `${path}.strongroom-new`
  writeFileSync(made, script)
  chmodSync(made, 0o755)
  if (state === 'other') keep(path)
  renameSync(made, path)
  if (state === 'ours') return 'updated'
  return state === 'other' || hasEarlier ? 'chained' : 'installed'
}

/** The same file under another name, while it stays where it is. */
function keep(path: string): void {
  const kept = path + EARLIER_SUFFIX
  // Some systems' link() makes another name of what a link leads to.
  if (lstatSync(path).isSymbolicLink()) symlinkSync(readlinkSync(path), kept)
  else {
    try {
      linkSync(path, kept)
    } catch {
      // File systems without links.
      copyFileSync(path, kept)
    }
  }
}

export type Uninstalled = 'removed' | 'restored' | 'not ours'

/** Takes ours away and puts back what was there before. */
export function uninstallHook(folder: string, hook: HookName): Uninstalled {
  const path = join(folder, hook)
  const { state, hasEarlier } = findHook(folder, hook)
  if (state !== 'ours') return 'not ours'
  if (hasEarlier) renameSync(path + EARLIER_SUFFIX, path)
  else rmSync(path)
  return hasEarlier ? 'restored' : 'removed'
}
