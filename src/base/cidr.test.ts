// Blocks against addresses, checked by table and against Node's own BlockList on random input.
import { BlockList } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyCidrContains, cidrContains, cidrCovers, parseCidr } from './cidr.ts'

describe('parseCidr', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['192.0.2.7', '192.0.2.7/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8::1/32', '2001:db8::/32'],
    ['::1', '::1/128'],
    ['::/0', '::/0'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3/128'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7/128'],
    ['::ffff:192.0.2.7', '192.0.2.7/32'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['::ffff:0:0/95', '::fffe:0:0/95'],
  ])('reads %s as %s', (text, canonical) => expect(parseCidr(text)?.text).toBe(canonical))

  it.each([
    '',
    '/',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0/8',
    '010.0.0.1',
    '::/129',
    ':::',
    'fe80::1%eth0/64',
    'localhost',
    '10.0.0.0/8/8',
    ' 10.0.0.1',
  ])('refuses %j', (text) => expect(parseCidr(text)).toBeNull())
})

describe('contains', () => {
  it.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', '::ffff:0a01:0203', true],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '10.0.0.1', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['192.0.2.128/25', '192.0.2.127', false],
    ['2001:db8::/33', '2001:db8:8000::', false],
    ['10.0.0.0/8', 'nonsense', false],
  ])('%s holds %s: %s', (block, address, holds) => {
    expect(cidrContains(parseCidr(block)!, address)).toBe(holds)
    expect(anyCidrContains([parseCidr('198.51.100.0/24')!, parseCidr(block)!], address)).toBe(holds)
  })

  it('agrees with BlockList', () => {
    const v4 = fc.ipV4().map((address) => [address, 32, 'ipv4'] as const)
    const v6 = fc.ipV6().map((address) => [address, 128, 'ipv6'] as const)
    fc.assert(
      fc.property(fc.oneof(v4, v6), fc.nat(128), fc.ipV4(), fc.ipV6(), (net, n, a4, a6) => {
        const [address, most, family] = net
        // Node's list has IPv4-mapped rules of its own, which are tested by table above.
        fc.pre(!/^::(ffff:)?[\d.]+$/i.test(address) && !/^(0*:)*:?(ffff:|\d+\.)/i.test(a6))
        const bits = n % (most + 1)
        const list = new BlockList()
        list.addSubnet(address, bits, family)
        const block = parseCidr(`${address}/${bits}`)!
        const own = family === 'ipv4' ? a4 : a6
        expect(cidrContains(block, own)).toBe(list.check(own, family))
        expect(cidrContains(block, address)).toBe(true)
      }),
    )
  })
})

it('cidrCovers compares blocks', () => {
  const [wide, narrow, other] = ['10.0.0.0/8', '10.1.0.0/16', '11.0.0.0/16'].map(parseCidr)
  expect(cidrCovers(wide!, narrow!)).toBe(true)
  expect(cidrCovers(narrow!, wide!)).toBe(false)
  expect(cidrCovers(wide!, other!)).toBe(false)
  expect(cidrCovers(wide!, wide!)).toBe(true)
})
