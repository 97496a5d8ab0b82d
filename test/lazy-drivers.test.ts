// A server that nobody asks for databases or clouds loads none of their drivers: what a process has loaded is
// what it tells at its end where NODE_V8_COVERAGE is set.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { removeTestBundle, startTestServer, type TestServer } from './support/test-server.ts'

afterAll(removeTestBundle)

/** The npm packages that a server had loaded when it ended, after `use`. */
async function loadedBy(use: (server: TestServer) => Promise<void>): Promise<Set<string>> {
  const folder = mkdtempSync(join(tmpdir(), 'strongroom-loaded-'))
  const before = process.env.NODE_V8_COVERAGE
  process.env.NODE_V8_COVERAGE = folder
  const server = await startTestServer({ storage: 'memory' }).finally(() => {
    if (before === undefined) delete process.env.NODE_V8_COVERAGE
    else process.env.NODE_V8_COVERAGE = before
  })
  try {
    await use(server)
    await server.stop()
    const packages = new Set<string>()
    for (const name of readdirSync(folder)) {
      const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
        result: readonly { readonly url: string }[]
      }
      for (const { url } of result) {
        const found = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)
        if (found) packages.add(found[1]!)
      }
    }
    return packages
  } finally {
    await server.remove()
    rmSync(folder, { recursive: true, force: true })
  }
}

const isDriver = (name: string): boolean =>
  /^(pg|pg-.*|mysql2|ioredis|redis-.*|@aws-sdk\/.*|@smithy\/.*)$/.test(name)
const drivers = (packages: Set<string>): string[] => [...packages].filter(isDriver)

async function ok(server: TestServer, method: string, path: string, body?: object): Promise<void> {
  const { status, text } = await server.call(method, path, body)
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`)
}

describe('drivers of databases and clouds', () => {
  it('are not loaded for KV, nor for engines that are mounted and idle', async () => {
    const loaded = await loadedBy(async (server) => {
      await ok(server, 'POST', 'sys/mounts/kv', { type: 'kv', options: { version: '2' } })
      await ok(server, 'POST', 'kv/data/a', { data: { b: 'c' } })
      await ok(server, 'GET', 'kv/data/a')
      for (const type of ['database', 'aws'])
        await ok(server, 'POST', `sys/mounts/${type}`, { type })
      await ok(server, 'POST', 'database/config/pg', {
        plugin_name: 'postgresql-database-plugin',
        connection_url: 'postgresql://a:b@127.0.0.1:1/x',
        verify_connection: false,
      })
    })
    expect(loaded.size).toBeGreaterThan(0)
    expect(drivers(loaded)).toEqual([])
  }, 60_000)

  it.each([
    ['pg', 'postgresql', { connection_url: 'postgresql://a:b@127.0.0.1:1/x' }],
    ['mysql2', 'mysql', { connection_url: 'a:b@tcp(127.0.0.1:1)/' }],
    ['ioredis', 'redis', { host: '127.0.0.1', port: 1, username: 'a', password: 'b' }],
  ])(
    '%s is loaded by the first connection of its kind, and no other',
    async (driver, kind, of) => {
      const loaded = await loadedBy(async (server) => {
        await ok(server, 'POST', 'sys/mounts/database', { type: 'database' })
        const plugin_name = `${kind}-database-plugin`
        expect(
          (await server.call('POST', 'database/config/x', { plugin_name, ...of })).status,
        ).toBe(400)
      })
      const others = ['pg', 'mysql2', 'ioredis'].filter((name) => name !== driver)
      expect([loaded.has(driver), others.filter((name) => loaded.has(name))]).toEqual([true, []])
    },
    60_000,
  )
})
