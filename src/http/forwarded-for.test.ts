import { describe, expect, it } from 'vitest'
import { ApiError } from '../base/errors.ts'
import { type ForwardedRules, forwardedResolver } from './forwarded-for.ts'

const rules: ForwardedRules = {
  authorizedAddrs: ['10.0.0.0/8', '127.0.0.1', 'fd00::/8'],
  hopSkips: 0,
  rejectNotPresent: false,
  rejectNotAuthorized: false,
}

/** The address decided on, or the words of the refusal. */
function decide(change: Partial<ForwardedRules>, from: string, ...values: string[]): string {
  const headers = ['host', 'a', ...values.flatMap((value) => ['x-forwarded-for', value])]
  const origin = forwardedResolver({ ...rules, ...change })!(from, headers)
  if (origin instanceof ApiError) {
    expect(origin.status).toBe(400)
    return origin.message
  }
  const isKept = origin.headers.includes('x-forwarded-for')
  return `${origin.address}${isKept ? ' kept' : ''}`
}

describe('X-Forwarded-For', () => {
  it('is believed from trusted addresses, the last entry first', () => {
    expect(decide({}, '10.1.2.3', '1.2.3.4')).toBe('1.2.3.4 kept')
    expect(decide({}, '127.0.0.1', '6.6.6.6, 1.2.3.4')).toBe('1.2.3.4 kept')
    expect(decide({}, 'fd00::1', '6.6.6.6', '2001:db8::1')).toBe('2001:db8::1 kept')
    expect(decide({}, '10.0.0.1', '1.2.3.4:5678')).toBe('1.2.3.4 kept')
    expect(decide({}, '10.0.0.1', '[2001:db8::1]:5678')).toBe('2001:db8::1 kept')
    expect(decide({}, '10.0.0.1', '::ffff:1.2.3.4')).toBe('1.2.3.4 kept')
  })

  it('skips hops from the right, over several headers', () => {
    const skip = (hopSkips: number): string =>
      decide({ hopSkips }, '10.0.0.1', '1.1.1.1,2.2.2.2', '3.3.3.3')
    expect([skip(0), skip(1), skip(2)]).toEqual(['3.3.3.3 kept', '2.2.2.2 kept', '1.1.1.1 kept'])
    expect(skip(3)).toMatch(/hops to skip \(3\) would skip before earliest/)
  })

  it('is removed from others, or refused', () => {
    expect(decide({}, '11.0.0.1', '1.2.3.4')).toBe('11.0.0.1')
    expect(decide({}, '', '1.2.3.4')).toBe('')
    expect(decide({ rejectNotAuthorized: true }, '11.0.0.1', '1.2.3.4')).toMatch(/not authorized/)
    expect(decide({}, '10.0.0.1')).toBe('10.0.0.1')
    expect(decide({ rejectNotPresent: true }, '10.0.0.1')).toMatch(/missing x-forwarded-for/)
  })

  it.each(['', 'unknown', '1.2.3', '1.2.3.4 5', '"1.2.3.4"', '1.2.3.4,'])('refuses %j', (value) => {
    expect(decide({}, '10.0.0.1', value)).toMatch(/malformed x-forwarded-for header/)
  })

  it('refuses rules that make no sense and is off without addresses', () => {
    expect(forwardedResolver({ ...rules, authorizedAddrs: [] })).toBeNull()
    for (const block of ['10.0.0.0/33', 'x', '10.0.0.0/', '10.0.0.0/8/8', '::/129', '']) {
      expect(() => forwardedResolver({ ...rules, authorizedAddrs: [block] })).toThrow(/CIDR/)
    }
    expect(() => forwardedResolver({ ...rules, hopSkips: -1 })).toThrow(/negative/)
  })
})
