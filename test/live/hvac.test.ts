// The Python client hvac, unmodified, against a server over real HTTP (hvac-*.py).
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HttpServer, startHttp } from '../support/http-server.ts'
import { HVAC_INSTALL_MS, installHvac, runHvac } from '../support/hvac.ts'

/** With the number of steps of each. */
const PROGRAMS = [
  ['hvac-client.py', 6],
  ['hvac-pki.py', 6],
] as const

let server: HttpServer
let packages: string

beforeAll(async () => {
  packages = await installHvac()
  server = await startHttp()
}, HVAC_INSTALL_MS + 30_000)
afterAll(() => server?.close())

describe('hvac', () => {
  it.each(PROGRAMS)(
    '%s does all that an application does',
    async (name, steps) => {
      const program = fileURLToPath(new URL(name, import.meta.url))
      const { code, output } = await runHvac(packages, program, server)
      expect(output.match(/^ok /gm)?.length, output).toBe(steps)
      expect(code).toBe(0)
    },
    70_000,
  )
})
