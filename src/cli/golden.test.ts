// What the command prints for canned answers is what Vault-compatible clients print for them: the expected
// results in golden/cases.json were captured from an unmodified OpenBao 2.6.2 client.
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dispatch } from './dispatch.ts'
import { environment } from './environment.ts'

interface GoldenCase {
  readonly name: string
  readonly args: readonly string[]
  readonly answers: Readonly<Record<string, { readonly status: number; readonly body: string }>>
  readonly stdout: string
  /** Absent where the words are our own. */
  readonly stderr?: string
  readonly code: number
}

const cases = JSON.parse(
  readFileSync(new URL('golden/cases.json', import.meta.url), 'utf8'),
) as readonly GoldenCase[]

let current: GoldenCase
let server: Server
let address: string

beforeAll(async () => {
  server = createServer((request, response) => {
    const answer = current.answers[`${request.method} ${request.url}`]
    const body = answer?.body ?? `{"errors":["no answer for ${request.method} ${request.url}"]}`
    const namespace = request.headers['x-vault-namespace']
    if (namespace !== undefined) response.setHeader('X-Vault-Namespace', namespace)
    response.writeHead(answer?.status ?? 404, { 'Content-Type': 'application/json' })
    response.end(body)
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => void server.close())

const capture = () => {
  let text = ''
  return { write: (part: string) => void (text += part), text: () => text }
}

describe('output', () => {
  it.each(cases)('$name', async (one) => {
    current = one
    const env = environment('bao', { BAO_ADDR: `http://${address}`, BAO_TOKEN: 'hvs.test' })
    const stdout = capture()
    const stderr = capture()
    const code = await dispatch(one.args, env, { stdout, stderr })
    const shown = (text: string): string => text.replaceAll(address, 'ADDRESS')
    expect(shown(stdout.text())).toBe(one.stdout)
    if (one.stderr !== undefined) expect(shown(stderr.text())).toBe(one.stderr)
    expect(code).toBe(one.code)
  })
})
