import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import type { AuditDevice } from '../../sdk/audit.ts'
import { socketAudit } from './socket-device.ts'

const never = new AbortController().signal
const context = { clock: systemClock, fromRequest: true, directories: [], prefix: '' }
const lines = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(`${text}\n`))
const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function open(options: Record<string, string>): Promise<AuditDevice> {
  const device = await socketAudit.open(options, context)
  closers.push(() => device.close())
  return device
}

/** A collector; `sockets` are its connections, `text()` what came over all of them. */
async function collector(listenOn: number | string, isDeaf = false) {
  const sockets: Socket[] = []
  let text = ''
  const server: Server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    if (isDeaf) socket.pause()
    else socket.on('data', (data) => (text += data))
  })
  await new Promise<void>((resolve) => server.listen(listenOn, resolve))
  const close = (): Promise<unknown> => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  }
  closers.push(close)
  const address = server.address() as AddressInfo
  return { sockets, text: () => text, close, port: address.port }
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 500) throw new Error('it never became true')
    await systemClock.sleep(5)
  }
}

describe('socket device', () => {
  it('sends lines over TCP and connects anew when the peer died', async () => {
    const peer = await collector(0)
    const device = await open({ address: `127.0.0.1:${peer.port}` })
    await device.write(lines('a', 'b'), never)
    await until(() => peer.text() === 'a\nb\n')
    peer.sockets[0]!.destroy()
    await systemClock.sleep(20)
    await device.write(lines('c'), never)
    await until(() => peer.text() === 'a\nb\nc\n')
    expect(peer.sockets).toHaveLength(2)
  })

  it('connects anew on reload', async () => {
    const peer = await collector(0)
    const device = await open({ address: `127.0.0.1:${peer.port}` })
    await device.write(lines('a'), never)
    await device.reload?.()
    await device.write(lines('b'), never)
    await until(() => peer.text() === 'a\nb\n')
    expect(peer.sockets).toHaveLength(2)
  })

  it('says so when nobody listens', async () => {
    const peer = await collector(0)
    const device = await open({ address: `127.0.0.1:${peer.port}` })
    await peer.close()
    await expect(device.write(lines('a'), never)).rejects.toThrow('connection refused')
  })

  it('gives up on a peer that takes nothing, in the time it was given', async () => {
    const peer = await collector(0, true)
    const device = await open({ address: `127.0.0.1:${peer.port}`, write_timeout: '1s' })
    const big = [Buffer.alloc(32 * 1024 * 1024, 'x')]
    const started = performance.now()
    await expect(device.write(big, never)).rejects.toThrow('took nothing for 1000 ms')
    expect(performance.now() - started).toBeLessThan(4000)
    const deadline = new AbortController()
    const write = device.write(big, deadline.signal)
    deadline.abort(new Error('deadline'))
    await expect(write).rejects.toThrow('took nothing')
  })

  it('sends over a unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'audit-socket-'))
    closers.push(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 's')
    const peer = await collector(path)
    const device = await open({ address: path, socket_type: 'unix' })
    await device.write(lines('a'), never)
    await until(() => peer.text() === 'a\n')
  })

  it('sends each line as a datagram over UDP and names one that is too long', async () => {
    const server = createSocket('udp4')
    const received: string[] = []
    server.on('message', (data) => received.push(String(data)))
    await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve))
    closers.push(() => server.close())
    const device = await open({ address: `127.0.0.1:${server.address().port}`, socket_type: 'udp' })
    await device.write(lines('a', 'b'), never)
    await until(() => received.length === 2)
    expect(received.sort()).toEqual(['a\n', 'b\n'])
    const failure = device.write(lines('c', 'x'.repeat(70_000), 'd'), never)
    await expect(failure).rejects.toMatchObject({ takenLines: 1, hopeless: true })
  })

  it.each([
    [{}, 'address is required'],
    [{ address: 'nowhere' }, 'host:port'],
    [{ address: 'a:1', socket_type: 'carrier' }, 'tcp, udp, unix'],
    [{ address: 'a:1', write_timeout: 'soon' }, 'not a duration'],
  ] as [Record<string, string>, string][])('refuses %j', async (options, message) => {
    await expect(open(options)).rejects.toThrow(message)
  })
})
