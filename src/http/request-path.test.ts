import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ApiError } from '../base/errors.ts'
import { apiPath, opaquePath, parseQuery } from './request-path.ts'

/** The status of the ApiError that `act` throws. */
function statusOf(act: () => unknown): number {
  try {
    act()
  } catch (error) {
    if (error instanceof ApiError) return error.status
    throw error
  }
  return 200
}

describe('apiPath', () => {
  it.each([
    ['/v1/secret/data/a', 'secret/data/a'],
    ['/v1/', ''],
    ['/v1/secret/', 'secret/'],
    ['/v1/secret/a%20b', 'secret/a b'],
    ['/v1/secret/%C3%BC', 'secret/ü'],
    ['/v1/secret/\xc3\xbc', 'secret/ü'],
    ['/v1/secret/100%25', 'secret/100%'],
    ['/v1/secret/%252e%252e', 'secret/%2e%2e'],
    ['/v1/secret/a+b', 'secret/a+b'],
    ['/v1/secret/...', 'secret/...'],
    ['/v1/secret/.a/b..', 'secret/.a/b..'],
    ['/v1/__proto__', '__proto__'],
    ['/v1/secret/%3F%23', 'secret/?#'],
  ])('%s is %s', (raw, path) => {
    expect(apiPath(raw)).toBe(path)
  })

  it.each([
    '/v1/../sys',
    '/v1/secret/..',
    '/v1/secret/./a',
    '/v1/.',
    '/v1/secret/%2e%2E/a',
    '/v1/secret/.%2e/a',
    '/v1/secret%2fa',
    '/v1/secret%2Fa',
    '/v1/secret/%00',
    '/v1/secret/%0a',
    '/v1/secret/%7f',
    '/v1/secret/%C2%85',
    '/v1/secret/%E2%80%8B',
    '/v1/secret/%EF%BB%BFa',
    '/v1/secret/%ff',
    '/v1/secret/%C0%AF',
    '/v1/secret/%ED%A0%80',
    '/v1/secret/\xff',
    '/v1/secret/%',
    '/v1/secret/%4',
    '/v1/secret/%zz',
    '/v1/secret//a',
    '/v1//secret',
  ])('%s is refused', (raw) => {
    expect(statusOf(() => apiPath(raw))).toBe(400)
  })

  it.each(['/', '/v1', '/v2/secret', '/V1/secret', '/ui/', '*', '//v1/x'])(
    '%s is outside',
    (raw) => {
      expect(statusOf(() => apiPath(raw))).toBe(404)
    },
  )

  it('takes encoded slashes where a row allows them, but never dot segments', () => {
    expect(opaquePath('/v1/pki/ocsp/a%2Fb//c')).toEqual({
      path: 'pki/ocsp/a/b//c',
      opaqueFrom: 'pki/ocsp/a'.length,
    })
    expect(opaquePath('/v1/pki/ocsp//a')?.opaqueFrom).toBe('pki/ocsp/'.length)
    expect(opaquePath('/v1//pki/ocsp/a%2Fb')?.opaqueFrom).toBe(0)
    expect(opaquePath('/v1/p%C3%BC/ocsp%2fa')?.opaqueFrom).toBe('pü/ocsp'.length)
    for (const bad of ['a%2F..%2Fb', 'a//%2e', 'a%2F%00', 'a%2F%', 'a%2F%ff'])
      expect(opaquePath(`/v1/pki/ocsp/${bad}`)).toBeNull()
    expect(opaquePath('/v1/pki/ocsp/a/b')).toBeNull()
    expect(opaquePath('/v2/pki/ocsp/a%2Fb')).toBeNull()
  })

  it('answers or throws an ApiError, and gives back what encodeURIComponent made', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const status = statusOf(() => apiPath(`/v1/${Buffer.from(text).toString('latin1')}`))
        expect([200, 400]).toContain(status)
      }),
    )
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', minLength: 1 })), (segments) => {
        const raw = `/v1/${segments.map(encodeURIComponent).join('/')}`
        if (statusOf(() => apiPath(raw)) === 200) expect(apiPath(raw)).toBe(segments.join('/'))
      }),
    )
  })
})

describe('parseQuery', () => {
  it('keeps order, duplicates and dangerous names', () => {
    const query = parseQuery('list=true&a=1&a=2&__proto__=x&constructor=&b&=e&&c=%C3%BC+%2B')
    expect([...query]).toEqual([
      ['list', ['true']],
      ['a', ['1', '2']],
      ['__proto__', ['x']],
      ['constructor', ['']],
      ['b', ['']],
      ['', ['e']],
      ['c', ['ü +']],
    ])
    expect(parseQuery('').size).toBe(0)
  })

  it.each(['a=%', 'a=%zz', '%ff=1', 'a=\xff'])('%s is refused', (query) => {
    expect(statusOf(() => parseQuery(query))).toBe(400)
  })

  it('agrees with URLSearchParams', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.string())), (pairs) => {
        const text = new URLSearchParams(pairs).toString()
        const flat = [...parseQuery(text)].flatMap(([name, values]) =>
          values.map((value) => `${name}=${value}`),
        )
        expect(flat.sort()).toEqual(pairs.map(([name, value]) => `${name}=${value}`).sort())
      }),
    )
  })
})
