// What is a host's and not a process's, with three workers: rate limits, figures, levels of loggers, log
// lines, and settings that every worker shows at once. `fresh` takes a connection of its own each time, which
// the supervisor gives to the next worker.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Answered,
  removeTestBundle,
  startTestServer,
  type TestServer,
} from '../support/test-server.ts'

const WORKERS = 3
let server: TestServer

beforeAll(async () => {
  server = await startTestServer({
    workers: WORKERS,
    config: 'raw_storage_endpoint = true',
    listener: `
      telemetry { unauthenticated_metrics_access = true }
      custom_response_headers { "default" = { "X-Own" = ["kept"] } }
    `,
  })
})
afterAll(async () => {
  await server.remove()
  await removeTestBundle()
})

const call = (method: string, path: string, body?: object, headers = {}): Promise<Answered> =>
  server.call(method, path, body, { fresh: true, headers })

const repeat = async (count: number, ask: () => Promise<Answered>): Promise<Answered[]> => {
  const answers: Answered[] = []
  for (let at = 0; at < count; at++) answers.push(await ask())
  return answers
}

describe('a host of several processes', () => {
  it('keeps a rate limit over all of them', async () => {
    const limit = { rate: 5, interval: '60s', path: 'cubbyhole' }
    await call('POST', 'sys/quotas/rate-limit/c', limit)
    const answers = await repeat(12, () => call('GET', 'cubbyhole/a'))
    expect(answers.filter(({ status }) => status === 404)).toHaveLength(5)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(7)
    expect(Number(answers.at(-1)!.headers.get('retry-after'))).toBeGreaterThan(0)
    await call('DELETE', 'sys/quotas/rate-limit/c')
    const after = await repeat(WORKERS * 2, () => call('GET', 'cubbyhole/a'))
    expect(new Set(after.map(({ status }) => status))).toEqual(new Set([404]))
  })

  it('adds up what its processes counted, and shows their memory each', async () => {
    await repeat(WORKERS * 2, () => call('GET', 'sys/auth'))
    const count = async (): Promise<number> => {
      const { text } = await server.call('GET', 'sys/metrics?format=prometheus', undefined, {
        token: null,
      })
      expect(text.match(/^process_resident_memory_bytes\{worker=/gm)).toHaveLength(WORKERS)
      return Number(/^vault_core_handle_request_count (\d+)$/m.exec(text)?.[1])
    }
    const before = await count()
    await repeat(WORKERS * 2, () => call('GET', 'sys/auth'))
    expect(await count()).toBeGreaterThanOrEqual(before + WORKERS * 2)
  })

  it('sets levels and lets origins in everywhere at once', async () => {
    await call('POST', 'sys/loggers/audit', { level: 'error' })
    const levels = await repeat(WORKERS * 2, () => call('GET', 'sys/loggers/audit'))
    expect(new Set(levels.map(({ body }) => body.data.audit))).toEqual(new Set(['error']))
    await call('DELETE', 'sys/loggers')
    await call('POST', 'sys/config/cors', { allowed_origins: 'http://a.example' })
    const origin = { origin: 'http://a.example' }
    const answers = await repeat(WORKERS * 2, () => call('GET', 'sys/health', undefined, origin))
    for (const { headers } of answers) {
      expect(headers.get('access-control-allow-origin')).toBe('http://a.example')
      expect(headers.get('x-own')).toBe('kept')
    }
    await call('DELETE', 'sys/config/cors')
    const off = await repeat(WORKERS * 2, () => call('GET', 'sys/health', undefined, origin))
    for (const { headers } of off) expect(headers.has('access-control-allow-origin')).toBe(false)
  })

  it('sends the log lines of all of them to one listener', async () => {
    const stop = new AbortController()
    const reply = await fetch(`${server.address}/v1/sys/monitor?log_level=warn`, {
      headers: { 'x-vault-token': server.rootToken },
      signal: stop.signal,
    })
    expect(reply.headers.get('content-type')).toContain('text/plain')
    let text = ''
    const reading = (async () => {
      for await (const chunk of reply.body!) text += Buffer.from(chunk).toString()
    })().catch(() => {})
    // Whichever worker changes an entry by hand says so in its log.
    const keys = Array.from({ length: WORKERS * 3 }, (_, at) => `sys/raw/own/${at}`)
    for (const key of keys) expect((await call('POST', key, { value: 'v' })).status).toBe(204)
    const seen = () => new Set(text.match(/own\/\d+/g)).size
    await expect.poll(seen, { timeout: 5000 }).toBe(keys.length)
    stop.abort()
    await reading
  })
})
