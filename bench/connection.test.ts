// The client's cutting of answers: whole, in pieces, with a length and in chunks.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { openConnection, parseAnswer } from './connection.ts'

describe('parseAnswer', () => {
  const cases: readonly [string, number, string][] = [
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 200, 'hello'],
    ['HTTP/1.1 204 No Content\r\nDate: x\r\n\r\n', 204, ''],
    [
      'HTTP/1.1 503 Sealed\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n',
      503,
      'abc0123456789',
    ],
  ]
  it.each(cases)('%j', (text, status, body) => {
    const bytes = Buffer.from(text)
    expect(parseAnswer(bytes)).toEqual({ status, body: Buffer.from(body) })
    for (let size = 0; size < bytes.length; size++) {
      expect(parseAnswer(bytes.subarray(0, size))).toBeNull()
    }
  })
})

describe('openConnection', () => {
  it('sends one request after the other on one connection and tells when it is closed', async () => {
    let accepted = 0
    const server = createServer((request, response) => {
      if (request.url === '/end') request.socket.destroy()
      else response.end(`you asked for ${request.url}`)
    })
    server.on('connection', () => {
      accepted += 1
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const { port } = server.address() as AddressInfo
    const connection = await openConnection({ host: '127.0.0.1', port })
    const ask = (path: string): Promise<[number, string]> =>
      new Promise((answered) => {
        const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
        connection.send(request, (status, body) => answered([status, body.toString()]))
      })
    expect(await ask('/a')).toEqual([200, 'you asked for /a'])
    expect(await ask('/b')).toEqual([200, 'you asked for /b'])
    expect((await ask('/end'))[0]).toBe(0)
    expect((await ask('/c'))[0]).toBe(0)
    expect(accepted).toBe(1)
    connection.close()
    server.close()
  })
})
