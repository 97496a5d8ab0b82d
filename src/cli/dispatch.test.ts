// Which command a line means, and that every definition gives whole help.
import { describe, expect, it } from 'vitest'
import { ENTRIES, entriesFor } from './command-table.ts'
import { choose, dispatch, readGlobals } from './dispatch.ts'
import { type CalledAs, environment } from './environment.ts'
import { flagSets } from './help.ts'

const env = environment('vault', {})

describe('choose', () => {
  const name = (...argv: string[]) => choose(argv, entriesFor('vault')).entry?.name
  it('takes the longest name', () => {
    expect(name('kv', 'metadata', 'get', 'x')).toBe('kv metadata get')
    expect(name('kv', 'get', 'list')).toBe('kv get')
    expect(name('kv', 'nope')).toBe('kv')
    expect(name('nope')).toBeUndefined()
    expect(name('kv get', 'x')).toBeUndefined()
    expect(name('kv', '-x', 'get')).toBe('kv')
  })

  it('sees help anywhere before "--", and flags that come too early', () => {
    expect(choose(['kv', 'get', 'x', '-h'], ENTRIES).isHelp).toBe(true)
    expect(choose(['kv', 'get', '--', '-h'], ENTRIES).isHelp).toBe(false)
    expect(choose(['-x', 'kv', 'get'], ENTRIES).early).toEqual(['-x'])
  })
})

describe('readGlobals', () => {
  it('finds the format wherever it stands', () => {
    expect(readGlobals(['kv', 'get', 'x', '-format', 'JSON'], env).format).toBe('json')
    expect(readGlobals(['kv', 'get', '--format=yaml'], env).format).toBe('yaml')
    expect(readGlobals(['kv', '--', '-format=yaml'], env).format).toBe('table')
    const fromEnv = environment('vault', { VAULT_FORMAT: 'json' })
    expect(readGlobals(['kv'], fromEnv).format).toBe('json')
    expect(readGlobals(['-version'], env).args).toEqual(['version'])
  })
})

async function run(called: CalledAs, ...argv: string[]) {
  let stdout = ''
  let stderr = ''
  const code = await dispatch(argv, environment(called, {}), {
    stdout: { write: (text) => void (stdout += text) },
    stderr: { write: (text) => void (stderr += text) },
  })
  return { code, stdout, stderr }
}

describe('dispatch', () => {
  it('answers help on standard output, a missing command on standard error', async () => {
    expect(await run('vault', '-h')).toMatchObject({ code: 0, stderr: '' })
    expect(await run('vault')).toMatchObject({ code: 127, stdout: '' })
    expect(await run('vault', 'nope')).toMatchObject({ code: 127, stdout: '' })
    expect(await run('vault', 'kv')).toMatchObject({ code: 1, stdout: '' })
    expect((await run('vault', 'kv', '-h')).stdout).toContain('metadata')
    expect((await run('vault', '-field=x', 'read', 'x')).code).toBe(1)
  })

  it('has scan under the names of others and list -recursive always', async () => {
    expect((await run('vault', 'scan', '-h')).code).toBe(0)
    expect((await run('bao', 'kv', 'scan', '-h')).code).toBe(0)
    expect((await run('strongroom', 'scan', '-h')).stdout).toContain('Finds secrets')
    expect((await run('strongroom', 'kv', 'scan', '-h')).stdout).not.toContain('kv scan')
    expect((await run('strongroom', 'list', '-h')).stdout).toContain('-recursive')
  })

  it('names itself as it was called', async () => {
    expect((await run('bao', 'kv', 'get', '-h')).stdout).toContain('$ bao kv get')
    expect((await run('bao', 'kv', 'get', '-h')).stdout).toContain('BAO_ADDR')
    expect((await run('strongroom', 'kv', 'get', '-h')).stdout).toContain('STRONGROOM_ADDR')
  })
})

describe('every command', () => {
  it.each(ENTRIES.map((entry) => [entry.name, entry] as const))(
    '%s is whole',
    async (name, entry) => {
      const loaded = await entry.load()
      expect(loaded.name).toBe(name)
      expect(loaded.synopsis).not.toMatch(/\.$/)
      const called = entry.names?.[0] ?? 'strongroom'
      const { stdout } = await run(called, ...name.split(' '), '-h')
      expect(stdout.startsWith(`Usage: ${called} ${name}`)).toBe(true)
      for (const line of stdout.split('\n')) {
        if (!line.includes('$ ')) expect(line.length).toBeLessThanOrEqual(100)
      }
      if (!('run' in loaded)) return
      const names = flagSets(loaded).flatMap(([, flags]) => [
        ...Object.keys(flags),
        ...Object.values(flags).flatMap((flag) => flag.aliases),
      ])
      expect(new Set(names).size).toBe(names.length)
    },
  )
})
