import { createSocket } from 'node:dgram'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { LoggerProcess } from './logger-process.ts'
import { parseSyslogAddress, syslogAudit } from './syslog-device.ts'
import { checkTag, facilityNumber, localMessage } from './syslog-message.ts'

const never = new AbortController().signal
const context = { clock: systemClock, fromRequest: true, directories: [], prefix: '' }
const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 500) throw new Error('it never became true')
    await systemClock.sleep(5)
  }
}

describe('syslog device', () => {
  it('sends RFC 5424 messages to a remote daemon', async () => {
    const server = createSocket('udp4')
    const received: string[] = []
    server.on('message', (data) => received.push(String(data)))
    await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve))
    closers.push(() => server.close())
    const address = `udp://127.0.0.1:${server.address().port}`
    const device = await syslogAudit.open({ address, tag: 'vault', facility: 'local3' }, context)
    closers.push(() => device.close())
    await device.write([Buffer.from('{"a":1}\n')], never)
    await until(() => received.length === 1)
    const [priority, time, host, tag, pid, ...rest] = received[0]!.split(' ')
    expect(priority).toBe('<158>1')
    expect(Date.parse(time!)).toBeGreaterThan(0)
    expect([host, tag, pid]).toEqual([hostname(), 'vault', String(process.pid)])
    expect(rest.join(' ')).toBe('- - {"a":1}\n')
  })

  it('sends RFC 3164 messages to a daemon on a unix stream socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'audit-syslog-'))
    closers.push(() => rmSync(folder, { recursive: true }))
    let text = ''
    const server = createServer((socket) => socket.on('data', (data) => (text += data)))
    await new Promise<void>((resolve) => server.listen(join(folder, 'log'), resolve))
    closers.push(() => server.close())
    const device = await syslogAudit.open({ address: `unix://${join(folder, 'log')}` }, context)
    closers.push(() => device.close())
    await device.write([Buffer.from('{"a":1}\n'), Buffer.from('{"b":2}\n')], never)
    await until(() => text.split('\n').length === 3)
    expect(text).toMatch(
      /^<38>\w{3} [ \d]\d \d\d:\d\d:\d\d vault\[\d+\]: \{"a":1\}\n<38>.*: \{"b":2\}\n$/,
    )
  })

  it('hands lines to the program logger for a daemon that takes datagrams', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'audit-logger-'))
    closers.push(() => rmSync(folder, { recursive: true }))
    const log = join(folder, 'log')
    writeFileSync(join(folder, 'logger'), `#!/bin/sh\necho "$@" >>${log}\nexec cat >>${log}\n`)
    chmodSync(join(folder, 'logger'), 0o755)
    const logger = new LoggerProcess({
      facility: 'AUTH',
      tag: 'vault',
      socket: '/dev/log',
      program: join(folder, 'logger'),
    })
    await logger.write(Buffer.from('{"a":1}\n'), never)
    logger.close()
    await until(() => readFileSync(log, { encoding: 'utf8', flag: 'a+' }).includes('{"a":1}'))
    expect(readFileSync(log, 'utf8')).toContain(
      '--tag vault --priority auth.info --socket /dev/log',
    )
  })

  it('fails in words when the program logger is missing or ends', async () => {
    const missing = { facility: 'AUTH', tag: 'vault', socket: '/dev/log', program: '/no/logger' }
    await expect(new LoggerProcess(missing).write(Buffer.from('x\n'), never)).rejects.toThrow(
      'the program logger ended',
    )
  })

  it('knows facilities, tags and addresses', () => {
    expect(facilityNumber('auth')).toBe(4)
    expect(facilityNumber('LOCAL7')).toBe(23)
    expect(() => facilityNumber('nope')).toThrow('invalid syslog facility')
    expect(checkTag('open-bao.1')).toBe('open-bao.1')
    expect(() => checkTag('a b')).toThrow('tag')
    expect(parseSyslogAddress('tcp://[::1]:601')).toEqual({ type: 'tcp', host: '::1', port: 601 })
    expect(() => parseSyslogAddress('/dev/log')).toThrow('unix:///path')
    const source = { facility: 4, tag: 't', hostname: 'h', pid: 7 }
    const at = new Date(2026, 0, 2, 3, 4, 5).getTime()
    expect(String(localMessage(source, at, Buffer.from('x\n')))).toBe(
      '<38>Jan  2 03:04:05 t[7]: x\n',
    )
  })
})
