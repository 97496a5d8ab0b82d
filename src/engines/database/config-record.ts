// The configuration of a connection as it is stored (`config/<name>`), and as it may be shown: no password,
// no key, no password within a connection string.
import { badRequest } from '../../base/errors.ts'
import type { Entry, ReadStorage } from '../../sdk/storage.ts'
import { serverFault } from './database-faults.ts'
import type { ConnectionDetails } from './database-plugin.ts'
import { databasePlugin } from './database-plugins.ts'

export interface ConfigRecord {
  readonly pluginName: string
  readonly details: ConnectionDetails
  readonly allowedRoles: readonly string[]
  readonly rootRotationStatements: readonly string[]
  readonly passwordPolicy: string
}

export const configKey = (name: string): string => `config/${name}`

export interface StoredConfig {
  readonly config: ConfigRecord
  readonly version: string
}

export async function findConfig(storage: ReadStorage, name: string): Promise<StoredConfig | null> {
  return fromEntry(await storage.get(configKey(name)))
}

export const fromEntry = (entry: Entry | null): StoredConfig | null =>
  entry && { config: entry.json<ConfigRecord>(), version: entry.version }

/** Throws as Vault does where there is none. */
export async function requireConfig(storage: ReadStorage, name: string): Promise<StoredConfig> {
  const found = await findConfig(storage, name)
  if (!found) throw serverFault(`failed to find entry for connection with name: ${quoted(name)}`)
  return found
}

/** `connection_details` without what is secret. */
export function shownDetails(config: ConfigRecord): ConnectionDetails {
  const fields = databasePlugin(config.pluginName)?.configFields ?? {}
  const shown: Record<string, ConnectionDetails[string]> = {}
  for (const name of Object.keys(config.details).sort()) {
    if (name === 'password' || name === 'private_key' || fields[name]?.secret) continue
    const value = config.details[name]!
    shown[name] = name === 'connection_url' && typeof value === 'string' ? redactUrl(value) : value
  }
  return shown
}

const PLACEHOLDER = '{{password}}'
const MASK = 'xxxxx'

/** A connection string of any of the forms, with `xxxxx` for each password but the placeholder. */
export function redactUrl(text: string): string {
  const masked = (password: string): string =>
    ['', PLACEHOLDER, "''", `'${PLACEHOLDER}'`].includes(password) ? password : MASK
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? ''
  const rest = text.slice(scheme.length)
  // user:password@host and user:password@tcp(host), then ?password=… and the keyword form.
  return (
    scheme +
    rest
      .replace(
        /^([^:/?#@]*:)(.*)(@[^@]*)$/s,
        (_, before: string, password: string, after: string) => before + masked(password) + after,
      )
      .replace(
        /\b(password|sslpassword)(\s*=\s*)('(?:[^'\\]|\\.)*'?|(?:[^\s&\\]|\\.)*)/gi,
        (_, name: string, equals: string, password: string) => name + equals + masked(password),
      )
  )
}

/** Vault's warning where the password stands in the URL itself. */
export const hasPasswordInUrl = (url: unknown): boolean =>
  typeof url === 'string' && redactUrl(url) !== url

const quoted = (text: string): string => JSON.stringify(text)

export const unknownPlugin = (name: string, version = '') => {
  const named = version === '' ? name : `${name}, version=${version}`
  const line = `\t* plugin not found in the catalog: ${named}\n`
  return badRequest(
    `error creating database object: invalid database version: 2 errors occurred:\n${line}${line}\n`,
  )
}
