// The token file and helper programs; files lie in a folder of the test.
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { environment } from './environment.ts'
import { tokenHelper } from './token-helper.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'helper-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const helper = (config = join(folder, 'none')) =>
  tokenHelper(
    environment('vault', { VAULT_TOKEN_PATH: join(folder, 'token'), VAULT_CONFIG_PATH: config }),
  )

describe('the token file', () => {
  it('is readable by its owner alone, and nothing is left beside it', async () => {
    writeFileSync(join(folder, 'token'), 'old', { mode: 0o644 })
    await helper().store('hvs.new')
    expect(await helper().get()).toBe('hvs.new')
    expect(statSync(join(folder, 'token')).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['token'])
  })

  it('may be missing, and may end in a newline', async () => {
    expect(await helper().get()).toBe('')
    writeFileSync(join(folder, 'token'), 'hvs.x\n')
    expect(await helper().get()).toBe('hvs.x')
    await helper().erase()
    expect(await helper().get()).toBe('')
  })
})

describe('a helper program', () => {
  function configure(script: string): string {
    const program = join(folder, 'helper')
    writeFileSync(program, `#!/bin/sh\n${script}\n`)
    chmodSync(program, 0o755)
    const config = join(folder, 'config')
    writeFileSync(config, `# mine\ntoken_helper = "${program}"\n`)
    return config
  }

  it('gets the token on its standard input and never as an argument', async () => {
    const config = configure(
      `echo "$@" >> ${folder}/args; case $1 in store) cat > ${folder}/kept;; get) cat ${folder}/kept;; esac`,
    )
    await helper(config).store('hvs.kept')
    expect(await helper(config).get()).toBe('hvs.kept')
    expect(readFileSync(join(folder, 'args'), 'utf8')).toBe('store\nget\n')
  })

  it('is quoted when it fails', async () => {
    const config = configure('echo locked >&2; exit 1')
    await expect(helper(config).get()).rejects.toThrow(/token helper .* failed: locked/)
  })
})
