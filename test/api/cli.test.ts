// The commands of a first day with the server, as a person types them, against a real listener: from a new
// storage over keys, secrets, policies and tokens to the proof of the audit log.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Logs } from '../../src/base/log.ts'
import { dispatch } from '../../src/cli/dispatch.ts'
import { environment } from '../../src/cli/environment.ts'
import { apiHandler } from '../../src/http/api-handler.ts'
import { type Listener, listen } from '../../src/http/listener.ts'
import { openTestHost } from '../support/in-process.ts'

let folder: string
let listener: Listener
let address: string
let keys: string[]
let rootToken: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'))
  const log = new Logs({ level: 'error', format: 'standard', sink: { write: () => {} } }).of('')
  const { handler, refused } = apiHandler(openTestHost({}).host)
  const at = { host: '127.0.0.1', port: 0 }
  listener = await listen({ name: 'tcp', address: at, handler, refused, clock: systemClock, log })
  address = `http://${listener.address}`
})

afterAll(async () => {
  await listener.close(1000)
  rmSync(folder, { recursive: true })
})

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command line; `variables` come on top of the address and the token file of this test. */
async function run(line: string, variables: Record<string, string> = {}): Promise<Ran> {
  let stdout = ''
  let stderr = ''
  const env = environment('strongroom', {
    STRONGROOM_ADDR: address,
    STRONGROOM_TOKEN_PATH: join(folder, 'token'),
    STRONGROOM_CONFIG_PATH: join(folder, 'none'),
    ...variables,
  })
  const code = await dispatch(line.split(' '), env, {
    stdout: { write: (text) => void (stdout += text) },
    stderr: { write: (text) => void (stderr += text) },
  })
  return { code, stdout, stderr }
}

/** Runs a command line that has to work, and gives its output. */
async function works(line: string, variables: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await run(line, variables)
  expect(`${line}: ${code} ${stderr}`).toBe(`${line}: 0 `)
  return stdout
}

describe('the first day', () => {
  it('initialises and unseals', async () => {
    expect((await run('status')).code).toBe(2)
    expect((await run('operator init -status')).code).toBe(2)
    const made = JSON.parse(await works('operator init -n 3 -t 2 -format=json'))
    keys = made.unseal_keys_b64
    rootToken = made.root_token
    expect(keys).toHaveLength(3)
    expect(await works(`operator unseal ${keys[0]}`)).toContain('Unseal Progress    1/2')
    expect(await works(`operator unseal ${keys[2]}`)).toMatch(/Sealed +false/)
    expect((await run('status')).code).toBe(0)
    expect((await run('operator init -status')).code).toBe(0)
  })

  it('says to log in, and keeps the token of a login', async () => {
    const before = await run('secrets list')
    expect(before.code).toBe(2)
    expect(before.stderr).toContain('No token was sent: run "strongroom login"')
    expect(await works(`login ${rootToken}`)).toContain('["root"]')
    expect(readFileSync(join(folder, 'token'), 'utf8')).toBe(rootToken)
    expect((await works('print token')).trim()).toBe(rootToken)
  })

  it('stores secrets and their versions', async () => {
    expect(await works('secrets enable -path=secret -version=2 kv')).toBe(
      'Success! Enabled the kv secrets engine at: secret/\n',
    )
    await works(`audit enable file file_path=${join(folder, 'audit.log')}`)
    await works('kv put secret/app/db password=s3cret username=myapp')
    expect(await works('kv get -field=password secret/app/db')).toBe('s3cret')
    expect(await works('kv get -mount=secret app/db')).toContain('username    myapp')
    await works('kv patch secret/app/db password=n3w')
    expect(await works('kv get -field=password -version=1 secret/app/db')).toBe('s3cret')
    await works('kv rollback -version=1 secret/app/db')
    expect(await works('kv get -field=password secret/app/db')).toBe('s3cret')
    await works('kv delete secret/app/db')
    expect((await run('kv get -field=password secret/app/db')).code).toBe(2)
    await works('kv undelete -versions=3 secret/app/db')
    expect(await works('kv list secret')).toBe('Keys\n----\napp/\n')
    expect(await works('kv list -recursive secret')).toBe('Keys\n----\napp/db\n')
    expect((await run('kv put -cas=9 secret/app/db a=b')).stderr).toContain('check-and-set')
    expect((await run('kv get secret/none')).stderr).toBe('No value found at secret/data/none\n')
  })

  it('keeps numbers as they were written', async () => {
    const data = join(folder, 'numbers.json')
    writeFileSync(data, '{"big":9007199254740993,"one":1.0,"huge":1e400}')
    await works(`kv put secret/numbers @${data}`)
    expect(await works('kv get -field=big secret/numbers')).toBe('9007199254740993')
    expect(await works('kv get -field=data -format=json secret/numbers')).toBe(
      '{\n  "big": 9007199254740993,\n  "huge": 1e400,\n  "one": 1.0\n}',
    )
  })

  it('gives a token only what its policy allows', async () => {
    const policy = join(folder, 'readers.hcl')
    writeFileSync(policy, 'path "secret/data/app/*" { capabilities = ["read"] }')
    await works(`policy fmt ${policy}`)
    await works(`policy write readers ${policy}`)
    expect(await works('policy read readers')).toBe(readFileSync(policy, 'utf8'))
    const token = await works('token create -policy=readers -field=token')
    const as = { STRONGROOM_TOKEN: token }
    expect(await works('kv get -field=username secret/app/db', as)).toBe('myapp')
    const denied = await run('kv put secret/app/db a=b', as)
    expect(denied.code).toBe(2)
    expect(denied.stderr).toContain('permission denied')
    expect(await works('token capabilities secret/data/app/db', as)).toBe('read\n')
    await works(`token revoke ${token}`)
    expect((await run('token lookup', as)).code).toBe(2)
  })

  it('wraps an answer for one use', async () => {
    const token = await works('read -wrap-ttl=60s -field=wrapping_token secret/data/app/db')
    expect(await works(`unwrap -field=data -format=json ${token}`)).toContain('"username": "myapp"')
    expect((await run(`unwrap ${token}`)).code).toBe(2)
  })

  it('keeps namespaces apart', async () => {
    await works('namespace create team-a')
    expect(await works('namespace list')).toContain('team-a/')
    expect(await works('secrets list -ns=team-a')).not.toContain('secret/')
    await works('policy list -namespace=team-a')
  })

  it('proves its audit log and finds a missing line', async () => {
    const file = join(folder, 'audit.log')
    const whole = await run(`audit verify -heads ${file}`)
    expect(whole.stdout).toContain('Success! Proven unchanged and complete')
    expect(whole.code).toBe(0)
    const lines = readFileSync(file, 'utf8').split('\n')
    const cut = join(folder, 'cut.log')
    writeFileSync(cut, [...lines.slice(0, 2), ...lines.slice(3)].join('\n'))
    const verified = await run(`audit verify ${cut}`)
    expect(verified.code).toBe(2)
    expect(verified.stderr).toContain(`First bad line: ${cut}:3`)
    const alone = await run(`audit verify ${file}`)
    expect(alone.code).toBe(0)
    expect(alone.stdout).toContain("Whether the tail was cut can't be proven without -heads.")
    expect(alone.stdout).not.toContain('complete')
    const json = JSON.parse((await run(`audit verify -format=json ${file}`)).stdout)
    expect(json).toMatchObject({ proven: false, proven_unchanged: true, proven_complete: false })
    writeFileSync(cut, lines.join('\n').slice(0, -20))
    const torn = await run(`audit verify ${cut}`)
    expect(torn.code).toBe(2)
    expect(torn.stderr).toContain('the file ends inside a line')
  })

  it('proves nothing by a wiped audit log', async () => {
    const wiped = join(folder, 'wiped.log')
    writeFileSync(wiped, '')
    for (const flags of ['', '-heads ', '-heads -device=file ', '-heads -partial ']) {
      const { code, stdout } = await run(`audit verify ${flags}${wiped}`)
      expect([flags, code, stdout]).toEqual([
        flags,
        2,
        'Not proven: 0 lines of 0 writers in 1 file.\n',
      ])
    }
  })

  it('forgets the writers of a log that was deleted on purpose', async () => {
    const second = join(folder, 'second.log')
    await works(`audit enable -path=second file file_path=${second}`)
    await works('audit disable second')
    rmSync(second)
    const file = join(folder, 'audit.log')
    const missing = await run(`audit verify -heads ${file}`)
    expect(missing.code).toBe(2)
    expect(missing.stderr).toContain('no line of device second/ is there')
    expect(missing.stderr).toContain('audit forget-heads')
    expect((await run(`audit verify -heads -device=file ${file}`)).code).toBe(0)
    expect((await run('audit forget-heads')).code).toBe(1)
    expect((await run('audit forget-heads -before=soon')).code).toBe(2)
    expect(await works('audit forget-heads -before=2026-01-01T00:00:00Z')).toContain('No writer')
    expect(await works('audit forget-heads -before=now -device=file')).toContain('No writer')
    expect(await works('audit forget-heads -before=now')).toContain('Success! Forgot 1 writer.')
    const { stdout } = await run(`audit verify -heads ${file}`)
    expect(stdout).toContain('Success! Proven unchanged and complete')
    expect(readFileSync(file, 'utf8')).toMatch(
      /"operation":"delete"[^\n]*"path":"sys\/audit-chain"/,
    )
  })

  it('seals, and says what to do', async () => {
    expect(await works('operator seal')).toBe('Success! Vault is sealed.\n')
    expect((await run('status')).code).toBe(2)
    const sealed = await run('kv get secret/app/db')
    expect(sealed.code).toBe(2)
    expect(sealed.stderr).toContain('run "strongroom operator unseal"')
  })
})
