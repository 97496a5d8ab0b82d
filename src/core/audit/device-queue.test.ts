import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { type AuditDevice, AuditWriteError } from '../../sdk/audit.ts'
import { ChainWriter } from './chain.ts'
import { startEntry } from './chain-records.ts'
import { DeviceQueue } from './device-queue.ts'
import { verifyChains } from './verify-chain.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const key = publicKey.export({ format: 'jwk' }).x!

type Step = 'well' | 'failing' | 'partial' | 'slow' | 'stuck'

/** A device that goes through these steps, one per write, and is well afterwards. */
class ScriptedDevice implements AuditDevice {
  readonly type = 'scripted'
  readonly lines: string[] = []
  readonly #steps: Step[]
  overlaps = 0
  #writing = false

  constructor(steps: readonly Step[]) {
    this.#steps = [...steps]
  }

  async write(lines: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    if (this.#writing) this.overlaps++
    this.#writing = true
    try {
      await this.#step(this.#steps.shift() ?? 'well', lines.map(String), signal)
    } finally {
      this.#writing = false
    }
  }

  async #step(step: Step, lines: string[], signal: AbortSignal): Promise<void> {
    if (step === 'failing') throw new Error('no')
    if (step === 'slow') await systemClock.sleep(5)
    if (step === 'stuck') {
      // Half of them give up at the deadline, half take the lines although nobody waits any more.
      await systemClock.sleep(40)
      if (lines.length % 2 === 0 && signal.aborted) throw signal.reason
    }
    if (step === 'partial') {
      const takenLines = Math.floor(lines.length / 2)
      this.lines.push(...lines.slice(0, takenLines))
      throw new AuditWriteError('half', { takenLines })
    }
    this.lines.push(...lines)
  }

  async close(): Promise<void> {
    // Nothing is held.
  }
}

describe('DeviceQueue', () => {
  it('has every acknowledged line in order, once, in an unbroken chain, whatever the device does', async () => {
    const steps = fc.array(fc.constantFrom<Step>('well', 'failing', 'partial', 'slow', 'stuck'), {
      maxLength: 8,
    })
    const pauses = fc.array(fc.integer({ min: -20, max: 25 }), { minLength: 5, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(steps, pauses, async (script, waits) => {
        const device = new ScriptedDevice(script)
        const queue = new DeviceQueue({
          open: async () => device,
          chain: new ChainWriter('w', { privateKey, publicKey: key }, ''),
          clock: systemClock,
          limits: { maxBytes: 1e6, deadlineMs: 20, retryMs: 2, maxRetryMs: 10 },
        })
        queue.addSigned(startEntry(0, 'd/', key))
        const acknowledged: number[] = []
        for (const [id, wait] of waits.entries()) {
          const line = `{"time":"2026-01-02T03:04:05.000Z","type":"request","request":{"id":"${id}"}`
          queue.add(line).taken.then(
            () => acknowledged.push(id),
            () => undefined,
          )
          if (wait > 0) await systemClock.sleep(wait)
        }
        for (let tries = 0; queue.written.n < queue.head.n && tries < 200; tries++) {
          await systemClock.sleep(5)
        }
        await queue.close()
        expect(device.overlaps).toBe(0)
        const ids = device.lines.flatMap((line) => /"id":"(\d+)"/.exec(line)?.[1] ?? [])
        // Lines of refused requests are there too: the chain has no holes.
        expect(ids.map(Number)).toEqual(waits.map((_, id) => id))
        expect(acknowledged.every((id) => ids.includes(String(id)))).toBe(true)
        const chunks = device.lines.map((line) => Buffer.from(line))
        const report = await verifyChains([{ name: 'd', chunks }], { publicKeys: [key] })
        // Only the end record may be missing: a device that is stuck at the end is not waited for.
        expect(report).toMatchObject({ failures: [], torn: [] })
        expect(device.lines.length).toBeGreaterThanOrEqual(waits.length + 1)
      }),
      { numRuns: 12, endOnFailure: true },
    )
  })

  it('takes nothing after it was closed', async () => {
    const device = new ScriptedDevice([])
    const queue = new DeviceQueue({
      open: async () => device,
      chain: new ChainWriter('w', { privateKey, publicKey: key }, ''),
      clock: systemClock,
      limits: { maxBytes: 1e6, deadlineMs: 20, retryMs: 2, maxRetryMs: 10 },
    })
    await queue.close()
    const { length } = device.lines
    await expect(queue.add('{"time":"x"').taken).rejects.toThrow()
    expect(device.lines).toHaveLength(length)
  })

  it('closes within the deadline although the device is stuck', async () => {
    const device = new ScriptedDevice(['stuck', 'stuck', 'stuck'])
    const queue = new DeviceQueue({
      open: async () => device,
      chain: new ChainWriter('w', { privateKey, publicKey: key }, ''),
      clock: systemClock,
      limits: { maxBytes: 1e6, deadlineMs: 20, retryMs: 2, maxRetryMs: 10 },
    })
    const line = queue.add('{"time":"2026-01-02T03:04:05.000Z"')
    const started = performance.now()
    await queue.close()
    expect(performance.now() - started).toBeLessThan(200)
    await expect(line.taken).rejects.toThrow('did not take lines within 20 ms')
  })
})
