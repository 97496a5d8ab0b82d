import { afterEach, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../support/test-server.ts'

let server: TestServer | undefined
afterEach(() => server?.remove())

const get = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
  (await fetch(`${server!.address}/v1/${path}`, { headers })).status

describe('a listener', () => {
  it('takes only marked requests where it is told to', async () => {
    server = await startTestServer({
      storage: 'memory',
      listener: 'require_request_header = true',
      init: null,
    })
    expect(await get('sys/seal-status')).toBe(412)
    expect(await get('sys/seal-status', { 'X-Vault-Request': 'true' })).toBe(200)
  })

  it('keeps metrics to itself or away', async () => {
    server = await startTestServer({
      storage: 'memory',
      listener: 'telemetry { disallow_metrics = true }',
      init: null,
    })
    expect(await get('sys/metrics')).toBe(404)
    expect(await get('sys/seal-status')).toBe(200)
  })
})
