// The Redis plugin by itself on a real Redis: hostile names, persistence over a restart of the server, TLS,
// servers that stall, errors without secrets.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { systemRandom } from '../../src/base/random.ts'
import type { DatabaseConnection, NewUser } from '../../src/engines/database/database-plugin.ts'
import { redis } from '../../src/engines/database/redis/redis.ts'
import { silentLog } from '../support/engine-harness.ts'
import { type RealRedis, startRedis } from '../support/real-redis.ts'
import { cutting, halfAnswering, startStalling } from '../support/stalling-server.ts'

const signal = new AbortController().signal
let server: RealRedis

beforeAll(async () => {
  server = await startRedis()
}, 60_000)
afterAll(() => server?.remove())

const tools = { clock: systemClock, random: systemRandom, log: silentLog }
const open = (
  details: Record<string, string | number> = {},
  of: RealRedis = server,
): DatabaseConnection => {
  const { port, username, password } = of
  return redis.open(
    'redis-database-plugin',
    { host: '127.0.0.1', port, username, password, ...details },
    tools,
  )
}

const user = (username: string, password: string, ...statements: string[]): NewUser => ({
  username,
  credential: { type: 'password', password },
  statements,
  rollbackStatements: [],
  expiresAtMs: 0,
})

async function failure(work: Promise<unknown>): Promise<{ kind: string; message: string }> {
  try {
    await work
  } catch (error) {
    return error as { kind: string; message: string }
  }
  throw new Error('did not fail')
}

describe('users', () => {
  it('may read every key where the role has no rules', async () => {
    const connection = open()
    await connection.createUser(user('V_READER', 'pw'), signal)
    const reader = await server.connect('V_READER', 'pw')
    expect(await reader.get('k')).toBeNull()
    await expect(reader.set('k', '1')).rejects.toThrow('NOPERM')
    await connection.deleteUser({ username: 'V_READER', statements: [] }, signal)
    await expect(reader.get('k')).rejects.toThrow()
    expect(await server.login('V_READER', 'pw')).toContain('WRONGPASS')
    await connection.deleteUser({ username: 'V_READER', statements: [] }, signal)
    await connection.close()
  })

  it('get the rules of a JSON list in one text, or of a list', async () => {
    const connection = open()
    await connection.createUser(user('V_JSON', 'pw', '["~a:*", "+get", "+set"]'), signal)
    await connection.createUser(user('V_LIST', 'pw', '~a:*', '+get', '+set'), signal)
    for (const name of ['V_JSON', 'V_LIST']) {
      const client = await server.connect(name, 'pw')
      expect(await client.set('a:1', '1')).toBe('OK')
      await expect(client.set('b:1', '1')).rejects.toThrow('NOPERM')
      client.disconnect()
      await connection.deleteUser({ username: name, statements: [] }, signal)
    }
    await connection.close()
  })

  it('with hostile names and passwords are one user that logs in, and no more', async () => {
    const connection = open()
    const before = await server.run('ACL', 'USERS')
    const hostile = fc.string({
      unit: fc.constantFrom(...'\'"`\\;#>~+@%*{}()$é漢😀'),
      minLength: 1,
      maxLength: 12,
    })
    const secret = fc.string({ unit: fc.constantFrom(...' \n\r\u0000\'"\\>#é😀'), maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(hostile, secret, async (name, tail) => {
        const password = `p${tail}`
        await connection.createUser(user(name, password), signal)
        expect(await connection.canLogin({ username: name, password }, signal)).toBe(true)
        const credential = { type: 'password', password: `${password}2` } as const
        await connection.setCredential({ username: name, credential, statements: [] }, signal)
        expect(await connection.canLogin({ username: name, password }, signal)).toBe(false)
        await connection.deleteUser({ username: name, statements: [] }, signal)
        expect(await server.run('ACL', 'USERS')).toEqual(before)
      }),
      { numRuns: 60 },
    )
    const bad = await failure(connection.createUser(user('a b', 'pw'), signal))
    expect(bad.message).toContain('contain spaces')
    await connection.close()
  }, 30_000)

  it('that are there are not taken over, and unknown ones get no password', async () => {
    const connection = open()
    const taken = connection.createUser(user(server.username, 'pw', '["+@read"]'), signal)
    expect((await failure(taken)).message).toContain('already exists')
    const credential = { type: 'password', password: 'pw' } as const
    const unknown = connection.setCredential(
      { username: 'nobody', credential, statements: [] },
      signal,
    )
    expect((await failure(unknown)).message).toContain('user not found')
    await connection.close()
  })

  it('are not made by wrong rules, and the error holds no password', async () => {
    const connection = open()
    const made = connection.createUser(user('V_BAD', 'sup3r-s3cret', '["+nonsense"]'), signal)
    const { kind, message } = await failure(made)
    expect(kind).toBe('statement')
    expect(message).toContain('ACL SETUSER')
    expect(message).not.toContain('sup3r')
    expect(await server.run('ACL', 'GETUSER', 'V_BAD')).toBeNull()
    await connection.close()
  })
})

describe('persistence', () => {
  it.each([
    ['ACLFILE', true],
    ['REWRITE', false],
  ] as const)('%s keeps users over a restart of the server', async (mode, aclFile) => {
    const own = await startRedis({ aclFile })
    const connection = open({ persistence_mode: mode }, own)
    try {
      await connection.createUser(user('V_KEPT', 'pw'), signal)
      await connection.createUser(user('V_GONE', 'pw'), signal)
      await connection.deleteUser({ username: 'V_GONE', statements: [] }, signal)
      await own.stop()
      await own.start()
      expect(await own.login('V_KEPT', 'pw')).toBe(true)
      expect(await own.login('V_GONE', 'pw')).toContain('WRONGPASS')
      // The pool noticed, too.
      await connection.verify(signal)
    } finally {
      await connection.close()
      await own.remove()
    }
  })

  it('that the server is not set up for is an error', async () => {
    const connection = open({ persistence_mode: 'ACLFILE' })
    const made = failure(connection.createUser(user('V_UNSAVED', 'pw'), signal))
    expect((await made).message).toContain('ACL file')
    await connection.close()
  })
})

describe('the connection', () => {
  it('is refused with a wrong password, which no error tells', async () => {
    const connection = open({ password: 'wrong-password-here' })
    const { kind, message } = await failure(connection.verify(signal))
    expect(kind).toBe('refused')
    expect(message).toContain('WRONGPASS')
    expect(message).not.toContain('wrong-password')
  })

  it('takes a URL in place of the parts', async () => {
    const login = `${server.username}:${encodeURIComponent(server.password)}`
    for (const scheme of ['redis', 'valkey']) {
      const url = `${scheme}://${login}@127.0.0.1:${server.port}`
      const connection = redis.open('valkey-database-plugin', { connection_url: url }, tools)
      await connection.verify(signal)
      await connection.close()
    }
  })

  it.each([
    [{ host: '' }, 'host cannot be empty'],
    [{ port: 0 }, 'port cannot be empty'],
    [{ username: '' }, 'username cannot be empty'],
    [{ password: '' }, 'password cannot be empty'],
    [{ tls: 'true' }, 'ca_cert cannot be empty'],
    [{ tls: 'true', ca_cert: 'x' }, 'failed to parse root certificate'],
    [{ port: 'x' }, 'field "port" must be a whole number'],
    [{ persistence_mode: 'x' }, 'persistence_mode must be one of NONE, ACLFILE, REWRITE'],
    [{ connection_url: 'redis://h' }, 'cannot specify both'],
  ])('refuses %j', (details, words) => {
    expect(() => open(details)).toThrow(words)
  })

  it('ends in bounded time where the server cuts or answers by halves', async () => {
    const nobody = await startStalling(cutting)
    nobody.close()
    const bad = [await startStalling(cutting), await startStalling(halfAnswering(server.port, 2))]
    for (const { port } of [...bad.slice(0, 1), nobody]) {
      const connection = open({ port })
      expect(await failure(connection.verify(signal))).toMatchObject({ kind: 'unreachable' })
      await connection.close()
    }
    const stop = new AbortController()
    const stalled = open({ port: bad[1]!.port })
    const work = failure(stalled.verify(stop.signal))
    setTimeout(() => stop.abort(), 200)
    expect(await work).toMatchObject({ kind: 'unreachable' })
    for (const one of bad) one.close()
  })
})
