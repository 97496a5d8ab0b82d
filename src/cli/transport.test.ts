// The client against real sockets: headers, redirects, retries, time limits, advice.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { Client, type ClientSettings } from './client.ts'
import { environment } from './environment.ts'
import { toJson } from './exact-json.ts'

const open: { close(): unknown }[] = []
afterEach(() => {
  for (const server of open.splice(0)) server.close()
})

async function listen(handler: RequestListener, path?: string): Promise<string> {
  const server: Server = createServer(handler)
  open.push(server)
  await new Promise<void>((ready) => {
    if (path === undefined) server.listen(0, '127.0.0.1', ready)
    else server.listen(path, ready)
  })
  return path ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function client(address: string, more: Partial<ClientSettings> = {}): Client {
  return new Client({
    env: environment('vault', {}),
    address,
    namespace: '',
    headers: new Map(),
    mfa: [],
    wrapTtl: '',
    policyOverride: false,
    tls: {
      caCert: '',
      caBytes: '',
      caPath: '',
      clientCert: '',
      clientKey: '',
      serverName: '',
      skipVerify: false,
    },
    timeoutMs: 10_000,
    maxRetries: 0,
    followRedirects: true,
    preview: null,
    ...more,
  })
}

describe('client', () => {
  it('sends token, namespace and what was asked for', async () => {
    let seen = ''
    const address = await listen((request, response) => {
      const { method, url, headers } = request
      seen = [method, url, headers['x-vault-token'], headers['x-vault-namespace']].join(' ')
      seen += ` ${headers['x-vault-wrap-ttl']} ${headers['x-vault-request']} ${headers['x-own']}`
      response.end('{"data":{"a":1.0}}')
    })
    const api = client(`${address}/prefix/`, {
      namespace: 'team/',
      wrapTtl: '1m0s',
      headers: new Map([['X-Own', '1']]),
    })
    api.token = 'hvs.t'
    const secret = await api.read('secret//x/', new Map([['version', ['1']]]))
    expect(seen).toBe('GET /prefix/v1/secret/x?version=1 hvs.t team/ 1m0s true 1')
    expect(secret?.data?.get('a')).toMatchObject({ text: '1.0' })
  })

  it('talks over a unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'socket-'))
    try {
      const path = join(folder, 's.sock')
      await listen((_request, response) => response.end('{"data":{"a":"b"}}'), path)
      expect((await client(`unix://${path}`).read('x'))?.data?.get('a')).toBe('b')
      await expect(client(`unix://${path}.none`).read('x')).rejects.toThrow('dial unix')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('follows one redirect with its body, and none where told not to', async () => {
    const target = await listen((request, response) => {
      let body = ''
      request.on('data', (part) => void (body += part))
      request.on('end', () => response.end(`{"data":{"got":${JSON.stringify(body)}}}`))
    })
    const address = await listen((_request, response) => {
      response.writeHead(307, { Location: `${target}/v1/moved` }).end()
    })
    const answer = await client(address).write('x', toJson({ a: 1 }))
    expect(answer?.data?.get('got')).toBe('{"a":1}')
    const stays = await client(address, { followRedirects: false }).send('GET', 'x')
    expect(stays.status).toBe(307)
  })

  it('tries again only where it was asked to', async () => {
    let calls = 0
    const address = await listen((_request, response) => {
      calls++
      response.writeHead(calls === 1 ? 503 : 200).end('{"data":{"a":"b"}}')
    })
    await expect(client(address).read('x')).rejects.toThrow('Code: 503')
    calls = 0
    expect((await client(address, { maxRetries: 1 }).read('x'))?.data?.get('a')).toBe('b')
    expect(calls).toBe(2)
  })

  it('says what to do next', async () => {
    const address = await listen((request, response) => {
      const isSealed = request.url === '/v1/sealed'
      response.writeHead(isSealed ? 503 : 403)
      response.end(isSealed ? '{"errors":["Vault is sealed"]}' : '{"errors":["permission denied"]}')
    })
    await expect(client(address).read('sealed')).rejects.toThrow('vault operator unseal')
    await expect(client(address).read('x')).rejects.toThrow('run "vault login"')
    await expect(client('http://127.0.0.1:1').read('x')).rejects.toThrow(
      /connect: connection refused\n\nNo server answers/,
    )
    const https = address.replace('http:', 'https:')
    await expect(client(https).read('x')).rejects.toThrow(
      /server gave HTTP response to HTTPS client\n\nThe server speaks plain HTTP/,
    )
  })

  it('gives up on a server that does not answer', async () => {
    const silent = createTcpServer()
    open.push(silent)
    const sockets: { destroy(): void }[] = []
    silent.on('connection', (socket) => sockets.push(socket))
    await new Promise<void>((ready) => silent.listen(0, '127.0.0.1', ready))
    const address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    await expect(client(address, { timeoutMs: 50 }).read('x')).rejects.toThrow(
      'context deadline exceeded',
    )
    for (const socket of sockets) socket.destroy()
  })

  it('never sends a token that can not be in a header', async () => {
    const api = client('http://127.0.0.1:1')
    api.token = 'a\nb'
    await expect(api.read('x')).rejects.toThrow('non-printable')
  })
})
