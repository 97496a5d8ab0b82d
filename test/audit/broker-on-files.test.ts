// The audit broker on real files: several processes' worth of brokers on one store and one path.
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fileAudit } from '../../src/audit/file/file-device.ts'
import { systemClock } from '../../src/base/clock.ts'
import { systemRandom } from '../../src/base/random.ts'
import {
  AuditBroker,
  type AuditRules,
  DEFAULT_AUDIT_RULES,
} from '../../src/core/audit/audit-broker.ts'
import type { AuditRequest } from '../../src/core/audit/audit-entry.ts'
import { verifyChains } from '../../src/core/audit/verify-chain.ts'
import type { Log } from '../../src/sdk/log.ts'
import { type MemoryCoreStorage, memoryCoreStorage } from '../support/memory-core-storage.ts'

const silent: Log = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  named: () => silent,
}

let storage: MemoryCoreStorage
let folder: string
let path: string
const brokers: AuditBroker[] = []

beforeEach(() => {
  storage = memoryCoreStorage()
  folder = mkdtempSync(join(tmpdir(), 'audit-broker-'))
  path = join(folder, 'audit.log')
})
afterEach(async () => {
  await Promise.all(brokers.splice(0).map((broker) => broker.close()))
  rmSync(folder, { recursive: true, force: true })
})

function newBroker(rules: Partial<AuditRules> = {}): AuditBroker {
  const made = new AuditBroker({
    storage,
    plugins: [fileAudit],
    clock: systemClock,
    random: systemRandom,
    log: silent,
    rules: { checkpointMs: 60_000, ...rules },
  })
  brokers.push(made)
  return made
}

const mount = (options: Record<string, string>, fromRequest = true) => ({
  path: 'file',
  type: 'file',
  description: '',
  options,
  local: false,
  fromRequest,
})
let ids = 0
const request = (name = 'secret/data/app'): AuditRequest => ({
  timeMs: Date.UTC(2026, 0, 2),
  id: `id-${++ids}`,
  operation: 'read',
  namespace: { id: 'root', path: '' },
  path: name,
  auth: null,
})
const answer = { timeMs: Date.UTC(2026, 0, 2), data: { key: 'value' } }

describe('AuditBroker on files', () => {
  it('loses no line over moves, reopening and two processes; the chain proves it', async () => {
    const [one, two] = [newBroker(), newBroker()]
    await one.enable(mount({ file_path: path }))
    await two.reload()
    const sent: string[] = []
    const send = async (): Promise<void> => {
      for (const broker of [one, two]) {
        const made = request()
        sent.push(made.id)
        await broker.pair(made, answer)
      }
    }
    const files: string[] = []
    for (let turn = 0; turn < 4; turn++) {
      await send()
      files.push(`${path}.${turn}`)
      renameSync(path, files.at(-1)!)
      await send()
      await Promise.all([one.reopen(), two.reopen()])
    }
    await send()
    files.push(path)
    await Promise.all([one.close(), two.close()])
    const texts = files.map((name) => readFileSync(name, 'utf8'))
    for (const id of sent) expect(texts.join('').split(`"id":"${id}"`)).toHaveLength(3)
    const sources = files.map((name) => ({ name, chunks: [readFileSync(name)] })).reverse()
    const reader = newBroker()
    const options = { publicKeys: [await reader.publicKey()], heads: await reader.heads() }
    const report = await verifyChains(sources, options)
    expect(report).toMatchObject({ failures: [], torn: [], notes: [] })
    expect(report.writers).toHaveLength(2)
  })

  it('records in a new file what came after the file was deleted', async () => {
    const broker = newBroker()
    await broker.enable(mount({ file_path: path }))
    rmSync(path)
    await broker.request(request('after'))
    expect(readFileSync(path, 'utf8')).toContain('"path":"after"')
    expect(existsSync(path)).toBe(true)
  })

  it('lets no two devices write to one file, whatever they call it', async () => {
    const broker = newBroker()
    await broker.enable(mount({ file_path: path }))
    symlinkSync(folder, `${folder}-link`)
    for (const name of [
      path,
      `${folder}/../${basename(folder)}/audit.log`,
      `${folder}-link/audit.log`,
    ]) {
      const second = broker.enable({ ...mount({ file_path: name }), path: 'second' })
      await expect(second).rejects.toMatchObject({
        status: 400,
        message: 'the audit device file/ writes to the same target already',
      })
    }
    rmSync(`${folder}-link`)
    await broker.enable({ ...mount({ file_path: `${path}.2` }), path: 'second' })
    await broker.enable({ ...mount({ file_path: 'discard' }), path: 'third' })
    await broker.enable({ ...mount({ file_path: 'discard' }), path: 'fourth' })
  })

  it('refuses requests while the disk is full', async () => {
    const broker = newBroker({ limits: { ...DEFAULT_AUDIT_RULES.limits, retryMs: 20 } })
    const full = { file_path: '/dev/full', skip_test: 'true' }
    await broker.enable(mount(full, false))
    await expect(broker.request(request())).rejects.toThrow(
      'so it was refused: file/: no space left on device',
    )
  })
  it('enables no file that is not a log of ours, and names no other in refusals', async () => {
    const broker = newBroker()
    writeFileSync(path, 'something else\n')
    await expect(broker.enable(mount({ file_path: path }))).rejects.toThrow('not an audit log')
    await expect(broker.enable(mount({}))).rejects.toThrow('file_path is required')
    expect(broker.isEnabled).toBe(false)
    expect(readFileSync(path, 'utf8')).toBe('something else\n')
  })

  it('proves the log of a process that was killed, up to its last stored head', async () => {
    const broker = newBroker({ checkpointMs: 20 })
    await broker.enable(mount({ file_path: path }))
    await broker.pair(request(), answer)
    while ((await broker.heads())[0] === undefined) await systemClock.sleep(10)
    const heads = await broker.heads()
    const text = readFileSync(path, 'utf8')
    const options = { publicKeys: [await broker.publicKey()], heads }
    // Killed inside a write: the next process begins a new line.
    const torn = text + text.slice(0, 100)
    const whole = await verifyChains([{ name: 'a', chunks: [Buffer.from(torn)] }], options)
    expect(whole.failures).toEqual([])
    expect(whole.torn).toHaveLength(1)
    expect(whole.notes.join()).toContain('has not ended')
    const cut = text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1)
    const report = await verifyChains([{ name: 'a', chunks: [Buffer.from(cut)] }], options)
    expect(report.failures[0]!.why).toContain('cut off')
  })
})
