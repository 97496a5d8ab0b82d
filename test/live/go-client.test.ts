// The Go API modules of Vault and OpenBao, unmodified, against a server over real HTTP (go-client/main.go).
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HttpServer, startHttp } from '../support/http-server.ts'
import { cachedFolder, requireProgram, runProgram } from '../support/live-program.ts'

const source = fileURLToPath(new URL('./go-client/', import.meta.url))
const STEPS = 19
const BUILD_MS = 240_000

let server: HttpServer
let program: string

beforeAll(async () => {
  await requireProgram('go', ['version'], 'install Go 1.25 or newer from go.dev/dl')
  const sources = ['go.mod', 'go.sum', 'main.go'].map((name) => join(source, name))
  const folder = await cachedFolder('go-client', sources, async (made) => {
    const args = ['build', '-buildvcs=false', '-o', join(made, 'client'), '.']
    const { code, output } = await runProgram('go', args, { cwd: source, timeoutMs: BUILD_MS })
    if (code !== 0) throw new Error(`the Go client could not be built: ${output}`)
  })
  program = join(folder, 'client')
  server = await startHttp()
}, BUILD_MS + 30_000)
afterAll(() => server?.close())

describe('the Go API modules', () => {
  it('do all that an application does', async () => {
    const env = {
      VAULT_ADDR: server.address,
      VAULT_TOKEN: server.rootToken,
      VAULT_MAX_RETRIES: '0',
    }
    const { code, output } = await runProgram(program, [], { env, timeoutMs: 60_000 })
    expect(output).not.toContain('FAILED')
    expect(output.match(/^ok /gm)?.length).toBe(STEPS)
    expect(code).toBe(0)
  }, 70_000)
})
