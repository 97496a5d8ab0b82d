// sys/live-secrets: the index follows what is written by the commits themselves, a scanner's filter has digests that
// only its own key makes, later exports bring only what changed, and an id tells nothing to who may not read it.
import { createHmac } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { string } from '../../src/schema/field.ts'
import { endpoints } from '../../src/sdk/endpoints.ts'
import { leaseKind } from '../../src/sdk/lease.ts'
import { secretsEngine } from '../../src/sdk/plugin.ts'
import type { InProcess } from '../support/in-process.ts'
import { serverKinds } from '../support/server-kinds.ts'

interface Row {
  readonly state: 'live' | 'replaced' | 'gone'
  readonly id: string
  readonly digest: string
}
interface Filter {
  readonly rows: readonly Row[]
  readonly salt: Buffer
  readonly key: Buffer
  readonly cursor: string
  readonly reset: boolean
}

let server: InProcess
afterEach(() => server?.close())

async function fetchFilter(scanner: string, cursor = '', limit = 20_000): Promise<Filter> {
  const path = `sys/live-secrets/scanners/${scanner}/filter`
  const { status, body } = await server.call('GET', path, undefined, {
    query: { cursor, limit: String(limit) },
  })
  expect(status).toBe(200)
  const bytes = Buffer.from(body.data.rows, 'base64')
  const rows: Row[] = []
  for (let at = 0; at < bytes.length; at += 17) {
    rows.push({
      state: (['live', 'replaced', 'gone'] as const)[bytes[at]!]!,
      id: bytes.toString('hex', at + 1, at + 9),
      digest: bytes.toString('hex', at + 9, at + 17),
    })
  }
  const { data } = body
  return {
    rows,
    salt: Buffer.from(data.salt, 'base64'),
    key: Buffer.from(data.key, 'base64'),
    cursor: data.cursor,
    reset: data.reset,
  }
}

const digestOf = ({ salt, key }: Filter, value: string): string => {
  const digest = createHmac('sha256', salt).update(value).digest().subarray(0, 16)
  return createHmac('sha256', key).update(digest).digest().toString('hex', 0, 8)
}

/** The newest row of a value, over several fetches. */
const rowOf = (filter: Filter, value: string): Row | undefined =>
  filter.rows.findLast(({ digest }) => digest === digestOf(filter, value))

async function untilKnown(scanner: string, value: string, state: Row['state']): Promise<Row> {
  for (let tries = 0; tries < 200; tries++) {
    const row = rowOf(await fetchFilter(scanner), value)
    if (row?.state === state) return row
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`"${value}" did not become ${state}`)
}

const V2 = { type: 'kv', options: { version: '2' } }
const BEFORE = 'was-there-before-Zx81kQpL'
const AFTER = 'comes-afterwards-9fK2mWvB'

const { read } = endpoints()
const cred = leaseKind<{ name: string }>('cred', { async revoke() {} })
/** Hands out a password that is stored nowhere. */
const issuing = secretsEngine({
  type: 'issuing',
  about: 'Hands out passwords.',
  endpoints: [
    read('creds/:name', {
      about: 'Hands one out.',
      params: { name: string('Whose.', { required: true }) },
      output: { password: string('It.', { secret: true }), username: string('Of whom.') },
      handle: async (ctx, { name }) => {
        const lease = await ctx.lease(cred, { internal: { name }, ttlSeconds: 3600 })
        const password = `issued-${ctx.random.bytes(12).toString('hex')}`
        return { data: { password, username: `a-long-username-${name}` }, lease }
      },
    }),
  ],
  leases: [cred],
})

describe.each(serverKinds)('live secrets on $kind', ({ start }) => {
  it('are told of leases, and told as dead when these end', { timeout: 60_000 }, async () => {
    server = await start({ engines: [issuing] })
    const call = server.call.bind(server)
    await call('POST', 'sys/mounts/db', { type: 'issuing' })
    await call('POST', 'sys/live-secrets/config', {})
    await call('POST', 'sys/live-secrets/scanners/ci')
    const issued = await call('GET', 'db/creds/app')
    const { password, username } = issued.body.data
    const { id } = await untilKnown('ci', password, 'live')
    expect(rowOf(await fetchFilter('ci'), username)).toBeUndefined()
    const about = await call('GET', `sys/live-secrets/scanners/ci/secrets/${id}`)
    expect(about.body.data).toMatchObject({
      path: 'db/creds/app',
      key: 'password',
      state: 'live',
      lease_id: issued.body.lease_id,
    })
    // Who may read the path may not look other people's leases up.
    const rules =
      'path "db/*" { capabilities = ["read"] } path "sys/live-secrets/*" { capabilities = ["read"] }'
    await call('POST', 'sys/policies/acl/reader', { policy: rules })
    const made = await call('POST', 'auth/token/create', { policies: ['reader'] })
    const token = made.body.auth.client_token
    const refused = await call('GET', `sys/live-secrets/scanners/ci/secrets/${id}`, undefined, {
      token,
    })
    expect(refused.status).toBe(403)
    await call('PUT', 'sys/leases/revoke', { lease_id: issued.body.lease_id, sync: true })
    await untilKnown('ci', password, 'gone')
    const left = await server.backend.range('ns/root/live/lease/', { limit: 10 })
    expect(left).toEqual([])
  })

  it('are indexed, followed, told apart by scanner, and told to who may read them', {
    timeout: 60_000,
  }, async () => {
    server = await start()
    const call = server.call.bind(server)
    await call('POST', 'sys/mounts/secret', V2)
    await call('POST', 'sys/mounts/old', { type: 'kv' })
    await call('POST', 'secret/data/app/db', { data: { password: BEFORE, user: 'app' } })
    await call('POST', 'old/thing', { nested: { deep: [`v1-${BEFORE}`] } })
    expect((await call('POST', 'sys/live-secrets/scanners/ci')).status).toBe(204)
    expect((await call('GET', 'sys/live-secrets/scanners/ci/filter')).status).toBe(400)
    expect((await call('POST', 'sys/live-secrets/config', {})).status).toBe(204)
    await call('POST', 'sys/live-secrets/scanners/laptop')

    const first = await untilKnown('ci', BEFORE, 'live')
    await untilKnown('ci', `v1-${BEFORE}`, 'live')
    // Both scanners know the same id by digests that have nothing in common.
    const [ci, laptop] = [await fetchFilter('ci'), await fetchFilter('laptop')]
    expect(rowOf(laptop, BEFORE)).toMatchObject({ id: first.id, state: 'live' })
    expect(new Set([...ci.rows, ...laptop.rows].map(({ digest }) => digest)).size).toBe(4)
    expect(rowOf(ci, 'app')).toBeUndefined()

    // What is written later comes by itself, and the former value is dead.
    const { cursor } = ci
    await call('POST', 'secret/data/app/db', { data: { password: AFTER, again: BEFORE } })
    const second = await untilKnown('ci', AFTER, 'live')
    const later = await fetchFilter('ci', cursor)
    expect(later.reset).toBe(false)
    expect(later.rows.length).toBeLessThanOrEqual(3)
    expect(later.rows.find(({ id }) => id === first.id)?.state).toBe('replaced')

    const about = await call('GET', `sys/live-secrets/scanners/ci/secrets/${second.id}`)
    expect(about.body.data).toMatchObject({
      mount_path: 'secret/',
      path: 'secret/data/app/db',
      key: 'password',
      version: 2,
      state: 'live',
      rotate_path: '',
      hidden_copies: 0,
    })
    const former = await call('GET', `sys/live-secrets/scanners/ci/secrets/${first.id}`)
    expect(former.body.data).toMatchObject({ version: 1, state: 'replaced' })
    expect(Object.keys(former.body.data.copies)).toEqual(['secret/data/app/db#again@2'])

    // Destroyed, deleted, unmounted.
    await call('PUT', 'secret/destroy/app/db', { versions: [1] })
    await call('DELETE', 'secret/metadata/app/db')
    await untilKnown('ci', AFTER, 'gone')
    await call('DELETE', 'sys/mounts/old')
    await untilKnown('ci', `v1-${BEFORE}`, 'gone')
    // A mount that comes later is followed too.
    await call('POST', 'sys/mounts/late', V2)
    await call('POST', 'late/data/x', { data: { token: `late-${AFTER}` } })
    await untilKnown('ci', `late-${AFTER}`, 'live')
  })

  it('tell nothing to others', { timeout: 60_000 }, async () => {
    server = await start()
    const call = server.call.bind(server)
    await call('POST', 'sys/mounts/secret', V2)
    await call('POST', 'secret/data/mine', { data: { password: BEFORE } })
    await call('POST', 'secret/data/copy', { data: { password: BEFORE } })
    await call('POST', 'sys/live-secrets/config', {})
    await call('POST', 'sys/live-secrets/scanners/ci')
    const { id } = await untilKnown('ci', BEFORE, 'live')
    const policy = (path: string) => `
      path "${path}" { capabilities = ["read"] }
      path "sys/live-secrets/scanners/ci/*" { capabilities = ["read"] }`
    await call('POST', 'sys/policies/acl/mine', { policy: policy('secret/data/mine') })
    await call('POST', 'sys/policies/acl/other', { policy: policy('secret/data/other') })
    const tokenOf = async (name: string): Promise<string> =>
      (await call('POST', 'auth/token/create', { policies: [name] })).body.auth.client_token
    const path = `sys/live-secrets/scanners/ci/secrets/${id}`
    const mine = await tokenOf('mine')
    const other = await tokenOf('other')
    const refused = await call('GET', path, undefined, { token: other })
    expect(refused.status).toBe(403)
    expect(refused.text).not.toContain('mine')
    const ids = (await fetchFilter('ci')).rows.map((row) => row.id)
    expect(ids.length).toBe(2)
    const answers = await Promise.all(
      ids.map((one) =>
        call('GET', `sys/live-secrets/scanners/ci/secrets/${one}`, undefined, { token: mine }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403])
    const seen = answers.find(({ status }) => status === 200)!.body.data
    expect(seen).toMatchObject({ path: 'secret/data/mine', copies: {}, hidden_copies: 1 })
    for (const bad of ['0000000000000000', 'x', '..%2f', `${id}0`])
      expect((await call('GET', `sys/live-secrets/scanners/ci/secrets/${bad}`)).status).toBe(403)
    // A revoked scanner is answered nothing.
    await call('DELETE', 'sys/live-secrets/scanners/ci')
    expect((await call('GET', 'sys/live-secrets/scanners/ci/filter')).status).toBe(404)
    expect((await call('GET', path)).status).toBe(403)
  })

  it('can be turned off and made anew', { timeout: 60_000 }, async () => {
    server = await start()
    const call = server.call.bind(server)
    await call('POST', 'sys/mounts/secret', V2)
    await call('POST', 'secret/data/mine', { data: { password: BEFORE, short: 'Zx81kQpL' } })
    await call('POST', 'sys/live-secrets/scanners/ci')
    expect((await call('POST', 'sys/live-secrets/config', { min_length: 4 })).status).toBe(400)
    expect((await call('POST', 'sys/live-secrets/config', { min_entropy_bits: 3 })).status).toBe(
      400,
    )
    await call('POST', 'sys/live-secrets/config', {})
    await untilKnown('ci', BEFORE, 'live')
    const { cursor } = await fetchFilter('ci')
    await call('POST', 'sys/live-secrets/config', { enabled: false })
    expect((await call('GET', 'sys/live-secrets/scanners/ci/filter')).status).toBe(400)
    const left = await server.backend.range('ns/root/live/', { limit: 100 })
    expect(left.filter((key) => !key.includes('/identity/'))).toEqual([])
    await call('POST', 'secret/data/mine', { data: { password: AFTER } })
    expect(await server.backend.range('ns/root/live/dirty/', { limit: 1 })).toEqual([])
    expect(await server.backend.range('core/live-watch/', { limit: 1 })).toEqual([])
    await call('POST', 'sys/live-secrets/config', { min_entropy_bits: 40 })
    await untilKnown('ci', AFTER, 'live')
    expect((await fetchFilter('ci', cursor)).reset).toBe(true)
    const config = await call('GET', 'sys/live-secrets/config')
    expect(config.body.data).toMatchObject({ enabled: true, min_entropy_bits: 40, waiting: 0 })
  })

  it('come in pages', { timeout: 60_000 }, async () => {
    server = await start()
    const call = server.call.bind(server)
    await call('POST', 'sys/mounts/secret', V2)
    const values = Array.from({ length: 60 }, (_, n) => `${n}-value-QwErTy-${n * 7919}`)
    await call('POST', 'secret/data/many', { data: { values } })
    await call('POST', 'sys/live-secrets/scanners/ci')
    await call('POST', 'sys/live-secrets/config', {})
    await untilKnown('ci', values.at(-1)!, 'live')
    let cursor = ''
    const rows: Row[] = []
    for (let pages = 0; pages < 20; pages++) {
      const page = await fetchFilter('ci', cursor, 7)
      if (page.rows.length === 0) break
      expect(page.rows.length).toBeLessThanOrEqual(7)
      rows.push(...page.rows)
      cursor = page.cursor
    }
    expect(rows.length).toBe(60)
  })
})
