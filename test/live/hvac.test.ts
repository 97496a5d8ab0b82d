// The Python client hvac, unmodified, against a server over real HTTP (hvac-client.py).
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HttpServer, startHttp } from '../support/http-server.ts'
import { cachedFolder, requireProgram, runProgram } from '../support/live-program.ts'

const program = fileURLToPath(new URL('./hvac-client.py', import.meta.url))
const PACKAGE = 'hvac==2.4.0'
const INSTALL_MS = 180_000

let server: HttpServer
let packages: string

beforeAll(async () => {
  const advice =
    'install Python 3.9 or newer with its venv module (Debian: apt install python3-venv)'
  await requireProgram('python3', ['-c', 'import venv, ensurepip'], advice)
  const folder = await cachedFolder('hvac', [PACKAGE], async (made) => {
    const target = join(made, 'packages')
    const args = ['-m', 'venv', join(made, 'tools')]
    const steps = [
      await runProgram('python3', args, { timeoutMs: INSTALL_MS }),
      await runProgram(
        join(made, 'tools/bin/python'),
        ['-m', 'pip', 'install', '-q', '--target', target, PACKAGE],
        { timeoutMs: INSTALL_MS },
      ),
    ]
    const failed = steps.find(({ code }) => code !== 0)
    if (failed) throw new Error(`${PACKAGE} could not be installed: ${failed.output}`)
  })
  packages = join(folder, 'packages')
  server = await startHttp()
}, INSTALL_MS + 30_000)
afterAll(() => server?.close())

describe('hvac', () => {
  it('does all that an application does', async () => {
    const env = {
      PYTHONPATH: packages,
      VAULT_ADDR: server.address,
      VAULT_TOKEN: server.rootToken,
      NO_PROXY: '127.0.0.1',
    }
    const { code, output } = await runProgram('python3', [program], { env, timeoutMs: 60_000 })
    expect(output.match(/^ok /gm)?.length, output).toBe(6)
    expect(code).toBe(0)
  }, 70_000)
})
