// The npm package node-vault, unchanged, against a server over real HTTP.
import nodeVault from 'node-vault'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HttpServer, startHttp } from '../support/http-server.ts'

let server: HttpServer
let vault: nodeVault.client

const as = (token: string): nodeVault.client =>
  nodeVault({ endpoint: server.address, token, apiVersion: 'v1' })

beforeAll(async () => {
  server = await startHttp()
  vault = as(server.rootToken)
})
afterAll(() => server.close())

describe('node-vault', () => {
  it('asks for health, seal and initialisation', async () => {
    expect(await vault.health()).toMatchObject({ initialized: true, sealed: false })
    expect(await vault.initialized()).toEqual({ initialized: true })
    expect(await vault.status()).toMatchObject({ sealed: false, t: 1, n: 1 })
  })

  it('mounts, writes, reads, lists and deletes', async () => {
    await vault.mount({ mount_point: 'secret', type: 'kv', options: { version: '2' } })
    expect((await vault.mounts()).data['secret/'].type).toBe('kv')
    await vault.write('secret/data/app/db', { data: { password: 's3cret' } })
    const { data } = await vault.read('secret/data/app/db')
    expect(data.data).toEqual({ password: 's3cret' })
    expect((await vault.list('secret/metadata/app')).data.keys).toEqual(['db'])
    await vault.delete('secret/data/app/db')
    await expect(vault.read('secret/data/app/db')).rejects.toMatchObject({
      response: { statusCode: 404 },
    })
    await vault.write('secret/undelete/app/db', { versions: [1] })
    expect((await vault.read('secret/data/app/db')).data.metadata.version).toBe(1)
  })

  it('makes policies and tokens that obey them', async () => {
    const policy = 'path "secret/data/app/*" { capabilities = ["read"] }'
    await vault.addPolicy({ name: 'reader', rules: policy })
    expect((await vault.policies()).data.keys).toContain('reader')
    // The client goes on with a token that it made, so another one makes it.
    const { auth } = await as(server.rootToken).tokenCreate({ policies: ['reader'], ttl: '1h' })
    const reader = as(auth.client_token)
    expect((await reader.read('secret/data/app/db')).data.data).toEqual({ password: 's3cret' })
    await expect(reader.write('secret/data/app/db', { data: {} })).rejects.toMatchObject({
      response: { statusCode: 403 },
      message: expect.stringContaining('permission denied'),
    })
    expect((await reader.tokenLookupSelf()).data.policies).toEqual(['default', 'reader'])
    expect((await reader.tokenRenewSelf()).auth.renewable).toBe(true)
    await vault.tokenRevoke({ token: auth.client_token })
    await expect(reader.tokenLookupSelf()).rejects.toMatchObject({ response: { statusCode: 403 } })
  })

  it('unwraps', async () => {
    const wrapped = await vault.write(
      'sys/wrapping/wrap',
      { a: 'b' },
      { headers: { 'X-Vault-Wrap-TTL': '60' } },
    )
    const bearer = as(wrapped.wrap_info.token)
    expect((await bearer.unwrap()).data).toEqual({ a: 'b' })
    await expect(bearer.unwrap()).rejects.toMatchObject({ response: { statusCode: 400 } })
  })

  it('explains paths', async () => {
    expect(await vault.help('sys/mounts')).toHaveProperty('help')
  })
})
