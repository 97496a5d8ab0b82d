// A server process through restarts: sealed each time, what was written is there, and a development folder
// opens itself.
import { afterAll, expect, it } from 'vitest'
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

it('is sealed after a restart, says so and what to do, and has everything once unsealed', async () => {
  const server = await started({ init: { shares: 3, threshold: 2 } })
  await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
  await server.call('POST', 'secret/data/a', { data: { x: 1 } })
  expect(await server.stop()).toBe(0)
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
})
