// The readings of /proc against this process and a child of it.
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { costOf, listenersOn, treeOf } from './process-tree.ts'

describe('process tree', () => {
  it('finds who listens on a port, and no one on a closed one', async () => {
    const server = createServer()
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    expect(listenersOn(port)).toContain(process.pid)
    await new Promise((closed) => server.close(closed))
    expect(listenersOn(port)).toEqual([])
  })

  it('counts children and what all of them spent and hold', () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    const tree = treeOf([process.pid])
    expect(tree).toContain(process.pid)
    expect(tree).toContain(child.pid)
    const alone = costOf([process.pid])
    const together = costOf(tree)
    expect(alone.cpuSeconds).toBeGreaterThan(0)
    expect(alone.rssBytes).toBeGreaterThan(alone.rssAnonBytes)
    expect(together.rssBytes).toBeGreaterThan(alone.rssBytes)
    child.kill()
  })

  it('counts a process that has ended as nothing', () => {
    expect(costOf([2 ** 30])).toEqual({ cpuSeconds: 0, rssAnonBytes: 0, rssBytes: 0 })
  })
})
