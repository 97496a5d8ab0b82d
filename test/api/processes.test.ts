// Four processes on one store and one port. What one has acknowledged every other shows at once; workers
// that are killed lose nothing and come back open; shares, rekeys and root generations may reach another
// worker each time. Calls with `fresh` take a new connection, which the supervisor gives to the next worker.
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { decodeToken } from '../../src/cli/operator/generate-root.ts'
import {
  type Answered,
  isAlive,
  removeTestBundle,
  startTestServer,
  type TestServer,
} from '../support/test-server.ts'

const WORKERS = 4
const fresh = { fresh: true }
let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ workers: WORKERS, init: null })
})
afterAll(async () => {
  await server.remove()
  await removeTestBundle()
})

const call = (method: string, path: string, body?: object): Promise<Answered> =>
  server.call(method, path, body, fresh)

/** The same question twice to each worker, over connections of their own. */
const askAll = (path: string, token?: string): Promise<Answered[]> =>
  Promise.all(
    Array.from({ length: WORKERS * 2 }, () =>
      server.call('GET', path, undefined, token === undefined ? fresh : { ...fresh, token }),
    ),
  )

const statuses = (answers: readonly Answered[]): number[] => [
  ...new Set(answers.map(({ status }) => status)),
]

const sealedStates = async (): Promise<boolean[]> => [
  ...new Set((await askAll('sys/seal-status')).map(({ body }) => body.sealed as boolean)),
]

/** A pid each time a worker is killed: another one has taken its place and serves. */
async function killWorker(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  while (isAlive(pid)) await systemClock.sleep(5)
}

async function allWorkersBack(): Promise<void> {
  const until = systemClock.monotonic() + 20_000
  while (server.workerPids().filter(isAlive).length < WORKERS) {
    if (systemClock.monotonic() > until) throw new Error(`workers are missing:\n${server.output()}`)
    await systemClock.sleep(20)
  }
}

/** A connection of its own with one request; `over` resolves when the server has ended it. */
function openClient(address: string): { over: Promise<void>; isOver(): boolean } {
  const { hostname, port } = new URL(address)
  const socket = connect(Number(port), hostname)
  socket.write('GET /v1/sys/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  socket.resume()
  const over = new Promise<void>((resolve) => {
    socket.once('error', () => {})
    socket.once('close', () => resolve())
  })
  return { over, isOver: () => socket.closed }
}

describe('the seal', () => {
  it('is initialised once, whoever is asked', async () => {
    const wanted = { secret_shares: 3, secret_threshold: 3 }
    const answers = await Promise.all([1, 2, 3].map(() => call('PUT', 'sys/init', wanted)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400])
    const made = answers.find(({ status }) => status === 200)!.body
    Object.assign(server, { unsealKeys: made.keys, rootToken: made.root_token })
    expect(await sealedStates()).toEqual([true])
  })

  it('counts shares that come over different workers, also at once', async () => {
    const give = (key: string) => call('PUT', 'sys/unseal', { key })
    await give(server.unsealKeys[0]!)
    const nonces = new Set((await askAll('sys/seal-status')).map(({ body }) => body.nonce))
    expect(nonces.size).toBe(1)
    await Promise.all([give(server.unsealKeys[1]!), give(server.unsealKeys[2]!)])
    expect(await sealedStates()).toEqual([false])
  })

  it('closes every worker before the answer goes out, and opens them again', async () => {
    expect((await call('PUT', 'sys/seal')).status).toBe(204)
    expect(await sealedStates()).toEqual([true])
    expect(statuses(await askAll('sys/mounts'))).toEqual([503])
    for (const key of server.unsealKeys) await call('PUT', 'sys/unseal', { key })
    expect(statuses(await askAll('sys/mounts'))).toEqual([200])
  })
})

describe('what one worker acknowledged', () => {
  it('every other shows at once: tokens, policies, secrets', async () => {
    await call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
    expect(statuses(await askAll('sys/mounts/secret'))).toEqual([200])
    for (let round = 1; round <= 4; round++) {
      await call('POST', 'secret/data/a', { data: { round } })
      const seen = await askAll('secret/data/a')
      expect(new Set(seen.map(({ body }) => body.data?.data.round))).toEqual(new Set([round]))

      await call('POST', 'sys/policies/acl/reader', {
        policy: 'path "secret/data/a" { capabilities = ["read"] }',
      })
      const made = await call('POST', 'auth/token/create', { policies: ['reader'] })
      const token = made.body.auth.client_token as string
      expect(statuses(await askAll('secret/data/a', token))).toEqual([200])
      await call('POST', 'sys/policies/acl/reader', {
        policy: 'path "secret/data/a" { capabilities = ["deny"] }',
      })
      expect(statuses(await askAll('secret/data/a', token))).toEqual([403])
      expect(statuses(await askAll('auth/token/lookup-self', token))).toEqual([200])
      await call('POST', 'auth/token/revoke', { token })
      expect(statuses(await askAll('auth/token/lookup-self', token))).toEqual([403])
    }
  })

  it('stays through a new root key and a new term', async () => {
    await call('PUT', 'sys/rotate')
    await call('PUT', 'sys/rotate/root')
    await call('PUT', 'sys/rotate')
    await call('POST', 'secret/data/b', { data: { x: 1 } })
    expect(statuses(await askAll('secret/data/b'))).toEqual([200])
    const terms = (await askAll('sys/key-status')).map(({ body }) => body.data.term)
    expect(new Set(terms)).toEqual(new Set([3]))
  })
})

describe('ceremonies over several workers', () => {
  it('rekey: shares at once, none lost', async () => {
    const { nonce } = (
      await call('PUT', 'sys/rekey/init', { secret_shares: 2, secret_threshold: 2 })
    ).body
    const answers = await Promise.all(
      server.unsealKeys.map((key) => call('PUT', 'sys/rekey/update', { key, nonce })),
    )
    const done = answers.filter(({ body }) => body.complete)
    expect(done).toHaveLength(1)
    server = Object.assign(server, { unsealKeys: done[0]!.body.keys })
    await call('PUT', 'sys/seal')
    for (const key of server.unsealKeys) await call('PUT', 'sys/unseal', { key })
    expect(await sealedStates()).toEqual([false])
    expect(statuses(await askAll('secret/data/a'))).toEqual([200])
  })

  it('a root token', async () => {
    const { nonce, otp } = (await call('PUT', 'sys/generate-root/attempt')).body
    expect((await askAll('sys/generate-root/attempt')).map(({ body }) => body.nonce)).toEqual(
      Array.from({ length: WORKERS * 2 }, () => nonce),
    )
    const answers = await Promise.all(
      server.unsealKeys.map((key) => call('PUT', 'sys/generate-root/update', { key, nonce })),
    )
    const done = answers.filter(({ body }) => body.complete)
    expect(done).toHaveLength(1)
    const token = decodeToken(done[0]!.body.encoded_token, otp)!
    expect(statuses(await askAll('auth/token/lookup-self', token))).toEqual([200])
  })
})

describe('workers that are killed', () => {
  it('lose nothing that was acknowledged; the host stays open', async () => {
    const acknowledged: string[] = []
    let isOver = false
    const write = async (writer: number): Promise<void> => {
      for (let at = 0; !isOver; at++) {
        const path = `secret/data/w${writer}/${at}`
        try {
          const { status } = await server.call(
            'POST',
            path,
            { data: { at } },
            { ...fresh, timeoutMs: 5000 },
          )
          if (status === 200) acknowledged.push(path)
          // Sealed is what a host that stays open never says.
          else if (status === 503) throw new Error('503')
        } catch (error) {
          if ((error as Error).message === '503') throw error
          // The connection broke with its worker: nothing was acknowledged.
        }
      }
    }
    const writers = [1, 2, 3].map(write)
    for (let kills = 0; kills < 5; kills++) {
      const before = acknowledged.length
      while (acknowledged.length < before + 30) await systemClock.sleep(10)
      await allWorkersBack()
      const pids = server.workerPids()
      await killWorker(pids[kills % pids.length]!)
    }
    isOver = true
    await Promise.all(writers)
    await allWorkersBack()
    expect(await sealedStates()).toEqual([false])
    const lost: string[] = []
    for (const path of acknowledged) {
      if ((await server.call('GET', path)).status !== 200) lost.push(path)
    }
    expect(lost).toEqual([])
  })

  it('leave no client without an answer or an end', async () => {
    const [pid] = server.workerPids()
    // It takes nothing more, so that a connection is on its way to it when it ends.
    process.kill(pid!, 'SIGSTOP')
    const clients = Array.from({ length: WORKERS * 2 }, () => openClient(server.address))
    await systemClock.sleep(500)
    expect(clients.filter(({ isOver }) => !isOver())).toHaveLength(1)
    await killWorker(pid!)
    await Promise.all(clients.map(({ over }) => over))
    await allWorkersBack()
  })

  it('end with their supervisor, and the next start is sealed', async () => {
    const workers = server.workerPids()
    await server.kill()
    expect(workers.filter(isAlive)).toEqual([])
    await server.start()
    expect(await sealedStates()).toEqual([true])
    for (const key of server.unsealKeys) await call('PUT', 'sys/unseal', { key })
    expect(statuses(await askAll('secret/data/a'))).toEqual([200])
    expect(await server.stop()).toBe(0)
  })
})
