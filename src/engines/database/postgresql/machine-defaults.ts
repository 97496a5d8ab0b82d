// What holds for connection strings that leave things out, as libpq finds it on the machine: the user that
// the server runs as, the environment, and the service file. libpq's manual: "Environment Variables" and "The
// Connection Service File".
import { existsSync, readFileSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { type ConnectionDefaults, ConnectionStringFault } from './connection-string.ts'

/** Where the first of these is, libpq's clients take the server's socket to be. */
const SOCKET_FOLDERS = ['/var/run/postgresql', '/private/tmp', '/tmp']

export function machineDefaults(): ConnectionDefaults {
  return {
    user: userInfo().username,
    host: SOCKET_FOLDERS.find((folder) => existsSync(join(folder, '.s.PGSQL.5432'))) ?? 'localhost',
    environment: process.env,
    service: (name, file) =>
      serviceSettings(readText(file ?? join(homedir(), '.pg_service.conf')), name),
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new ConnectionStringFault('failed to read service (the service file is not readable)')
  }
}

/** One section of an INI file. Throws ConnectionStringFault where there is no such section. */
export function serviceSettings(text: string, name: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>()
  let isFound = false
  let isInside = false
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    if (trimmed.startsWith('[') && trimmed.endsWith(']')) {
      isInside = trimmed.slice(1, -1) === name
      isFound ||= isInside
      continue
    }
    const equals = trimmed.indexOf('=')
    if (!isInside || equals < 0) continue
    const key = trimmed.slice(0, equals).trim()
    settings.set(key === 'dbname' ? 'database' : key, trimmed.slice(equals + 1).trim())
  }
  if (!isFound) throw new ConnectionStringFault('failed to read service (no such service)')
  return settings
}
