// The Python client hvac, unmodified: installed once into the user's cache, and programs run with it.
import { join } from 'node:path'
import type { HttpServer } from './http-server.ts'
import { cachedFolder, type Ran, requireProgram, runProgram } from './live-program.ts'

const PACKAGE = 'hvac==2.4.0'
export const HVAC_INSTALL_MS = 180_000

/** The folder of its packages, for PYTHONPATH. */
export async function installHvac(): Promise<string> {
  const advice =
    'install Python 3.9 or newer with its venv module (Debian: apt install python3-venv)'
  await requireProgram('python3', ['-c', 'import venv, ensurepip'], advice)
  const folder = await cachedFolder('hvac', [PACKAGE], async (made) => {
    const target = join(made, 'packages')
    const args = ['-m', 'venv', join(made, 'tools')]
    const steps = [
      await runProgram('python3', args, { timeoutMs: HVAC_INSTALL_MS }),
      await runProgram(
        join(made, 'tools/bin/python'),
        ['-m', 'pip', 'install', '-q', '--target', target, PACKAGE],
        { timeoutMs: HVAC_INSTALL_MS },
      ),
    ]
    const failed = steps.find(({ code }) => code !== 0)
    if (failed) throw new Error(`${PACKAGE} could not be installed: ${failed.output}`)
  })
  return join(folder, 'packages')
}

/** Runs a Python program as root of the server. */
export function runHvac(packages: string, program: string, server: HttpServer): Promise<Ran> {
  const env = {
    PYTHONPATH: packages,
    VAULT_ADDR: server.address,
    VAULT_TOKEN: server.rootToken,
    NO_PROXY: '127.0.0.1',
  }
  return runProgram('python3', [program], { env, timeoutMs: 60_000 })
}
