// The expected lines are those that OpenBao 2.6.2 wrote for the same requests, with ids, hashes and times
// of ours: same members, same order.
import { describe, expect, it } from 'vitest'
import { RawJson } from '../../base/json.ts'
import {
  type AuditAuth,
  type AuditRequest,
  type AuditResponse,
  AuthFragments,
} from './audit-entry.ts'
import { EntryWriter } from './entry-writer.ts'

let hashed = 0
const hmac = (text: string): string => {
  hashed++
  return `H(${text})`
}
const writer = (options: Partial<ConstructorParameters<typeof EntryWriter>[0]> = {}): EntryWriter =>
  new EntryWriter(
    { hmac, logRaw: false, hmacAccessor: true, elideListResponses: false, ...options },
    new Map(),
  )
const requestLine = (of: AuditRequest, by = writer()): string => `${by.requestEntry(of)}}`
const responseLine = (of: AuditRequest, answer: AuditResponse, by = writer()): string =>
  `${by.responseEntry(of, answer)}}`
const data = (line: string): unknown => JSON.parse(line).response.data

const mount = {
  point: 'secret/',
  type: 'kv',
  accessor: 'kv_1',
  class: 'secret',
  version: 'v1',
} as const
const auth: AuditAuth = {
  clientToken: 't',
  accessor: 'a',
  displayName: 'token',
  policies: ['default', 'p'],
  tokenPolicies: ['default', 'p'],
  metadata: { x: 'y' },
  tokenType: 'service',
  tokenTtlSeconds: 2764800,
  tokenIssueTime: '2026-11-24T13:06:46Z',
}
const granting = [{ name: 'p', namespaceId: 'root', namespacePath: '', type: 'acl' }]
const read: AuditRequest = {
  timeMs: Date.UTC(2026, 10, 24, 13, 6, 46, 894),
  id: 'i',
  clientId: 'c',
  operation: 'read',
  mount,
  namespace: { id: 'root', path: '' },
  path: 'secret/data/app',
  auth,
  policyResults: { allowed: true, granting },
  remainingUses: 5,
  remoteAddress: '127.0.0.1',
  remotePort: 57576,
}
const answer: AuditResponse = {
  timeMs: read.timeMs,
  data: {
    data: new RawJson('{"a":"b","n":1.0}'),
    metadata: { created_time: '2026-11-24T13:06:46.231399619Z', custom_metadata: null, version: 1 },
  },
}

const AUTH =
  '"auth":{"client_token":"H(t)","accessor":"H(a)","display_name":"token","policies":["default","p"],' +
  '"token_policies":["default","p"],"policy_results":{"allowed":true,"granting_policies":[{"name":"p",' +
  '"namespace_id":"root","type":"acl"}]},"metadata":{"x":"y"},"remaining_uses":5,' +
  '"token_type":"service","token_ttl":2764800,"token_issue_time":"2026-11-24T13:06:46Z"}'
const REQUEST =
  '"request":{"id":"i","client_id":"c","operation":"read","mount_point":"secret/","mount_type":"kv",' +
  '"mount_accessor":"kv_1","mount_running_version":"v1","mount_class":"secret","client_token":"H(t)",' +
  '"client_token_accessor":"H(a)","namespace":{"id":"root"},"path":"secret/data/app",' +
  '"remote_address":"127.0.0.1","remote_port":57576}'
const MOUNT =
  '"mount_point":"secret/","mount_type":"kv","mount_accessor":"kv_1",' +
  '"mount_running_plugin_version":"v1","mount_class":"secret"'
const TIME = '{"time":"2026-11-24T13:06:46.894Z"'

describe('EntryWriter', () => {
  it('writes a request and its response', () => {
    expect(requestLine({ ...read })).toBe(`${TIME},"type":"request",${AUTH},${REQUEST}}`)
    expect(responseLine({ ...read }, answer)).toBe(
      `${TIME},"type":"response",${AUTH},${REQUEST},"response":{${MOUNT},"data":{"data":` +
        '{"a":"H(b)","n":1.0},"metadata":{"created_time":"2026-11-24T13:06:46.231399619Z",' +
        '"custom_metadata":null,"version":1}}}}',
    )
  })

  it('writes a request without a valid token, and why it was refused', () => {
    const refused = { ...read, auth: null, clientToken: 'bad', error: 'permission denied' }
    const { policyResults: _, clientId: __, remainingUses: ___, mount: ____, ...bare } = refused
    expect(requestLine(bare)).toBe(
      `${TIME},"type":"request","auth":{"token_type":"default"},"request":{"id":"i",` +
        '"operation":"read","client_token":"H(bad)","namespace":{"id":"root"},' +
        '"path":"secret/data/app","remote_address":"127.0.0.1","remote_port":57576},' +
        '"error":"permission denied"}',
    )
    const denied = { ...bare, policyResults: { allowed: false, granting: [] } }
    expect(requestLine(denied)).toContain('"auth":{"policy_results":{"allowed":false},"token_type"')
  })

  it('writes a login: the new token is the caller of the response and what it hands out', () => {
    const made = { ...auth, entityId: 'e', entityCreated: true, numUses: 3 }
    const login = { ...read, auth: null, data: { password: 'p' }, wrapTtlSeconds: 60 }
    const line = responseLine(login, { timeMs: 0, caller: made, auth: made, warnings: ['w'] })
    const entry = JSON.parse(line)
    expect(entry.auth).toMatchObject({ client_token: 'H(t)', entity_id: 'e', entity_created: true })
    expect(Object.keys(entry.response)[0]).toBe('auth')
    expect(entry.response.auth).toMatchObject({ client_token: 'H(t)', num_uses: 3 })
    expect(entry.response.warnings).toEqual(['w'])
    expect(entry.request).toMatchObject({ data: { password: 'H(p)' }, wrap_ttl: 60 })
    expect(entry.request.client_token).toBeUndefined()
  })

  it('writes wrap_info, lease, redirect and headers', () => {
    const wrapInfo = {
      ttlSeconds: 60,
      token: 'w',
      accessor: 'wa',
      creationTime: '2026-11-24T13:06:47.151280034Z',
      creationPath: 'secret/data/app',
      wrappedAccessor: 'wd',
    }
    const more = { timeMs: 0, wrapInfo, leaseId: 'l', redirect: '/x', headers: { a: ['b'] } }
    expect(responseLine({ ...read }, more)).toContain(
      `"response":{${MOUNT},"secret":{"lease_id":"l"},"redirect":"/x","wrap_info":{"ttl":60,` +
        '"token":"H(w)","accessor":"H(wa)","creation_time":"2026-11-24T13:06:47.151280034Z",' +
        '"creation_path":"secret/data/app","wrapped_accessor":"H(wd)"},"headers":{"a":["b"]}}',
    )
  })

  it('leaves accessors, chosen keys or everything readable where told to', () => {
    const plain = writer({ hmacAccessor: false })
    expect(requestLine({ ...read }, plain)).toContain('"client_token":"H(t)","accessor":"a"')
    const tuned = { ...read, mount: { ...mount, plainResponseKeys: ['a'] } }
    expect(data(responseLine(tuned, answer))).toMatchObject({ data: { a: 'b' } })
    const raw = writer({ logRaw: true })
    expect(responseLine({ ...read }, answer, raw)).toContain('{"a":"b","n":1.0}')
    expect(requestLine({ ...read }, raw)).toContain('"client_token":"t","accessor":"a"')
    const body = { http_raw_body: Buffer.from('text'), http_status_code: 200 }
    expect(data(responseLine({ ...read }, { timeMs: 0, data: body }, raw))).toEqual({
      http_raw_body: 'text',
      http_status_code: 200,
    })
  })

  it('counts the entries of a list where told to, and only of a list', () => {
    const by = writer({ elideListResponses: true })
    const list = { ...read, operation: 'list' }
    const listed = { timeMs: 0, data: { keys: ['a', 'b'], key_info: { a: {} }, other: 'o' } }
    expect(data(responseLine(list, listed, by))).toEqual({ keys: 2, key_info: 1, other: 'H(o)' })
    const raw = { timeMs: 0, data: new RawJson('{"keys":["a","b","c"]}') }
    expect(data(responseLine({ ...list }, raw, by))).toEqual({ keys: 3 })
    expect(data(responseLine({ ...read }, listed, by))).toMatchObject({ keys: ['H(a)', 'H(b)'] })
  })

  it('records only configured headers', () => {
    const headers = { 'x-a': 'one', 'x-b': ['two', 'three'], cookie: 'no' }
    const by = writer()
    expect(requestLine({ ...read, headers }, by)).not.toContain('headers')
    by.headers = new Map([
      ['x-a', { hmac: true }],
      ['x-b', { hmac: false }],
      ['constructor', { hmac: false }],
    ])
    const line = requestLine({ ...read, headers }, by)
    expect(JSON.parse(line).request.headers).toEqual({ 'x-a': ['H(one)'], 'x-b': ['two', 'three'] })
  })

  it('leaves empty data out, and hashes a token once for all its requests', () => {
    expect(requestLine({ ...read, data: {} })).not.toContain(',"data":')
    const by = writer()
    const kept = { ...auth, fragments: new AuthFragments() }
    hashed = 0
    for (let n = 0; n < 5; n++) {
      const one: AuditRequest = { ...read, auth: kept, remainingUses: 5 - n }
      requestLine(one, by)
      expect(responseLine(one, { timeMs: 0 }, by)).toContain(
        `"remaining_uses":${5 - n}`.slice(0, 16),
      )
    }
    expect(hashed).toBe(2)
  })

  it("hashes what a look-up answers once, but keeps no other token than the caller's", () => {
    const by = writer()
    const store = { ...mount, type: 'token' }
    const kept = { ...auth, clientToken: 't'.repeat(95), fragments: new AuthFragments() }
    const answered = {
      id: kept.clientToken,
      other: 'o'.repeat(95),
      policies: ['default', 'p'],
      type: 'service',
    }
    const expected = {
      id: `H(${kept.clientToken})`,
      other: `H(${answered.other})`,
      policies: ['H(default)', 'H(p)'],
      type: 'H(service)',
    }
    const lookUp = (): unknown =>
      data(responseLine({ ...read, mount: store, auth: kept }, { timeMs: 0, data: answered }, by))
    expect(lookUp()).toEqual(expected)
    hashed = 0
    expect(lookUp()).toEqual(expected)
    expect(hashed).toBe(1)
  })

  it('keeps the hashes of what is declared as no secret, and no others', () => {
    const by = writer()
    const answer = {
      timeMs: 0,
      fields: { data: { secret: true }, metadata: { secret: false } },
      data: {
        data: new RawJson('{"password":"pw"}'),
        metadata: new RawJson('{"created_by":{"actor":"ann"}}'),
        undeclared: 'u',
      },
    }
    const expected = {
      data: { password: 'H(pw)' },
      metadata: { created_by: { actor: 'H(ann)' } },
      undeclared: 'H(u)',
    }
    const answered = (): unknown => data(responseLine(read, answer, by))
    expect(answered()).toEqual(expected)
    hashed = 0
    expect(answered()).toEqual(expected)
    expect(hashed).toBe(2)
  })

  it('shows the same request to several devices, each with its own hashes', () => {
    const [one, two] = [writer(), writer({ hmac: (text) => `X(${text})` })]
    const shared = { ...read, auth: { ...auth, fragments: new AuthFragments() } }
    for (const by of [one, two, one, two]) {
      const line = responseLine(shared, answer, by)
      expect(line.includes('H(t)')).toBe(by === one)
      expect(line.includes('X(t)')).toBe(by === two)
    }
  })
})
