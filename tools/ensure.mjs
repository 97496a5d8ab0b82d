// Brings a fresh clone to the state where its commands can run: dependencies as the lock file says,
// and a bundle that is newer than every source file. Plain JavaScript, as nothing is installed yet.
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Runs a command in the clone with this terminal; ends the process with its code if it fails. */
export function run(command, args, env = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  if (result.error) throw result.error
  if (result.status !== 0) process.exit(result.status ?? 1)
}

/**
 * Installs when node_modules is missing or not what the lock file says. A node_modules that is a link
 * belongs to another work tree: npm would empty it for everyone who shares it, so it is left alone.
 */
export function ensureInstalled() {
  if (isLink(join(root, 'node_modules'))) return
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
  const stamp = join(root, 'node_modules', '.strongroom-lock')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  process.stderr.write('Installing dependencies…\n')
  // No install script is needed: every native part arrives as a prebuilt package.
  run('npm', ['ci', '--ignore-scripts', '--loglevel=error'])
  writeFileSync(stamp, lock)
}

const isLink = (path) => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false

function newest(dir) {
  let latest = 0
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name)
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs)
  }
  return latest
}

/** Builds when the bundle is missing or older than a source file. */
export async function ensureBuilt() {
  const bundle = join(root, 'dist', 'strongroom.js')
  const sources = Math.max(
    newest(join(root, 'src')),
    statSync(join(root, 'tools/build.mjs')).mtimeMs,
  )
  if (existsSync(bundle) && statSync(bundle).mtimeMs >= sources) return
  const { build } = await import('./build.mjs')
  await build()
}
