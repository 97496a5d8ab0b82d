import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { uriName } from './uri-name.ts'

describe('a URI for a certificate', () => {
  // As OpenBao answers each of them.
  it.each([
    ['spiffe://a/b c', 'spiffe://a/b%20c'],
    ['http://a/<b>', 'http://a/%3Cb%3E'],
    ['//a/b', '//a/b'],
    ['a b', 'a%20b'],
    ['http://[::1]/x', 'http://[::1]/x'],
    ['http://a/b#ü', 'http://a/b#%C3%BC'],
    ['http://a/ü', 'http://a/%C3%BC'],
    ['http://a/%20ü', 'http://a/%20%C3%BC'],
    ['http://a/|^`{}"', 'http://a/%7C%5E%60%7B%7D%22'],
    ['http://u:p@h/', 'http://u:p@h/'],
    ['HTTP://A/', 'http://A/'],
    ['x', 'x'],
    ['http://a/\\', 'http://a/%5C'],
    ['http://a/%20%c3%bc', 'http://a/%20%c3%bc'],
    ['mailto:a@b', 'mailto:a@b'],
    ['http://a/[x]', 'http://a/[x]'],
    ['urn:x:y', 'urn:x:y'],
    ['http://a?b#c', 'http://a?b#c'],
  ])('%s is %s', (sent, written) => {
    expect(uriName(sent)).toBe(written)
    expect(uriName(written)).toBe(written)
  })

  it.each([
    'http://ü.example.com/ä',
    'http://a/%zz',
    'urn:x:ü',
    'http://a/?q=ü x',
    ':x',
    'http://a:x/',
    'http://a b/',
    '1a:b',
    'http://ex ample',
    'http://a./',
    'http://.a/',
    'http://a..b/',
    'http://a/\n',
    '',
  ])('%s is none', (sent) => {
    expect(uriName(sent)).toBeNull()
  })

  it('is ASCII and stays itself, whatever was sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const written = uriName(text)
        if (written === null) return
        expect(written).toMatch(/^[\x21-\x7e]+$/)
        expect(uriName(written)).toBe(written)
      }),
    )
  })
})
