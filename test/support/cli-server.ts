// A real listener over memory and the command line against it, for tests of commands.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Logs } from '../../src/base/log.ts'
import { dispatch } from '../../src/cli/dispatch.ts'
import { environment } from '../../src/cli/environment.ts'
import { apiHandler } from '../../src/http/api-handler.ts'
import { listen } from '../../src/http/listener.ts'
import { type InProcess, startInProcess } from './in-process.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface CliServer {
  readonly server: InProcess
  readonly address: string
  readonly folder: string
  /** Arguments as the shell would split them; a text is split at spaces. */
  run(line: string | readonly string[], token?: string): Promise<Ran>
  /** Runs a command that has to work without a word on standard error; its output. */
  works(line: string | readonly string[]): Promise<string>
  close(): Promise<void>
}

export async function startCliServer(): Promise<CliServer> {
  const folder = mkdtempSync(join(tmpdir(), 'strongroom-cli-'))
  const server = await startInProcess()
  const log = new Logs({ level: 'error', format: 'standard', sink: { write: () => {} } }).of('')
  const { handler, refused } = apiHandler(server.host)
  const at = { host: '127.0.0.1', port: 0 }
  const listener = await listen({
    ...{ name: 'tcp', address: at, handler, refused, clock: systemClock, log },
  })
  const address = `http://${listener.address}`
  const run: CliServer['run'] = async (line, token = server.rootToken) => {
    let stdout = ''
    let stderr = ''
    const env = environment('strongroom', {
      STRONGROOM_ADDR: address,
      STRONGROOM_TOKEN: token,
      STRONGROOM_CONFIG_PATH: join(folder, 'none'),
    })
    const code = await dispatch(typeof line === 'string' ? line.split(' ') : line, env, {
      stdout: { write: (text) => void (stdout += text) },
      stderr: { write: (text) => void (stderr += text) },
    })
    return { code, stdout, stderr }
  }
  return {
    ...{ server, address, folder, run },
    async works(line) {
      const { code, stdout, stderr } = await run(line)
      expect(`${line}: ${code} ${stderr}`).toBe(`${line}: 0 `)
      return stdout
    },
    async close() {
      await listener.close(1000)
      await server.close()
      rmSync(folder, { recursive: true })
    },
  }
}
