// kill -9 of a real server while certificates are issued and revoked, lists are built and tidied: whatever was
// answered is there after it, numbers of lists never go back, what is revoked is listed, and tidying goes on.
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { serialText } from '../../src/crypto/x509/build-certificate.ts'
import { parseCrl, readRevoked } from '../../src/crypto/x509/crl.ts'
import { decodeCrlNumber } from '../../src/crypto/x509/crl-extensions.ts'
import { findExtension } from '../../src/crypto/x509/extension.ts'
import { OID } from '../../src/crypto/x509/oids.ts'
import { parsePem } from '../../src/crypto/x509/pem.ts'
import { eventually } from '../support/api-steps.ts'
import { removeTestBundle, startTestServer, type TestServer } from '../support/test-server.ts'

const ROUNDS = 4
const CALLERS = 6
const TAKEN_OVER = { timeout: 90_000, interval: 500 }
let server: TestServer
const issued: string[] = []
const revoked = new Set<string>()

async function ok(method: string, path: string, body?: object) {
  const called = await server.call(method, path, body)
  if (called.status >= 300) throw new Error(`${method} ${path}: ${called.status} ${called.text}`)
  return called.body
}

beforeAll(async () => {
  server = await startTestServer()
  await ok('POST', 'sys/mounts/pki', { type: 'pki' })
  const root = { common_name: 'R', key_type: 'ec', ttl: '700h' }
  await ok('POST', 'pki/root/generate/internal', root)
  await ok('POST', 'pki/roles/r', { allow_any_name: true, key_type: 'ec', ttl: '600h' })
}, 90_000)
afterAll(async () => {
  await server?.remove()
  await removeTestBundle()
})

async function listed(): Promise<{ number: number; serials: ReadonlySet<string> }> {
  const { data } = await ok('GET', 'pki/cert/crl')
  const list = parseCrl(parsePem(data.certificate)[0]!.der)
  const number = decodeCrlNumber(findExtension(list.extensions, OID.crlNumber)!.value)
  return {
    number: Number.parseInt(number.toString('hex'), 16),
    serials: new Set([...readRevoked(list.revoked)].map(({ serial }) => serialText(serial))),
  }
}

/** One caller until the server is gone; it remembers what it was answered. */
async function work(turn: number): Promise<void> {
  try {
    for (let step = turn; ; step++) {
      const { data } = await ok('POST', 'pki/issue/r', { common_name: 'a' })
      issued.push(data.serial_number)
      if (step % 2 === 0) {
        await ok('POST', 'pki/revoke', { serial_number: data.serial_number })
        revoked.add(data.serial_number)
      }
      if (step % 7 === 0) await ok('GET', 'pki/crl/rotate')
      if (step % 5 === 0) await ok('POST', 'pki/tidy', { tidy_cert_store: true })
    }
  } catch {
    // It was killed.
  }
}

it('loses nothing that was answered', async () => {
  let number = 0
  for (let round = 0; round < ROUNDS; round++) {
    const callers = Array.from({ length: CALLERS }, (_, turn) => work(turn))
    const before = issued.length
    await eventually(
      async () => issued.length,
      (count) => count > before + 40 + 7 * round,
    )
    await server.kill()
    await Promise.all(callers)
    await server.start()
    await server.unseal()
    const list = await listed()
    expect(list.number).toBeGreaterThanOrEqual(number)
    number = list.number
    expect([...revoked].filter((serial) => !list.serials.has(serial))).toEqual([])
  }
  for (const serial of issued) {
    const { data } = await ok('GET', `pki/cert/${serial}`)
    expect(new X509Certificate(data.certificate).serialNumber.toLowerCase()).toBe(
      serial.replaceAll(':', ''),
    )
  }
  // Revoked without an answer: stored or not, but on the next list if it is.
  await ok('GET', 'pki/crl/rotate')
  const { data } = await ok('LIST', 'pki/certs/revoked')
  expect([...(await listed()).serials].sort()).toEqual(data.keys)
  // The next process takes its work over once it is sure that the last one is dead.
  await expect
    .poll(async () => (await ok('GET', 'pki/tidy-status')).data.state, TAKEN_OVER)
    .toBe('Finished')
}, 180_000)
