// The commands of the group pki, as a person types them, over two mounts.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CliServer, startCliServer } from '../support/cli-server.ts'

let cli: CliServer

beforeAll(async () => {
  cli = await startCliServer()
  await cli.run('secrets enable -max-lease-ttl=87600h pki')
  await cli.run('secrets enable -path=between -max-lease-ttl=87600h pki')
  await cli.run('write pki/root/generate/internal common_name=Root key_type=ec ttl=40000h')
})
afterAll(() => cli.close())

const json = async (line: string): Promise<ReturnType<typeof JSON.parse>> =>
  JSON.parse(await cli.works(line))

describe('pki', () => {
  it('issues an intermediate into another mount', async () => {
    const made = await json(
      'pki issue -format=json -issuer_name=first pki/issuer/default between ' +
        'common_name=Between key_type=ec ttl=9000h ou=a',
    )
    expect(made.data.issuer_name).toBe('first')
    expect(made.data.ca_chain).toHaveLength(2)
    expect(made.data.key_id).not.toBe('')
  })

  it('reissues it with a new key, or with the same', async () => {
    const again = await json(
      'pki reissue -format=json -issuer_name=second pki/issuer/default between/issuer/first between',
    )
    const first = (await json('read -format=json between/issuer/first')).data
    expect(again.data.key_id).not.toBe(first.key_id)
    const same = await json(
      'pki reissue -format=json -type=existing -issuer_name=third pki/issuer/default between/issuer/first between ttl=1000h',
    )
    expect(same.data.key_id).toBe(first.key_id)
  })

  it('tells who has signed whom', async () => {
    const matches = await json(
      'pki verify-sign -format=json pki/issuer/default between/issuer/second',
    )
    expect(matches).toEqual({
      key_id_match: true,
      path_match: true,
      signature_match: true,
      subject_match: true,
      trust_match: true,
    })
    const table = await cli.works('pki verify-sign between/issuer/second pki/issuer/default')
    expect(table).toMatch(/^issuer:between\/issuer\/second\nissued:pki\/issuer\/default\n\nfield/)
    expect(table).toMatch(/signature_match +false/)
    const all = await json('pki list-intermediates -format=json -use_names pki/issuer/default')
    for (const name of ['first', 'second', 'third'])
      expect(all[`between/issuer/${name}`]).toBe(true)
    const none = await json(
      'pki list-intermediates -format=json -use_names between/issuer/first between/issuer/second',
    )
    expect(none).toEqual({ 'between/issuer/second': false })
  })

  it('says what is wrong with a call', async () => {
    const calls = [
      ['pki issue pki between common_name=x', /is Not a PKI Issuer Path/],
      ['pki issue pki/issuer/none between common_name=x', /Unable to access parent issuer/],
      ['pki verify-sign pki/issuer/default', /Not enough arguments/],
      ['pki verify-sign pki/issuer/default none/issuer/x', /Failed to read issuer/],
      ['pki health-check cubbyhole', /refusing to run/],
      ['pki health-check -return-indicator=x pki', /Invalid flag/],
    ] as const
    for (const [line, message] of calls) {
      const { code, stderr } = await cli.run(line)
      expect(stderr).toMatch(message)
      expect(code).toBe(1)
    }
  })

  it('leaves the way on where an issue fails midway', async () => {
    const { code, stderr } = await cli.run(
      'pki issue pki/issuer/default between common_name=x key_type=ec not_after=never',
    )
    expect(code).toBe(1)
    expect(stderr).toMatch(/between/)
  })

  it('finds what may go wrong', async () => {
    await cli.run('write pki/roles/wide allowed_domains=a.com,*.b.com allow_glob_domains=true')
    await cli.run('write pki/roles/leaf allow_any_name=true key_type=ec ttl=1h no_store=false')
    await cli.run('write pki/issue/leaf common_name=a.com')
    const { code, stdout } = await cli.run('pki health-check -format=json pki')
    const found = JSON.parse(stdout)
    const statuses = (name: string): string[] =>
      found[name].map(({ status }: { status: string }) => status)
    expect(statuses('ca_validity_period')).toEqual(['ok'])
    expect(statuses('crl_validity_period')).toContain('ok')
    expect(statuses('root_issued_leaves')).toEqual(['warning'])
    expect(statuses('role_allows_localhost')).toEqual(['warning'])
    expect(statuses('role_allows_glob_wildcards')).toEqual(['warning'])
    expect(statuses('audit_visibility')).toContain('informational')
    expect(statuses('too_many_certs')).toEqual(['ok'])
    expect(code).toBeGreaterThanOrEqual(3)
    const short = await cli.run('pki health-check pki')
    expect(short.stdout).toMatch(/^ca_validity_period\n-{18}\nstatus +endpoint +message\n/)
  })

  it('takes options of its checks from a file', async () => {
    const file = join(cli.folder, 'health.json')
    const options = { enabled: true, root_expiry_critical: '50000h' }
    writeFileSync(file, JSON.stringify({ ca_validity_period: options }))
    const flags = `-default-disabled -health-config=${file}`
    const { code, stdout } = await cli.run(`pki health-check ${flags} -format=json pki`)
    expect(Object.keys(JSON.parse(stdout))).toEqual(['ca_validity_period'])
    expect(code).toBe(4)
    const permissive = await cli.run(`pki health-check ${flags} -return-indicator=permission pki`)
    expect(permissive.code).toBe(0)
    writeFileSync(file, JSON.stringify({ ca_validity_period: { nope: 1 } }))
    expect((await cli.run(`pki health-check ${flags} pki`)).stderr).toMatch(/unknown config/)
    expect(await cli.works('pki health-check -list -format=json')).toContain('"count_warning"')
  })

  it('says what the token may not see', async () => {
    const policy =
      'path "pki/issuers" { capabilities = ["list"] } path "sys/internal/ui/mounts/*" { capabilities = ["read"] }'
    await cli.server.call('POST', 'sys/policies/acl/narrow', { policy })
    const made = await cli.server.call('POST', 'auth/token/create', { policies: ['narrow'] })
    const token = made.body.auth.client_token as string
    const { code, stdout } = await cli.run('pki health-check -format=json pki', token)
    expect(code).toBe(6)
    expect(JSON.parse(stdout).role_allows_localhost[0].status).toBe('insufficient_permissions')
  })
})
