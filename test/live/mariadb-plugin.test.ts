// The MySQL plugin by itself on a real MariaDB: quoting of hostile names and passwords, ways to log in and to
// reach the server, servers that stall, errors without secrets.
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { systemRandom } from '../../src/base/random.ts'
import type { DatabaseConnection, NewUser } from '../../src/engines/database/database-plugin.ts'
import { mysql } from '../../src/engines/database/mysql/mysql.ts'
import { silentLog } from '../support/engine-harness.ts'
import { type RealMariadb, startMariadb } from '../support/real-mariadb.ts'
import { cutting, halfAnswering, silent, startStalling } from '../support/stalling-server.ts'

const CREATE = "CREATE USER '{{name}}'@'%' IDENTIFIED BY '{{password}}'"
const GRANT = "GRANT SELECT ON app.* TO '{{name}}'@'%'"
const signal = new AbortController().signal
let server: RealMariadb

beforeAll(async () => {
  server = await startMariadb()
}, 90_000)
afterAll(() => server?.remove())

function open(details: Record<string, string> = {}): DatabaseConnection {
  const { port, username, password } = server
  const connection_url = `{{username}}:{{password}}@tcp(127.0.0.1:${port})/`
  const tools = { clock: systemClock, random: systemRandom, log: silentLog }
  return mysql.open(
    'mysql-database-plugin',
    { connection_url, username, password, ...details },
    tools,
  )
}

const user = (username: string, password: string, ...statements: string[]): NewUser => ({
  username,
  credential: { type: 'password', password },
  statements: statements.length > 0 ? statements : [`${CREATE}; ${GRANT};`],
  rollbackStatements: [],
  expiresAtMs: Date.UTC(2030, 0, 1),
})

async function failure(work: Promise<unknown>): Promise<{ kind: string; message: string }> {
  try {
    await work
  } catch (error) {
    return error as { kind: string; message: string }
  }
  throw new Error('did not fail')
}

const userNames = async (): Promise<string[]> =>
  (await server.query('SELECT User FROM mysql.user ORDER BY User')).map(({ User }) => String(User))

describe('hostile names and passwords', () => {
  // The server stores names in three-byte UTF-8 and without NUL.
  const characters = '\'"`\\;-# %@/*{}()\n\ré漢'
  const text = (more: string): fc.Arbitrary<string> =>
    fc.string({ unit: fc.constantFrom(...characters, ...more), minLength: 1, maxLength: 12 })

  it.each(['', 'NO_BACKSLASH_ESCAPES', 'ANSI_QUOTES', 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'])(
    'are those of one user that logs in, and no more, with sql_mode "%s"',
    async (mode) => {
      const url = `{{username}}:{{password}}@tcp(127.0.0.1:${server.port})/?sql_mode=%27${mode}%27`
      const connection = open({ connection_url: url })
      const before = await userNames()
      await fc.assert(
        fc.asyncProperty(text(''), text('😀'), async (inner, secret) => {
          const name = `u${inner}u`
          const password = `p${secret}`
          await connection.createUser(user(name, password), signal)
          expect(await userNames()).toEqual([...before, name].sort(byBytes))
          expect(await connection.canLogin({ username: name, password }, signal)).toBe(true)
          const changed = { type: 'password', password: `${password}'2` } as const
          await connection.setCredential(
            { username: name, credential: changed, statements: [] },
            signal,
          )
          expect(await connection.canLogin({ username: name, ...changed }, signal)).toBe(true)
          await connection.deleteUser({ username: name, statements: [] }, signal)
          expect(await userNames()).toEqual(before)
        }),
        { numRuns: 25 },
      )
      await connection.close()
    },
    60_000,
  )

  it('are refused outside of quotes', async () => {
    const connection = open()
    const statement = 'CREATE USER {{name}} IDENTIFIED BY "{{password}}"'
    const work = connection.createUser(user("x'; DROP TABLE app.things", 'p', statement), signal)
    expect((await failure(work)).message).toContain("write '{{name}}'")
    await connection.close()
  })
})

describe('users', () => {
  it('are dropped under every host, with their sessions; twice is no error', async () => {
    const connection = open()
    const local = CREATE.replaceAll('%', '127.0.0.1')
    await connection.createUser(user('twofold', 'pw', `${CREATE}; ${GRANT}; ${local}`), signal)
    const session = await server.connect('twofold', 'pw')
    await connection.deleteUser({ username: 'twofold', statements: [] }, signal)
    await expect(session.query('SELECT 1')).rejects.toThrow()
    expect(await server.login('twofold', 'pw')).toContain('Access denied')
    await connection.deleteUser({ username: 'twofold', statements: [] }, signal)
    await connection.deleteUser(
      { username: 'twofold', statements: ["DROP USER '{{name}}'"] },
      signal,
    )
    await connection.close()
  })

  it('are not dropped by a name that only compares equal', async () => {
    const connection = open()
    await connection.createUser(user('Case', 'pw'), signal)
    await connection.createUser(user('case', 'pw'), signal)
    const session = await server.connect('Case', 'pw')
    await connection.deleteUser({ username: 'case', statements: [] }, signal)
    await session.query('SELECT 1')
    await session.end()
    await connection.deleteUser({ username: 'Case', statements: [] }, signal)
    await connection.close()
  })

  it('are told about sessions that the configured user may not end', async () => {
    await server.query("CREATE USER weak IDENTIFIED BY 'pw'")
    await server.query('GRANT CREATE USER, PROCESS ON *.* TO weak WITH GRANT OPTION')
    await server.query('GRANT SELECT ON app.* TO weak WITH GRANT OPTION')
    await server.query('GRANT SELECT ON mysql.* TO weak')
    const connection = open({ username: 'weak', password: 'pw' })
    await connection.createUser(user('stays', 'pw'), signal)
    const session = await server.connect('stays', 'pw')
    const work = connection.deleteUser({ username: 'stays', statements: [] }, signal)
    expect(await failure(work)).toMatchObject({ kind: 'statement' })
    expect(
      (await failure(connection.deleteUser({ username: 'stays', statements: [] }, signal))).message,
    ).toContain('CONNECTION ADMIN')
    session.destroy()
    await connection.close()
  })

  it('whose creation failed midway are taken back by the rollback statements', async () => {
    const connection = open()
    const broken = {
      ...user('half', 'sup3r-s3cret', `${CREATE}; GRANT NONSENSE '{{password}}'`),
      rollbackStatements: ["DROP USER '{{name}}'@'%'"],
    }
    const { kind, message } = await failure(connection.createUser(broken, signal))
    expect(kind).toBe('statement')
    expect(message).toContain('Error 1064')
    expect(message).not.toContain('sup3r')
    expect(await userNames()).not.toContain('half')
    await connection.close()
  })

  it('may change their own password', async () => {
    const connection = open()
    await connection.createUser(user('own', 'old', CREATE), signal)
    const credential = { type: 'password', password: "n'ew" } as const
    await connection.setCredential(
      { username: 'own', credential, statements: [], selfPassword: 'old' },
      signal,
    )
    expect(await connection.canLogin({ username: 'own', password: "n'ew" }, signal)).toBe(true)
    expect(await connection.canLogin({ username: 'own', password: 'old' }, signal)).toBe(false)
    await connection.close()
  })
})

describe('the connection', () => {
  it('logs in by ed25519 and through a socket', async () => {
    await server.query("CREATE USER curve IDENTIFIED VIA ed25519 USING PASSWORD('s3cret')")
    const curve = open({ username: 'curve', password: 's3cret' })
    await curve.verify(signal)
    expect(await curve.canLogin({ username: 'curve', password: 'other' }, signal)).toBe(false)
    await curve.close()
    const connection_url = `root@unix(${server.socketPath})/`
    const local = open({ connection_url })
    await local.verify(signal)
    await local.close()
  })

  it('goes on to the next host, and sets the variables of its DSN', async () => {
    const hosts = `127.0.0.1:1,127.0.0.1:${server.port}`
    const connection = open({
      connection_url: `{{username}}:{{password}}@tcp(${hosts})/app?lock_wait_timeout=7`,
    })
    await connection.verify(signal)
    const statement = "CREATE USER '{{name}}' IDENTIFIED BY '{{password}}' PASSWORD EXPIRE NEVER"
    await connection.createUser(user('second', 'pw', statement), signal)
    await connection.close()
  })

  it('is made anew after the server was restarted', async () => {
    const connection = open()
    await connection.verify(signal)
    await server.stop()
    expect(await failure(connection.verify(signal))).toMatchObject({ kind: 'unreachable' })
    await server.start()
    await connection.verify(signal)
    await connection.close()
  }, 60_000)

  it('is refused with a wrong password, which no error tells', async () => {
    const connection = open({ password: 'wrong-password-here' })
    const { kind, message } = await failure(connection.verify(signal))
    expect(kind).toBe('refused')
    expect(message).toContain('Error 1045 (28000): Access denied')
    expect(message).not.toContain('wrong-password')
  })

  it('ends in bounded time where the server stalls, cuts or answers by halves', async () => {
    const bad = [
      await startStalling(silent),
      await startStalling(cutting),
      ...(await Promise.all(
        [10, 90, 120].map((bytes) => startStalling(halfAnswering(server.port, bytes))),
      )),
    ]
    for (const { port } of bad) {
      const connection = open({
        connection_url: `{{username}}:{{password}}@tcp(127.0.0.1:${port})/?timeout=300ms&readTimeout=300ms`,
      })
      const began = performance.now()
      const { kind } = await failure(connection.verify(signal))
      expect(kind).toBe('unreachable')
      expect(performance.now() - began).toBeLessThan(3000)
      await connection.close()
    }
    for (const one of bad) one.close()
  }, 20_000)

  it('gives up a statement that takes too long, and one whose request is over', async () => {
    const connection_url = `{{username}}:{{password}}@tcp(127.0.0.1:${server.port})/?readTimeout=300ms`
    const connection = open({ connection_url })
    const slow = user('slow', 'pw', 'SELECT SLEEP(30)')
    expect((await failure(connection.createUser(slow, signal))).message).toContain('within 0.3 s')
    const patient = open()
    const stop = new AbortController()
    const work = failure(patient.createUser(slow, stop.signal))
    setTimeout(() => stop.abort(), 100)
    expect((await work).message).toContain('given up')
    const going = "SELECT INFO FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP%'"
    expect(await server.query(going)).toEqual([])
    await patient.close()
    await connection.close()
  })

  it('is never opened more often than max_open_connections', async () => {
    const connection = open({ max_open_connections: '2' })
    const names = Array.from({ length: 12 }, () => `m${randomBytes(4).toString('hex')}`)
    const watcher = await server.connect(server.username, server.password)
    let most = 0
    let isOver = false
    const watch = (async () => {
      while (!isOver) {
        const [rows] = await watcher.query(
          "SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE USER = 'vault-admin'",
        )
        most = Math.max(most, Number((rows as { n: number }[])[0]!.n) - 1)
      }
    })()
    await Promise.all(
      names.map((name) =>
        connection.createUser(
          user(name, 'pw', CREATE, 'SELECT SLEEP(0.02)'),
          new AbortController().signal,
        ),
      ),
    )
    isOver = true
    await watch
    expect(most).toBe(2)
    await watcher.end()
    await connection.close()
  })
})

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
