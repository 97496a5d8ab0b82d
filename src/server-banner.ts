// What a starting server prints on standard output: its settings, then that it serves and what to do next.
import { existsSync } from 'node:fs'
import { delimiter, join, relative } from 'node:path'
import { VERSION } from './base/version.ts'
import type { ServerConfig } from './server-config.ts'

/** The lines in Vault's shape; `addresses` are those bound, one for each listener. */
export function startBanner(config: ServerConfig, addresses: readonly string[]): string {
  const rows: [string, string][] = [
    ['Api Address', config.apiAddr || apiAddress(config, addresses)],
    ...config.listeners.map((one, at): [string, string] => {
      const tls = one.tlsDisable ? 'disabled' : 'enabled'
      const address = addresses[at] ?? one.address
      return [`Listener ${at + 1}`, `${one.type} (addr: "${address}", tls: "${tls}")`]
    }),
    ['Log Level', config.logLevel],
    ['Storage', storageText(config)],
    ['Version', `Strongroom v${VERSION}`],
    ['Workers', String(config.workers)],
  ]
  const width = Math.max(...rows.map(([name]) => name.length)) + 12
  const lines = rows.map(([name, value]) => `${name.padStart(width)}: ${value}`)
  return `==> Strongroom server configuration:\n\n${lines.join('\n')}\n\n`
}

export const STARTED = '==> Strongroom server started! Log data will stream in below:\n\n'

/** Where clients reach the first listener. */
export function apiAddress(config: ServerConfig, addresses: readonly string[]): string {
  const at = config.listeners.findIndex((one) => one.type === 'tcp')
  const bound = addresses[at]
  if (at < 0 || bound === undefined) return ''
  const reachable = bound.replace(/^(?:0\.0\.0\.0|\[::\]):/, '127.0.0.1:')
  return `${config.listeners[at]?.tlsDisable ? 'http' : 'https'}://${reachable}`
}

function storageText({ storage }: ServerConfig): string {
  if (!storage) return ''
  return storage.options.path ? `${storage.type} (${storage.options.path})` : storage.type
}

/** What to do next with a server in this state; '' where nothing is to be done. */
export function adviceFor(
  of: { readonly initialized: boolean; readonly sealed: boolean; readonly threshold: number },
  command: string,
): string {
  if (!of.initialized) {
    return `The store is new. Initialise it: ${command} operator init\n\n`
  }
  if (!of.sealed) return ''
  const shares = of.threshold === 1 ? 'one key share' : `${of.threshold} key shares, one at a time`
  return `The server is sealed. Enter ${shares}: ${command} operator unseal\n\n`
}

/** How the user of this shell types the command: its name where the shell finds it, else its path from here. */
export function typedCommand(name: string): string {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  if (folders.some((folder) => existsSync(join(folder, name)))) return name
  const path = relative(process.cwd(), process.argv[1] ?? '')
  return path === '' || path.startsWith('..') ? name : path
}
