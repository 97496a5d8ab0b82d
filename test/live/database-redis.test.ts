// The database engine on a real Redis, through the API, under both names of the plugin.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Called, type InProcess, startInProcess } from '../support/in-process.ts'
import { type RealRedis, startRedis } from '../support/real-redis.ts'

let redis: RealRedis
let server: InProcess

async function ok(method: string, path: string, body?: object): Promise<Called> {
  const called = await server.call(method, path, body)
  if (called.status >= 300) throw new Error(`${method} ${path}: ${called.status} ${called.text}`)
  return called
}

const configure = (name: string, fields: object = {}): Promise<Called> =>
  server.call('POST', `database/config/${name}`, {
    plugin_name: 'redis-database-plugin',
    host: '127.0.0.1',
    port: redis.port,
    username: redis.username,
    password: redis.password,
    allowed_roles: '*',
    ...fields,
  })

interface Creds {
  readonly username: string
  readonly password: string
  readonly leaseId: string
}
async function creds(role: string): Promise<Creds> {
  const { body } = await ok('GET', `database/creds/${role}`)
  return { ...body.data, leaseId: body.lease_id }
}
const revoke = (leaseId: string): Promise<Called> =>
  ok('POST', 'sys/leases/revoke', { lease_id: leaseId, sync: true })
const generated = async (): Promise<string[]> =>
  ((await redis.run('ACL', 'USERS')) as string[]).filter((name) => name.startsWith('V_'))

beforeAll(async () => {
  redis = await startRedis()
  server = await startInProcess()
  await ok('POST', 'sys/mounts/database', { type: 'database' })
}, 60_000)
afterAll(async () => {
  await server?.close()
  await redis?.remove()
})

describe.each(['redis-database-plugin', 'valkey-database-plugin'])('%s', (plugin_name) => {
  const name = plugin_name.split('-')[0]!
  beforeAll(async () => {
    expect((await configure(name, { plugin_name })).status).toBe(204)
    await ok('POST', `database/roles/${name}`, { db_name: name, default_ttl: '1h', max_ttl: '2h' })
  })

  it('makes a reader where the role has no rules, and ends it with its sessions', async () => {
    const { username, password, leaseId } = await creds(name)
    expect(username).toMatch(new RegExp(`^V_ROOT_${name.toUpperCase()}_[A-Z0-9]{20}_\\d{10}$`))
    const client = await redis.connect(username, password)
    expect(await client.get('k')).toBeNull()
    await expect(client.set('k', 'v')).rejects.toThrow('NOPERM')
    await revoke(leaseId)
    await expect(client.get('k')).rejects.toThrow()
    expect(await redis.login(username, password)).toContain('WRONGPASS')
  })

  it('makes users by the rules of the role, which end with their lease', async () => {
    await ok('POST', `database/roles/${name}-brief`, {
      db_name: name,
      creation_statements: '["~app:*", "+get", "+set"]',
      default_ttl: '2s',
      max_ttl: '4s',
    })
    const { username, password, leaseId } = await creds(`${name}-brief`)
    await ok('POST', 'sys/leases/renew', { lease_id: leaseId, increment: 3 })
    const client = await redis.connect(username, password)
    expect(await client.set('app:k', 'v')).toBe('OK')
    await expect(client.set('k', 'v')).rejects.toThrow('NOPERM')
    await expect.poll(generated, { timeout: 10_000 }).toEqual([])
    client.disconnect()
  }, 20_000)

  it('makes nothing by wrong rules', async () => {
    const creation_statements = '["+nonsense"]'
    await ok('POST', `database/roles/${name}-bad`, { db_name: name, creation_statements })
    const failed = await server.call('GET', `database/creds/${name}-bad`)
    expect(failed.status).toBeGreaterThanOrEqual(400)
    expect(failed.text).toContain('ACL SETUSER')
    expect(await generated()).toEqual([])
  })
})

describe('passwords', () => {
  it('of a static user are replaced', async () => {
    await redis.run('ACL', 'SETUSER', 'app', 'on', '>first', '~*', '+@read')
    await ok('POST', 'database/static-roles/app', {
      ...{ db_name: 'redis', username: 'app', rotation_period: '1h' },
    })
    expect(await redis.login('app', 'first')).toContain('WRONGPASS')
    const first = (await ok('GET', 'database/static-creds/app')).body.data.password
    expect(await redis.login('app', first)).toBe(true)
    await ok('POST', 'database/rotate-role/app')
    const second = (await ok('GET', 'database/static-creds/app')).body.data.password
    expect(await redis.login('app', second)).toBe(true)
    expect(await redis.login('app', first)).toContain('WRONGPASS')
  })

  it('of the configured user are replaced, and users are made with the new one', async () => {
    await redis.run('ACL', 'SETUSER', 'rotated', 'on', '>first', '~*', '+@all')
    const own = { username: 'rotated', password: 'first' }
    expect((await configure('rotating', own)).status).toBe(204)
    await ok('POST', 'database/roles/rotating', { db_name: 'rotating' })
    await ok('POST', 'database/rotate-root/rotating')
    expect(await redis.login('rotated', 'first')).toContain('WRONGPASS')
    const { username, password, leaseId } = await creds('rotating')
    expect(await redis.login(username, password)).toBe(true)
    await revoke(leaseId)
  })
})

describe('a password that the server can not keep', () => {
  // The server has no ACL file: SETUSER works, ACL SAVE is refused.
  const persistence_mode = 'ACLFILE'

  it('of the configured user is not replaced, and the old one works on', async () => {
    await redis.run('ACL', 'SETUSER', 'keeper', 'on', '>first', '~*', '+@all')
    const own = { username: 'keeper', password: 'first', persistence_mode }
    expect((await configure('keeping', own)).status).toBe(204)
    const failed = await server.call('POST', 'database/rotate-root/keeping')
    expect(failed.status).toBe(500)
    expect(failed.text).toContain('ACL file')
    expect(await redis.login('keeper', 'first')).toBe(true)
    expect((await configure('keeping', { ...own, persistence_mode: '' })).status).toBe(204)
    await ok('POST', 'database/rotate-root/keeping')
    expect(await redis.login('keeper', 'first')).toContain('WRONGPASS')
    await ok('POST', 'database/roles/keeping', { db_name: 'keeping' })
    await revoke((await creds('keeping')).leaseId)
  })

  it('of a static user stays, and no role is made', async () => {
    await redis.run('ACL', 'SETUSER', 'stays', 'on', '>first', '>second', '~*', '+@read')
    expect((await configure('unkept', { persistence_mode })).status).toBe(204)
    const fields = { db_name: 'unkept', username: 'stays', rotation_period: '1h' }
    const failed = await server.call('POST', 'database/static-roles/stays', fields)
    expect(failed.status).toBe(500)
    // The role is gone: nothing is tried again.
    expect(failed.text).not.toContain('tried again')
    for (const password of ['first', 'second']) {
      expect(await redis.login('stays', password)).toBe(true)
    }
    expect((await server.call('GET', 'database/static-roles/stays')).status).toBe(404)
  })
})

describe('its settings', () => {
  it('are checked, and the password shows nowhere', async () => {
    const wrong = await configure('wrong', { password: 'wrong-password-here' })
    expect(wrong.status).toBe(400)
    expect(wrong.text).toContain('WRONGPASS')
    expect(wrong.text).not.toContain('wrong-password-here')
    expect((await configure('wrong', { host: '' })).text).toContain('host cannot be empty')
    const shown = await ok('GET', 'database/config/redis')
    expect(shown.text).not.toContain(JSON.stringify(redis.password).slice(1, -1))
    expect(shown.body.data.connection_details.host).toBe('127.0.0.1')
  })
})

describe('a server that is away for a while', () => {
  it('gets its revocations when it is back', async () => {
    const own = await startRedis()
    try {
      const { port, username, password } = own
      expect(
        (await configure('own', { port, username, password, persistence_mode: 'REWRITE' })).status,
      ).toBe(204)
      await ok('POST', 'database/roles/own', { db_name: 'own' })
      const made = await creds('own')
      await own.stop()
      const failed = await server.call('GET', 'database/creds/own')
      expect(failed.status).toBeGreaterThanOrEqual(400)
      // The connection that was kept may break only now.
      expect(failed.text).toMatch(/ECONNREFUSED|closed|ended/)
      await ok('POST', 'sys/leases/revoke', { lease_id: made.leaseId })
      await own.start()
      const users = async (): Promise<unknown> => own.run('ACL', 'USERS')
      await expect
        .poll(users, { timeout: 40_000, interval: 200 })
        .toEqual(['default', own.username])
    } finally {
      await own.remove()
    }
  }, 90_000)
})
