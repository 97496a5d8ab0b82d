// The audit device `socket`: entries to a TCP, UDP or unix stream address, options as in Vault (address,
// socket_type, write_timeout). A dead connection is replaced; what a peer had received of an interrupted
// write is not known, so after a failure lines may arrive twice, never not at all (UDP gives no promise).
import { parseDurationSeconds } from '../../base/duration.ts'
import {
  type LineSender,
  lineSender,
  parseHostPort,
  SendError,
  type SenderAddress,
} from '../../remote/line-sender.ts'
import { type AuditDevice, type AuditPlugin, AuditWriteError } from '../../sdk/audit.ts'

const DEFAULT_TIMEOUT = '2s'

export const socketAudit: AuditPlugin = {
  type: 'socket',
  about: 'Sends audit entries to a TCP, UDP or unix socket.',
  async open(options, { clock }) {
    const address = options.address
    if (!address) throw new Error('address is required')
    const text = options.write_timeout ?? DEFAULT_TIMEOUT
    const seconds = parseDurationSeconds(text)
    if (seconds === null || seconds < 0) {
      throw new Error(`write_timeout ${JSON.stringify(text)} is not a duration`)
    }
    const target = senderAddress(options.socket_type ?? 'tcp', address)
    return new SocketDevice(lineSender(target, Math.max(1, seconds) * 1000, clock))
  },
}

function senderAddress(type: string, address: string): SenderAddress {
  if (type === 'unix') return { type, path: address }
  if (type === 'tcp' || type === 'udp') return { type, ...parseHostPort(address) }
  throw new Error(`socket_type ${JSON.stringify(type)} is not one of tcp, udp, unix`)
}

class SocketDevice implements AuditDevice {
  readonly type = 'socket'
  readonly #sender: LineSender

  constructor(sender: LineSender) {
    this.#sender = sender
  }

  async write(lines: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    try {
      await this.#sender.send(lines, signal)
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
