// The settings that all SQL plugins share, as Vault's SQLConnectionProducer reads them: a URL with
// {{username}} and {{password}}, how many connections, how old they get. Vault's API pages of the database
// plugins name them; its errors' texts are kept.
import { parseDurationSeconds } from '../../base/duration.ts'
import { type Json, RawNumber } from '../../base/json.ts'
import { boolean, duration, integer, string } from '../../schema/field.ts'
import { DatabaseError } from './database-error.ts'
import type { ConnectionDetails } from './database-plugin.ts'
import { fillStatement } from './statements.ts'

/** Fields of `config/:name` that every SQL plugin has. */
export const sqlConfigFields = {
  connection_url: string('Connection string; {{username}} and {{password}} stand for the fields.'),
  username: string('User that makes the others; fills {{username}}.'),
  password: string('Its password; fills {{password}} and is never shown.', { secret: true }),
  max_open_connections: integer('Connections of a host at once, shared by its processes; 0: four.'),
  max_idle_connections: integer('Connections kept while unused; 0: as many as may be open.'),
  max_connection_lifetime: duration('A connection is replaced after this time; 0: never.'),
  disable_escaping: boolean('Puts username and password into the URL as they are.'),
  username_template: string('Template of the names of dynamic users.'),
} as const

export interface SqlSettings {
  /** With username and password filled in. Secret. */
  readonly connectionUrl: string
  readonly username: string
  readonly password: string
  readonly maxOpen: number
  readonly maxIdle: number
  readonly lifetimeMs: number
}

const DEFAULT_MAX_OPEN = 4

/** `escapesPassword`: false for MySQL, whose DSN has no escapes. Throws DatabaseError 'settings'. */
export function readSqlSettings(
  details: ConnectionDetails,
  of: { readonly escapesPassword: boolean },
): SqlSettings {
  const template = textOf(details.connection_url)
  if (template === '') throw settingsFault('connection_url cannot be empty')
  const username = textOf(details.username)
  const password = textOf(details.password)
  if (/\{\{(username|password)\}\}/.test(`${username}\n${password}`)) {
    throw settingsFault('username and/or password cannot contain the template variables')
  }
  const escapes = !isTrue(details.disable_escaping)
  const maxOpen = numberOf('max_open_connections', details.max_open_connections) || DEFAULT_MAX_OPEN
  const maxIdle = numberOf('max_idle_connections', details.max_idle_connections) || maxOpen
  return {
    connectionUrl: fillStatement(template, {
      username: escapes ? pathEscape(username) : username,
      password: escapes && of.escapesPassword ? pathEscape(password) : password,
    }),
    username,
    password,
    maxOpen: Math.max(1, maxOpen),
    maxIdle: Math.max(0, Math.min(maxIdle, maxOpen)),
    lifetimeMs: lifetimeOf(details.max_connection_lifetime),
  }
}

/** A detail as text; '' where it was not sent. The CLI sends everything as text. */
export function textOf(value: Json | undefined): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return value instanceof RawNumber ? value.text : ''
}

export const isTrue = (value: Json | undefined): boolean =>
  ['true', '1', 't'].includes(textOf(value).toLowerCase())

function numberOf(name: string, value: Json | undefined): number {
  const text = textOf(value).trim()
  if (/^[+-]?\d{0,9}$/.test(text)) return Number(text)
  throw settingsFault(
    `decoding failed due to the following error(s):\n\n'${name}' cannot parse value as 'int': ` +
      'strconv.ParseInt: invalid syntax',
  )
}

function lifetimeOf(value: Json | undefined): number {
  const text = textOf(value)
  const seconds = text === '' ? 0 : parseDurationSeconds(text)
  if (seconds !== null && seconds >= 0) return seconds * 1000
  throw settingsFault(
    `invalid max_connection_lifetime: time: invalid duration ${JSON.stringify(text)}`,
  )
}

/** Go's url.PathEscape: what may stand in a segment of a path stays. */
export function pathEscape(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%(24|26|2B|3A|3D|40)/g, (escaped) => decodeURIComponent(escaped))
}

export const settingsFault = (message: string): DatabaseError =>
  new DatabaseError('settings', message)
