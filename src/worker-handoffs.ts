// Connections on their way to a worker. node:cluster keeps its own copy of each until the worker has said that it
// took it, and never closes it when the worker ends without a word: that client would wait forever. So what is
// under way is known here too, and is closed soon after its worker's end. Source: Node's
// lib/internal/cluster (`sendHelper`, `RoundRobinHandle.handoff`): messages `{ cmd, act, seq }` with the handle,
// answers `{ cmd, ack }`. Were these to change, nothing would be closed here, and a test would tell.
import type { Worker } from 'node:cluster'
import type { Clock } from './base/clock.ts'

/** What a worker said before its end may still be in the pipe: a connection that it refused goes to another. */
const LAST_ANSWERS_MS = 500

interface Frame {
  readonly cmd?: unknown
  readonly act?: unknown
  readonly seq?: unknown
  readonly ack?: unknown
}

interface Handle {
  close(): void
}

/** To be called in the turn of the fork. */
export function closeLostHandoffs({ process: child }: Worker, clock: Clock): void {
  const underWay = new Map<number, Handle>()
  const send = child.send.bind(child) as (...args: unknown[]) => boolean
  child.send = (...args: unknown[]): boolean => {
    const [frame, handle] = args as [Frame, Handle | undefined]
    if (frame.act === 'newconn' && typeof frame.seq === 'number' && handle)
      underWay.set(frame.seq, handle)
    return send(...args)
  }
  child.on('internalMessage', ({ ack }: Frame) => {
    if (typeof ack === 'number') underWay.delete(ack)
  })
  // Nothing else is told: with a handle that was never taken in it, the pipe's end is not noticed.
  child.once('exit', () => {
    clock.after(LAST_ANSWERS_MS, () => {
      for (const handle of underWay.values()) handle.close()
      underWay.clear()
    })
  })
}
