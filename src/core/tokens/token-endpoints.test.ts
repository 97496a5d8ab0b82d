import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CoreServer, coreServer } from '../../../test/support/core-server.ts'

let server: CoreServer
beforeAll(async () => {
  server = await coreServer()
})
afterAll(() => server.close())

describe('try', () => {
  it('works', async () => {
    const reply = await server.call('POST', 'auth/token/create', { policies: ['default'] })
    console.log(reply.status, reply.text)
    const look = await server.call('GET', 'auth/token/lookup-self')
    console.log(look.status, look.text)
    expect(reply.status).toBe(200)
  })
})
