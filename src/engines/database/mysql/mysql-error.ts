// What mysql2 throws becomes a DatabaseError: the server's own words in Go's form ("Error 1045 (28000): …"),
// without the statement that mysql2 hangs on its errors, and without any piece of a password.
// Source: error codes of MySQL's and MariaDB's server error references.
import { DatabaseError, type DatabaseFailure } from '../database-error.ts'
import { withoutPieces } from '../without-pieces.ts'

/** What mysql2 puts on its errors. */
interface DriverError {
  readonly code?: string
  readonly errno?: number
  readonly sqlState?: string
  readonly sqlMessage?: string
  readonly message: string
}

/** The server knows us and says no: wrong password, host not allowed, locked, no such login plugin. */
const REFUSED = new Set([1045, 1130, 1251, 1275, 1698, 3118, 3878, 4151, 1524])
const REFUSED_CODES = new Set(['AUTH_SWITCH_PLUGIN_ERROR', 'MYSQL_CLEAR_PASSWORD_NOT_ENABLED'])
/** The server can't serve now: too many connections, shutting down, session killed, timed out. */
const UNREACHABLE = new Set([
  1040, 1053, 1077, 1079, 1158, 1159, 1160, 1161, 1203, 1317, 1927, 4031,
])

export const errorNumber = (error: unknown): number => (error as DriverError).errno ?? 0

/** `secrets` are taken out, also where the server quotes only a piece of one. */
export function mysqlError(error: unknown, secrets: readonly string[]): DatabaseError {
  if (error instanceof DatabaseError) return error
  const of = error as DriverError
  const isServers = typeof of.sqlMessage === 'string' && (of.errno ?? 0) > 0
  const words = isServers
    ? `Error ${of.errno} (${of.sqlState || 'HY000'}): ${of.sqlMessage}`
    : of.message || of.code || 'the connection failed'
  return new DatabaseError(kindOf(of, isServers), withoutPieces(words, secrets))
}

function kindOf(of: DriverError, isServers: boolean): DatabaseFailure {
  if (isServers ? REFUSED.has(of.errno ?? 0) : REFUSED_CODES.has(of.code ?? '')) return 'refused'
  if (/unknown plugin/.test(of.message)) return 'refused'
  return isServers && !UNREACHABLE.has(of.errno ?? 0) ? 'statement' : 'unreachable'
}
