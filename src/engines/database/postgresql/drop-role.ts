// Ends a user when its role has no revocation statements: its sessions, its grants, then itself. What it owns
// is kept and goes to our own user. Doing it twice is no error. In the common case all of it is one round trip
// and one transaction. PostgreSQL's manual: "Dropping Roles".
import { DatabaseError } from '../database-error.ts'
import { PgFailure, type PgSession } from './pg-session.ts'
import { quoteIdentifier, quoteLiteral } from './pg-statements.ts'
import type { Turns } from './take-turns.ts'

const UNDEFINED_OBJECT = '42704'
const INSUFFICIENT_PRIVILEGE = '42501'
const DEPENDENT_OBJECTS = '2BP01'

/** What this server has shown about itself, so that it need not be found out each time. */
export interface DropNotes {
  /** Our user is no superuser: it has to become a member of a role before it may clear it away. */
  needsMembership: boolean
}

export interface DropRole {
  readonly username: string
  readonly notes: DropNotes
  readonly turns: Turns
  readonly signal: AbortSignal
  /** Runs the body in a session of our user with another database of the same server. */
  inDatabase(name: string, body: (session: PgSession) => Promise<void>): Promise<void>
}

/** Throws DatabaseError that says why the user could not be dropped; its access is then cut all the same. */
export async function dropRole(session: PgSession, of: DropRole): Promise<void> {
  try {
    await dropAtOnce(session, of)
    return
  } catch (error) {
    const failure = asFailure(error)
    if (failure.code === UNDEFINED_OBJECT) return
    if (failure.code === DEPENDENT_OBJECTS) {
      await clearElsewhere(session, of)
    } else if (failure.code === INSUFFICIENT_PRIVILEGE && !of.notes.needsMembership) {
      of.notes.needsMembership = true
      return dropRole(session, of)
    } else {
      await cutAccess(session, of)
      throw failure
    }
  }
  try {
    await dropAtOnce(session, of)
  } catch (error) {
    const failure = asFailure(error)
    if (failure.code === UNDEFINED_OBJECT) return
    await cutAccess(session, of)
    const detail = failure.detail.replaceAll('\n', '; ')
    throw new DatabaseError('statement', `could not drop the role: ${failure.message} ${detail}`)
  }
}

function asFailure(error: unknown): PgFailure {
  if (error instanceof PgFailure) return error
  throw error
}

/** The sessions of a role by its number, which they keep when the role is gone. */
const SESSIONS_OF_GONE = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE usesysid = nullif(current_setting('strongroom.dropped', true), '')::oid`

async function dropAtOnce(session: PgSession, of: DropRole): Promise<void> {
  const role = quoteIdentifier(of.username)
  const name = quoteLiteral(of.username)
  // Sessions are ended before, for they may hold locks, and after, for one may have begun meanwhile.
  await of.turns.run('drop role', of.signal, session, ({ first, behind }) =>
    session.batch(
      [
        'BEGIN',
        ...first,
        ...membership(of, role),
        `SELECT set_config('strongroom.dropped',
        coalesce((SELECT oid::text FROM pg_roles WHERE rolname = ${name}), ''), false)`,
        SESSIONS_OF_GONE,
        `REASSIGN OWNED BY ${role} TO CURRENT_USER`,
        `DROP OWNED BY ${role}`,
        `DROP ROLE ${role}`,
        'COMMIT',
        ...behind,
        SESSIONS_OF_GONE,
      ],
      of.signal,
    ),
  )
}

const membership = (of: DropRole, role: string): string[] =>
  of.notes.needsMembership ? [`GRANT ${role} TO CURRENT_USER`] : []

/** Objects and grants in other databases of the server: each is cleared by a session there. */
async function clearElsewhere(session: PgSession, of: DropRole): Promise<void> {
  const role = quoteIdentifier(of.username)
  const rows = await session.rows(
    `SELECT DISTINCT d.datname FROM pg_shdepend s
       JOIN pg_roles r ON r.oid = s.refobjid AND s.refclassid = 'pg_authid'::regclass
       JOIN pg_database d ON d.oid = s.dbid
      WHERE r.rolname = $1 AND d.datname <> current_database()`,
    [of.username],
    of.signal,
  )
  for (const { datname } of rows) {
    const database = String(datname)
    try {
      await of.inDatabase(database, (there) =>
        of.turns.run('drop owned', of.signal, there, (around) =>
          there.transaction(
            [
              ...membership(of, role),
              `REASSIGN OWNED BY ${role} TO CURRENT_USER`,
              `DROP OWNED BY ${role}`,
            ],
            of.signal,
            around,
          ),
        ),
      )
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      await cutAccess(session, of)
      throw new DatabaseError(
        error.kind,
        `could not clear what the role has in database ${JSON.stringify(database)}: ${error.message}`,
      )
    }
  }
}

/** What can't be dropped at least can't log in any more and has no session left. */
async function cutAccess(session: PgSession, of: DropRole): Promise<void> {
  const role = quoteIdentifier(of.username)
  const sessions = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE usename = ${quoteLiteral(of.username)}`
  for (const text of [`ALTER ROLE ${role} NOLOGIN`, sessions]) {
    try {
      await session.batch([text], of.signal)
    } catch (error) {
      if (!(error instanceof PgFailure)) throw error
    }
  }
}
