// The audit device `syslog`: the local daemon by default, options as in Vault (facility, tag). Beyond
// Vault: `address` names a daemon as unix:///path, tcp://host:port or udp://host:port. A local daemon is
// reached over its stream socket where it has one, else through the program logger (docs/compat.md).
import { stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { Clock } from '../../base/clock.ts'
import {
  type LineSender,
  lineSender,
  parseHostPort,
  SendError,
  type SenderAddress,
} from '../../remote/line-sender.ts'
import { type AuditDevice, type AuditPlugin, AuditWriteError, joinLines } from '../../sdk/audit.ts'
import { LoggerProcess } from './logger-process.ts'
import {
  checkTag,
  facilityNumber,
  localMessage,
  remoteMessage,
  type SyslogSource,
} from './syslog-message.ts'

const LOCAL_SOCKETS = ['/dev/log', '/var/run/syslog', '/var/run/log']
const TIMEOUT_MS = 2000

export const syslogAudit: AuditPlugin = {
  type: 'syslog',
  about: 'Sends audit entries to the local syslog daemon or to a remote one.',
  async open(options, { clock }) {
    const facility = options.facility ?? 'AUTH'
    const tag = checkTag(options.tag ?? 'vault')
    const source = {
      facility: facilityNumber(facility),
      tag,
      hostname: hostname(),
      pid: process.pid,
    }
    if (options.address !== undefined) {
      const address = parseSyslogAddress(options.address)
      return new NetworkSyslog(address, source, clock)
    }
    const path = await findLocalSocket()
    if (await takesStreams(path, clock))
      return new NetworkSyslog({ type: 'unix', path }, source, clock)
    return new LocalSyslog(new LoggerProcess({ facility, tag, socket: path }))
  },
}

/** unix:///path, tcp://host:port or udp://host:port. */
export function parseSyslogAddress(text: string): SenderAddress {
  const [, type, rest = ''] = /^(tcp|udp|unix):\/\/(.+)$/.exec(text) ?? []
  if (type === 'unix' && rest.startsWith('/')) return { type, path: rest }
  if (type === 'tcp' || type === 'udp') return { type, ...parseHostPort(rest) }
  throw new Error('address must be unix:///path, tcp://host:port or udp://host:port')
}

async function findLocalSocket(): Promise<string> {
  for (const path of LOCAL_SOCKETS) {
    const found = await stat(path).catch(() => null)
    if (found?.isSocket()) return path
  }
  throw new Error('no local syslog daemon was found; the option address names another one')
}

/** True where the socket takes connections; most take only datagrams. */
async function takesStreams(path: string, clock: Clock): Promise<boolean> {
  const sender = lineSender({ type: 'unix', path }, TIMEOUT_MS, clock)
  try {
    await sender.reconnect()
    return true
  } catch {
    return false
  } finally {
    sender.close()
  }
}

class NetworkSyslog implements AuditDevice {
  readonly type = 'syslog'
  readonly #sender: LineSender
  readonly #source: SyslogSource
  readonly #clock: Clock
  readonly #message: typeof localMessage

  constructor(address: SenderAddress, source: SyslogSource, clock: Clock) {
    this.#sender = lineSender(address, TIMEOUT_MS, clock)
    this.#source = source
    this.#clock = clock
    this.#message = address.type === 'unix' ? localMessage : remoteMessage
  }

  async write(lines: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    const now = this.#clock.now()
    const messages = lines.map((line) => this.#message(this.#source, now, line))
    try {
      await this.#sender.send(messages, signal)
    } catch (error) {
      if (!(error instanceof SendError)) throw error
      const { sentLines: takenLines, isTooLong: hopeless } = error
      throw new AuditWriteError(error.message, { takenLines, hopeless, cause: error })
    }
  }

  reload(): Promise<void> {
    return this.#sender.reconnect()
  }

  async close(): Promise<void> {
    this.#sender.close()
  }
}

class LocalSyslog implements AuditDevice {
  readonly type = 'syslog'
  readonly #logger: LoggerProcess

  constructor(logger: LoggerProcess) {
    this.#logger = logger
  }

  write(lines: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    return this.#logger.write(joinLines(lines), signal)
  }

  async reload(): Promise<void> {
    this.#logger.close()
  }

  async close(): Promise<void> {
    this.#logger.close()
  }
}
