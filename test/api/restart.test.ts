// A server process through starts, restarts and signals: sealed each time, everything there; a development
// folder opens itself; files are opened again on SIGHUP; what the configuration asks for is done.
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { removeTestBundle, startTestServer, type TestServer } from '../support/test-server.ts'

const servers: TestServer[] = []
afterAll(async () => {
  await Promise.all(servers.map((server) => server.remove()))
  await removeTestBundle()
})

async function started(...of: Parameters<typeof startTestServer>): Promise<TestServer> {
  const server = await startTestServer(...of)
  servers.push(server)
  return server
}

async function eventually(holds: () => boolean): Promise<void> {
  const until = systemClock.monotonic() + 10_000
  while (!holds()) {
    if (systemClock.monotonic() > until) throw new Error('it did not come to pass')
    await systemClock.sleep(10)
  }
}

describe('a production server', () => {
  it('is sealed after a restart, says so and what to do, and has everything once unsealed', async () => {
    const server = await started({
      init: { shares: 3, threshold: 2 },
      config: 'pid_file = "FOLDER/pid"',
    })
    expect(readFileSync(join(server.folder, 'pid'), 'utf8')).toBe(`${server.pid}\n`)
    await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
    await server.call('POST', 'secret/data/a', { data: { x: 1 } })
    expect(await server.stop()).toBe(0)
    expect(existsSync(join(server.folder, 'pid'))).toBe(false)
    await server.start()
    expect(server.output()).toContain('The server is sealed. Enter 2 key shares')
    const refused = await server.call('GET', 'secret/data/a')
    expect(refused.status).toBe(503)
    expect(refused.body.errors[0]).toBe('Vault is sealed')
    expect(refused.body.errors[1]).toContain('operator unseal')
    expect((await server.call('GET', 'sys/health')).status).toBe(503)
    await server.unseal()
    expect((await server.call('GET', 'secret/data/a')).body.data.data).toEqual({ x: 1 })
    await server.kill()
    await server.start()
    expect((await server.call('GET', 'sys/seal-status')).body).toMatchObject({ sealed: true, n: 3 })
  })

  it('says in words why it does not start', async () => {
    await expect(started({ config: 'workerz = 1' })).rejects.toThrow(/workerz/)
    await expect(started({ storage: 'memory', workers: 2 })).rejects.toThrow(/set workers = 1/)
    await expect(started({ config: 'seal "awskms" {}' })).rejects.toThrow(/awskms/)
    const server = await started()
    await server.stop()
    const store = join(server.folder, 'data', 'data.mdb')
    writeFileSync(store, readFileSync(store).subarray(0, 20_000))
    await expect(server.start()).rejects.toThrow(/data\.mdb is damaged.*restore it from a backup/)
  })

  it.each([1, 2])('keeps a request in flight when it ends (%i workers)', async (workers) => {
    const server = await started({ workers })
    const body = JSON.stringify({ input: 'eHh4' })
    const answer = new Promise<number>((resolve, reject) => {
      const sent = request(
        `${server.address}/v1/sys/tools/hash`,
        {
          method: 'POST',
          headers: { 'x-vault-token': server.rootToken, 'content-length': body.length },
        },
        (reply) => {
          reply.resume()
          resolve(reply.statusCode ?? 0)
        },
      )
      sent.on('error', reject)
      // Half of the body is there when the server is told to end.
      sent.write(body.slice(0, 5))
      void systemClock.sleep(200).then(() => sent.end(body.slice(5)))
    })
    await systemClock.sleep(100)
    expect(await server.stop()).toBe(0)
    expect(await answer).toBe(200)
  })
})

describe('the configuration', () => {
  it('enables its audit devices at unsealing and drops them with the file', async () => {
    const audit = 'audit "file" "to-disk" { options = { file_path = "FOLDER/audit.log" } }'
    const server = await started({ workers: 2, config: audit })
    const log = join(server.folder, 'audit.log')
    expect((await server.call('GET', 'sys/audit')).body.data['to-disk/']).toMatchObject({
      type: 'file',
    })
    const lines = (): number => readFileSync(log, 'utf8').split('\n').length
    for (const fresh of [true, true, true]) {
      const before = lines()
      await server.call('GET', 'sys/mounts', undefined, { fresh })
      expect(lines()).toBeGreaterThan(before)
    }
    renameSync(log, `${log}.1`)
    server.signal('SIGHUP')
    await eventually(() => existsSync(log) && server.output().includes('reload requested'))
  })

  it('answers nothing without its audit line, also while it is being sealed', async () => {
    const audit = 'audit "file" "to-disk" { options = { file_path = "FOLDER/audit.log" } }'
    const server = await started({ workers: 2, config: audit })
    await server.call('PUT', 'cubbyhole/a', { x: 1 })
    const answered: string[] = []
    const readers = Array.from({ length: 8 }, async () => {
      for (;;) {
        const { status, body } = await server.call('GET', 'cubbyhole/a')
        if (status === 503) return
        expect(status).toBe(200)
        answered.push(body.request_id)
      }
    })
    await eventually(() => answered.length > 100)
    expect((await server.call('PUT', 'sys/seal', {}, { fresh: true })).status).toBe(204)
    await Promise.all(readers)
    const recorded = new Set<string>()
    for (const line of readFileSync(join(server.folder, 'audit.log'), 'utf8').split('\n')) {
      const entry = line === '' ? {} : JSON.parse(line)
      if (entry.type === 'response') recorded.add(entry.request.id)
    }
    expect(answered.filter((id) => !recorded.has(id))).toEqual([])
  })

  it('keeps the server sealed where an audit device can not be had', async () => {
    const audit = 'audit "file" "to-disk" { options = { file_path = "/dev/null/audit.log" } }'
    const server = await started({ init: null, config: audit })
    await server.init({ shares: 1, threshold: 1 })
    const refused = await server.call('PUT', 'sys/unseal', { key: server.unsealKeys[0] })
    expect(refused.status).toBe(500)
    expect(refused.body.errors[0]).toContain('audit device "to-disk/" of the configuration')
    expect((await server.call('GET', 'sys/seal-status')).body.sealed).toBe(true)
  })

  it.each([1, 2])('listens on a unix socket with its mode (%i workers)', async (workers) => {
    const socket = 'listener "unix" { address = "FOLDER/socket"\n socket_mode = "600" }'
    const server = await started({ workers, config: socket })
    const socketPath = join(server.folder, 'socket')
    const ask = (): Promise<number> =>
      new Promise((resolve, reject) => {
        request({ socketPath, path: '/v1/sys/health' }, (reply) => {
          reply.resume()
          resolve(reply.statusCode ?? 0)
        })
          .on('error', reject)
          .end()
      })
    expect(await ask()).toBe(200)
    expect(statSync(socketPath).mode & 0o777).toBe(0o600)
    await server.kill()
    await server.start()
    expect(await ask()).toBe(503)
  })
})

describe('a development server', () => {
  it('opens itself, has a first secret, and keeps its data and its token', async () => {
    const server = await started({ dev: { rootTokenId: '' } })
    expect(server.rootToken).toMatch(/^hvs\.[\w-]{96}$/)
    expect(server.output()).toContain("export VAULT_ADDR='http://127.0.0.1:")
    const hello = await server.call('GET', 'secret/data/hello')
    expect(hello.body.data.data).toEqual({ greeting: 'hello', from: 'Strongroom' })
    await server.call('POST', 'secret/data/mine', { data: { x: 1 } })
    const token = server.rootToken
    expect(statSync(join(server.folder, 'dev-keys.json')).mode & 0o777).toBe(0o600)
    await server.stop()
    await server.start()
    expect(server.rootToken).toBe(token)
    expect((await server.call('GET', 'secret/data/mine')).body.data.data).toEqual({ x: 1 })
  })

  it('makes a new root token where the old one was revoked', async () => {
    const server = await started({ dev: { rootTokenId: '' } })
    const token = server.rootToken
    await server.call('POST', 'auth/token/revoke-self')
    await server.stop()
    await server.start()
    expect(server.rootToken).not.toBe(token)
    expect((await server.call('GET', 'secret/data/hello')).status).toBe(200)
    const again = server.rootToken
    await server.stop()
    await server.start()
    expect(server.rootToken).toBe(again)
  })

  it('takes the root token that it is given', async () => {
    const server = await started({ dev: { rootTokenId: 'root' } })
    expect(server.rootToken).toBe('root')
    const looked = await server.call('GET', 'auth/token/lookup-self')
    expect(looked.body.data.policies).toEqual(['root'])
    await server.stop()
    await server.start()
    expect((await server.call('GET', 'secret/data/hello')).status).toBe(200)
  })
})
