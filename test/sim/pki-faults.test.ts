// Revoking and tidying with their first commit failing, then their second, and so on until none fails: before
// anything was written, and after all of it was, when only the answer is lost. A certificate is then either not
// revoked, or revoked and soon on the list; a tidy run comes to its end with all of its work done.
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import { systemRandom } from '../../src/base/random.ts'
import { serialText } from '../../src/crypto/x509/build-certificate.ts'
import { parseCrl, readRevoked } from '../../src/crypto/x509/crl.ts'
import { parsePem } from '../../src/crypto/x509/pem.ts'
import { memoryBackend } from '../../src/storage/memory/memory-backend.ts'
import { call, eventually } from '../support/api-steps.ts'
import { type Fault, faultyStorage } from '../support/faulty-storage.ts'
import { type InProcess, startInProcess } from '../support/in-process.ts'
import { manualClock, passSeconds } from '../support/manual-clock.ts'
import { shiftedClock } from '../support/shifted-clock.ts'

interface Scene {
  readonly server: InProcess
  readonly serials: readonly string[]
  advance(ms: number): void
  /** From now on the n-th commit of the mount fails. */
  arm(nth: number, fault: Fault): void
  /** No more faults from here on; whether there was one. */
  disarm(): boolean
}

const HOUR = 3600_000

async function scene(
  count: number,
  clock: Clock & { advance(ms: number): void } = shiftedClock(),
): Promise<Scene> {
  let armed: { nth: number; fault: Fault } | null = null
  let seen = 0
  let isHit = false
  const isOfMount = (keys: Iterable<string>): boolean =>
    [...keys].some((key) => /(crl|revoked|expiry|certs|tidy)/.test(key))
  const inner = memoryBackend({ clock, random: systemRandom })
  const backend = faultyStorage(inner, (_, { writes }) => {
    if (armed === null || isHit || !isOfMount(writes.keys()) || ++seen !== armed.nth)
      return undefined
    isHit = true
    return armed.fault
  })
  const server = await startInProcess({ backend, clock })
  await call(server, 204, 'POST', 'sys/mounts/pki', { type: 'pki' })
  const post = async (path: string, body: unknown) =>
    (await call(server, 200, 'POST', `pki/${path}`, body)).body.data
  await post('root/generate/internal', { common_name: 'R', key_type: 'ec', ttl: '700h' })
  await post('roles/r', { allow_any_name: true, key_type: 'ec' })
  const serials: string[] = []
  for (let i = 0; i < count; i++)
    serials.push((await post('issue/r', { common_name: 'a', ttl: '1h' })).serial_number)
  return {
    ...{ server, serials, advance: clock.advance },
    arm(nth, fault) {
      armed = { nth, fault }
    },
    disarm() {
      armed = null
      return isHit
    },
  }
}

async function onList(server: InProcess): Promise<string[]> {
  const { body } = await call(server, 200, 'GET', 'pki/issuer/default/crl')
  const list = parseCrl(parsePem(body.data.crl)[0]!.der)
  return [...readRevoked(list.revoked)].map(({ serial }) => serialText(serial))
}

const isRevoked = async (server: InProcess, serial: string): Promise<boolean> =>
  (await call(server, 200, 'GET', `pki/cert/${serial}`)).body.data.revocation_time > 0

const keys = async (server: InProcess, path: string): Promise<string[]> =>
  (await server.call('LIST', `pki/${path}`)).body.data?.keys ?? []

/** Runs `story` with each commit failing in turn. */
async function eachFault(
  faults: readonly Fault[],
  story: (nth: number, fault: Fault) => Promise<boolean>,
): Promise<number> {
  let hits = 0
  for (const fault of faults) {
    for (let nth = 1; await story(nth, fault); nth++) {
      hits++
      if (nth > 30) throw new Error('the story never ends without a fault')
    }
  }
  return hits
}

describe('certificates when storage fails', () => {
  it('are not revoked, or revoked and listed', async () => {
    const hits = await eachFault(['before', 'after', 'conflict'], async (nth, fault) => {
      const { server, serials, advance, arm, disarm } = await scene(1)
      const [serial_number] = serials
      arm(nth, fault)
      const reply = await server.call('POST', 'pki/revoke', { serial_number })
      const wasHit = disarm()
      const isDone = await isRevoked(server, serial_number!)
      if (reply.status === 200) expect(await onList(server)).toEqual([serial_number])
      advance(HOUR / 2)
      if (isDone)
        await eventually(
          () => onList(server),
          (serials) => serials.length === 1,
        )
      else expect([await onList(server), reply.status === 200]).toEqual([[], false])
      await call(server, 200, 'POST', 'pki/revoke', { serial_number })
      expect(await onList(server)).toEqual([serial_number])
      await server.close()
      return wasHit
    })
    expect(hits).toBeGreaterThan(6)
  }, 60_000)

  it('are tidied all the same', async () => {
    const hits = await eachFault(['before', 'after'], async (nth, fault) => {
      const clock = manualClock()
      const { server, serials, advance, arm, disarm } = await scene(3, clock)
      await call(server, 200, 'POST', 'pki/revoke', { serial_number: serials[0] })
      advance(100 * HOUR)
      arm(nth, fault)
      const wanted = { tidy_cert_store: true, tidy_revoked_certs: true }
      const started = await server.call('POST', 'pki/tidy', wanted)
      if (started.status >= 500) await server.call('POST', 'pki/tidy', wanted)
      let { body } = await server.call('GET', 'pki/tidy-status')
      for (let left = 100; body.data.state !== 'Finished' && left > 0; left--) {
        await passSeconds(clock, 10)
        body = (await server.call('GET', 'pki/tidy-status')).body
      }
      const wasHit = disarm()
      expect(body.data.cert_store_deleted_count).toBe(3)
      expect(await keys(server, 'certs')).toHaveLength(1)
      expect(await keys(server, 'certs/revoked')).toEqual([])
      expect(await onList(server)).toEqual([])
      await server.close()
      return wasHit
    })
    expect(hits).toBeGreaterThan(6)
  }, 120_000)
})
