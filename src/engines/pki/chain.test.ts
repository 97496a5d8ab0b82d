// Chains: the order of Vault, each certificate once, whatever the graph is.
import { describe, expect, it } from 'vitest'
import { MAX_PKI_CHAIN } from '../../base/limits.ts'
import { type Directory, EMPTY_DIRECTORY, type IssuerInfo } from './authority.ts'
import { chainOf } from './chain.ts'

/** A root where nobody signed it. */
function issuer(
  id: string,
  parents: readonly string[],
  rest: Partial<IssuerInfo> = {},
): IssuerInfo {
  return {
    id,
    name: '',
    keyId: '',
    serial: id,
    publicHash: id,
    certificateHash: id,
    subjectHash: `subject of ${id}`,
    issuerHash: parents.length === 0 ? `subject of ${id}` : `subject of ${parents[0]}`,
    notAfterMs: 0,
    parents,
    isSelfSigned: parents.length === 0,
    manualChain: [],
    ...rest,
  }
}

const directory = (...issuers: readonly IssuerInfo[]): Directory => ({
  ...EMPTY_DIRECTORY,
  issuers,
})

describe('chainOf', () => {
  it('goes from the leaf to the root', () => {
    const all = directory(issuer('a', ['b']), issuer('b', ['c']), issuer('c', []))
    expect(chainOf(all, 'a')).toEqual(['a', 'b', 'c'])
    expect(chainOf(all, 'c')).toEqual(['c'])
    expect(chainOf(all, 'none')).toEqual([])
  })

  it('takes roots before intermediates, the greater id first', () => {
    const all = directory(
      issuer('i', ['r', 'x', 'z']),
      issuer('r', []),
      issuer('x', ['y']),
      issuer('y', []),
      issuer('z', []),
    )
    expect(chainOf(all, 'i')).toEqual(['i', 'z', 'r', 'x', 'y'])
  })

  it('holds each certificate once where two CAs have signed each other', () => {
    const root = { subjectHash: 's', issuerHash: 's' }
    const all = directory(
      issuer('a1', ['a2', 'b2'], root),
      issuer('a2', ['a1'], root),
      issuer('b2', ['a1']),
      issuer('leaf', ['a1', 'a2']),
    )
    expect([...chainOf(all, 'leaf')].sort()).toEqual(['a1', 'a2', 'b2', 'leaf'])
    expect(chainOf(all, 'a1')[0]).toBe('a1')
    expect(new Set(chainOf(all, 'a1')).size).toBe(chainOf(all, 'a1').length)
  })

  it('follows a chain that was set by hand, also from below', () => {
    const all = directory(
      issuer('leaf', ['i']),
      issuer('i', ['r'], { manualChain: ['i', 'other'] }),
      issuer('r', []),
      issuer('other', []),
    )
    expect(chainOf(all, 'i')).toEqual(['i', 'other'])
    expect(chainOf(all, 'leaf')).toEqual(['leaf', 'i', 'other'])
  })

  it('ends where a chain is longer than any real one', () => {
    const many = Array.from({ length: 1000 }, (_, at) =>
      issuer(String(at), at === 999 ? [] : [String(at + 1)]),
    )
    expect(chainOf(directory(...many), '0')).toHaveLength(MAX_PKI_CHAIN)
  })
})
