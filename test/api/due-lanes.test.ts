import { afterEach, describe, expect, it } from 'vitest'
import { type InProcess, startInProcess } from '../support/in-process.ts'
import { outsideEngine, World } from '../support/outside-engine.ts'

let server: InProcess | undefined
afterEach(() => server?.close())

/** Waits in real time until it is so. */
async function until(isSo: () => boolean, ms: number): Promise<boolean> {
  const end = performance.now() + ms
  while (!isSo()) {
    if (performance.now() > end) return false
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return true
}

describe('due work', () => {
  it('of a mount that hangs does not hold up the others', { timeout: 40_000 }, async () => {
    const dead = new World()
    const alive = new World()
    let release = (): void => undefined
    dead.hang = new Promise((resolve) => {
      release = resolve
    })
    server = await startInProcess({
      engines: [outsideEngine(dead, 'dead'), outsideEngine(alive, 'alive')],
    })
    await server.call('POST', 'sys/mounts/dead', { type: 'dead' })
    await server.call('POST', 'sys/mounts/alive', { type: 'alive' })
    for (let count = 0; count < 300; count++) {
      await server.call('GET', 'dead/creds/app', undefined, { query: { ttl: '1' } })
    }
    for (let count = 0; count < 40; count++) {
      await server.call('GET', 'alive/creds/app', undefined, { query: { ttl: '1' } })
    }
    const token = await server.call('POST', 'auth/token/create', { ttl: '1s' })
    expect(await until(() => alive.accounts.size === 0, 10_000)).toBe(true)
    const { accessor } = token.body.auth
    const gone = async () => (await server!.backend.read([`ns/root/token/${accessor}`])).size === 0
    let isGone = false
    for (let tries = 0; tries < 100 && !isGone; tries++) {
      isGone = await gone()
      if (!isGone) await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(isGone).toBe(true)
    expect(dead.accounts.size).toBe(300)
    release()
    expect(await until(() => dead.accounts.size === 0, 20_000)).toBe(true)
  })
})
