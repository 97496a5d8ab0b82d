// In front of a TLS server: looks at the first byte, so that a client that speaks plain HTTP to a TLS
// port is told so in words (the ones Go's server uses, which people search for), not with a cut line.
import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'

/** The record type of a ClientHello (RFC 8446 5.1). */
const HANDSHAKE_RECORD = 22

const REPLY =
  'HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\n' +
  'Client sent an HTTP request to an HTTPS server.\n'

/** Hands the socket on with its bytes if TLS begins; it has `waitMs` to begin anything. */
export function admitTls(
  socket: Socket,
  clock: Clock,
  waitMs: number,
  admit: (socket: Socket) => void,
): void {
  const drop = (): void => void socket.destroy()
  const cancel = clock.after(waitMs, drop)
  const settle = (): void => {
    cancel()
    socket.removeListener('end', drop)
    socket.removeListener('error', drop)
    socket.removeListener('close', cancel)
  }
  socket.on('end', drop)
  socket.on('error', drop)
  socket.on('close', cancel)
  socket.once('data', (chunk: Buffer) => {
    if (chunk[0] === HANDSHAKE_RECORD) {
      socket.pause()
      settle()
      socket.unshift(chunk)
      admit(socket)
      return
    }
    // The rest is taken and dropped until the client closes or its time is over.
    socket.resume()
    socket.end(REPLY, 'latin1')
  })
}
