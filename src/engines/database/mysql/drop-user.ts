// The end of a MySQL user where its role has no statements for it: its rights, the user under each host, then
// its open sessions, which would keep the rights that they had. In this order nobody can log in again in
// between, and each step may be run again after a crash.
// Source: MySQL and MariaDB manuals (REVOKE, DROP USER, KILL, information_schema.PROCESSLIST).
import { DatabaseError } from '../database-error.ts'
import { fillMysql } from './fill-statement.ts'
import type { MysqlSession } from './mysql-session.ts'

/** "No such user" and "no such grant": somebody else was faster. */
const ALREADY_GONE = /^Error (1141|1269|1396|1147) /
const NO_SUCH_THREAD = /^Error 1094 /
const KILL_DENIED = /^Error (1095|1227) /

/** The hosts that the user may log in from; empty: there is no such user. */
export async function mysqlUserHosts(
  session: MysqlSession,
  username: string,
): Promise<readonly string[]> {
  const found = await session.select('SELECT User, Host FROM mysql.user WHERE User = ?', [username])
  // The comparison of the server ignores blanks at the end.
  return found.filter(({ User }) => String(User) === username).map(({ Host }) => String(Host))
}

export async function dropMysqlUser(session: MysqlSession, username: string): Promise<void> {
  for (const host of await mysqlUserHosts(session, username)) {
    const values = { name: username, host }
    const run = (statement: string): Promise<unknown> =>
      session.query(fillMysql(statement, values, session.rules))
    try {
      await run("REVOKE ALL PRIVILEGES, GRANT OPTION FROM '{{name}}'@'{{host}}'")
    } catch (error) {
      if (!isWord(error, ALREADY_GONE)) throw error
    }
    await run("DROP USER IF EXISTS '{{name}}'@'{{host}}'")
  }
  await endSessions(session, username)
}

async function endSessions(session: MysqlSession, username: string): Promise<void> {
  const open = await session.select(
    'SELECT ID, USER FROM information_schema.PROCESSLIST WHERE USER = ?',
    [username],
  )
  for (const { ID, USER } of open) {
    if (String(USER) !== username) continue
    try {
      await session.query(`KILL CONNECTION ${BigInt(String(ID))}`)
    } catch (error) {
      if (isWord(error, NO_SUCH_THREAD)) continue
      if (!isWord(error, KILL_DENIED)) throw error
      throw new DatabaseError(
        'statement',
        'the user was dropped, but its open sessions go on: to end them, the configured user needs ' +
          'the right CONNECTION ADMIN (MariaDB) or CONNECTION_ADMIN (MySQL) on *.*',
      )
    }
  }
}

const isWord = (error: unknown, word: RegExp): boolean =>
  error instanceof DatabaseError && word.test(error.message)
