import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { type AuditContext, type AuditDevice, AuditWriteError } from '../../sdk/audit.ts'
import { fileAudit } from './file-device.ts'

let folder: string
let path: string
let now: number
const opened: AuditDevice[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-file-'))
  path = join(folder, 'audit.log')
  now = 0
})
afterEach(async () => {
  for (const device of opened.splice(0)) await device.close()
  rmSync(folder, { recursive: true, force: true })
})

async function open(
  options: Record<string, string> = {},
  context: Partial<AuditContext> = {},
): Promise<AuditDevice> {
  const clock = { ...systemClock, monotonic: () => now }
  const device = await fileAudit.open(
    { file_path: path, ...options },
    { clock, fromRequest: true, directories: [], prefix: '', ...context },
  )
  opened.push(device)
  return device
}

const never = new AbortController().signal
const lines = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(`${text}\n`))
const modeOf = (file: string): number => statSync(file).mode & 0o777
const START = '{"time":"2026-01-02T03:04:05.000Z","type":"audit-start"}\n'

describe('file device', () => {
  it('appends whole lines to a new file of mode 0600', async () => {
    const device = await open()
    await device.write(lines('a', 'b'), never)
    await device.write(lines('c'), never)
    expect(readFileSync(path, 'utf8')).toBe('a\nb\nc\n')
    expect(modeOf(path)).toBe(0o600)
  })

  it('sets the mode asked for, drops executable bits, and keeps a present mode for 0000', async () => {
    await open({ mode: '0640' })
    expect(modeOf(path)).toBe(0o640)
    await open({ mode: '0777' })
    expect(modeOf(path)).toBe(0o666)
    chmodSync(path, 0o604)
    await open({ mode: '0000' })
    expect(modeOf(path)).toBe(0o604)
    await expect(open({ mode: '999' })).rejects.toThrow('octal')
  })

  it('writes on in a new file after a move, losing nothing', async () => {
    const device = await open()
    await device.write(lines('a'), never)
    renameSync(path, `${path}.1`)
    await device.write(lines('b'), never)
    now += 250
    await device.write(lines('c'), never)
    expect(readFileSync(`${path}.1`, 'utf8')).toBe('a\nb\n')
    expect(readFileSync(path, 'utf8')).toBe('c\n')
  })

  it('writes lines anew whose file was deleted before they were acknowledged', async () => {
    const device = await open()
    await device.write(lines('a'), never)
    rmSync(path)
    await device.write(lines('b'), never)
    expect(readFileSync(path, 'utf8')).toBe('b\n')
    rmSync(folder, { recursive: true })
    await device.write(lines('c'), never)
    expect(readFileSync(path, 'utf8')).toBe('c\n')
  })

  it('follows a reload at once', async () => {
    const device = await open()
    renameSync(path, `${path}.1`)
    await device.reload?.()
    expect(existsSync(path)).toBe(true)
    await device.write(lines('a'), never)
    expect(readFileSync(path, 'utf8')).toBe('a\n')
  })

  it('keeps to the moved file while the path can not be opened', async () => {
    const device = await open()
    renameSync(path, `${path}.1`)
    mkdirSync(path)
    now += 250
    await device.write(lines('a'), never)
    expect(readFileSync(`${path}.1`, 'utf8')).toBe('a\n')
  })

  it('begins a new line where the file ends inside one', async () => {
    writeFileSync(path, `${START}{"time":"2026`)
    const device = await open()
    await device.write(lines('a'), never)
    expect(readFileSync(path, 'utf8')).toBe(`${START}{"time":"2026\na\n`)
  })

  it('says that a full disk is full', async () => {
    const device = await open({ file_path: '/dev/full' }, { fromRequest: false })
    const failure = await device.write(lines('a'), never).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(AuditWriteError)
    expect(failure).toMatchObject({ message: 'no space left on device', takenLines: 0 })
  })

  it.each(['discard', '/dev/null', 'DISCARD'])('takes everything: %s', async (name) => {
    const device = await open({ file_path: name })
    await device.write(lines('a'), never)
  })
})

describe('a file that a request names', () => {
  it('may hold a log of ours, with its prefix', async () => {
    writeFileSync(path, START)
    await open()
    writeFileSync(path, `@cee: ${START}`)
    await open({}, { prefix: '@cee: ' })
    await expect(open()).rejects.toThrow('not an audit log')
  })

  it('may not be another file', async () => {
    writeFileSync(path, 'root:x:0:0\n')
    await expect(open()).rejects.toThrow('exists and is not an audit log of this server')
    expect(readFileSync(path, 'utf8')).toBe('root:x:0:0\n')
    await open({}, { fromRequest: false })
  })

  it('may not be a link, a directory or a device', async () => {
    writeFileSync(`${path}.real`, START)
    symlinkSync(`${path}.real`, path)
    await expect(open()).rejects.toThrow('not a regular file')
    await expect(open({ file_path: folder })).rejects.toThrow('not a regular file')
    await expect(open({ file_path: '/dev/full' })).rejects.toThrow('not a regular file')
    await expect(open({ file_path: 'relative.log' })).rejects.toThrow('absolute')
  })

  it('must lie in a directory that the configuration allows, also through links', async () => {
    const allowed = join(folder, 'allowed')
    const directories = [allowed]
    mkdirSync(allowed)
    await open({ file_path: join(allowed, 'deeper', 'a.log') }, { directories })
    await expect(open({ file_path: `${allowed}/../b.log` }, { directories })).rejects.toThrow(
      'allows',
    )
    await expect(open({ file_path: `${allowed}x/b.log` }, { directories })).rejects.toThrow(
      'allows',
    )
    symlinkSync(folder, join(allowed, 'out'))
    await expect(
      open({ file_path: join(allowed, 'out', 'b.log') }, { directories }),
    ).rejects.toThrow('allows')
    expect(existsSync(join(folder, 'b.log'))).toBe(false)
  })

  it('must be named', async () => {
    await expect(open({ file_path: '' })).rejects.toThrow('file_path is required')
  })
})
