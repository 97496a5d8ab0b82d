// Sends a body that is made while it is sent, chunk by chunk (RFC 9112 7.1), no faster than the client
// reads it.
import type { Socket } from 'node:net'
import type { ReplyWriter } from './reply-writer.ts'

/**
 * Writes every chunk of `body`; resolves true when all are written, false when the socket went away.
 * Rejects when the body fails: the reply is then cut short and the socket must be destroyed.
 */
export async function streamBody(
  socket: Socket,
  body: AsyncIterable<Uint8Array>,
  isChunked: boolean,
  writer: ReplyWriter,
): Promise<boolean> {
  const iterator = body[Symbol.asyncIterator]()
  let wake: () => void = () => {}
  const gone = new Promise<'gone'>((resolve) => {
    wake = () => resolve('gone')
  })
  socket.once('close', wake)
  try {
    for (;;) {
      if (socket.destroyed) return dispose(iterator)
      const step = await Promise.race([iterator.next(), gone])
      if (step === 'gone') return dispose(iterator)
      if (step.done === true) break
      if (step.value.length === 0) continue
      if (!writeChunk(socket, step.value, isChunked) && !(await drained(socket, writer))) {
        return dispose(iterator)
      }
    }
    if (isChunked && !socket.write('0\r\n\r\n', 'latin1')) writer.block()
    return true
  } finally {
    socket.removeListener('close', wake)
  }
}

/** Tells a body that nobody reads it any more; not awaited, since it may never answer. */
function dispose(iterator: AsyncIterator<Uint8Array>): false {
  iterator.return?.()?.then(undefined, () => {})
  return false
}

/** As dispose, for a body that was not begun. */
export function discardBody(body: AsyncIterable<Uint8Array>): void {
  dispose(body[Symbol.asyncIterator]())
}

function writeChunk(socket: Socket, chunk: Uint8Array, isChunked: boolean): boolean {
  if (!isChunked) return socket.write(chunk)
  socket.cork()
  socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
  socket.write(chunk)
  const hasRoom = socket.write('\r\n', 'latin1')
  socket.uncork()
  return hasRoom
}

/** Waits for room; false if the socket closes first. */
function drained(socket: Socket, writer: ReplyWriter): Promise<boolean> {
  if (socket.destroyed) return Promise.resolve(false)
  if (!socket.writableNeedDrain) return Promise.resolve(true)
  writer.block()
  return new Promise((resolve) => {
    const settle = (isOpen: boolean): void => {
      socket.removeListener('drain', onDrain)
      socket.removeListener('close', onClose)
      resolve(isOpen)
    }
    const onDrain = (): void => settle(true)
    const onClose = (): void => settle(false)
    socket.on('drain', onDrain)
    socket.on('close', onClose)
  })
}
