// Which names are near enough to be offered.
import { expect, it } from 'vitest'
import { didYouMean, nearestName } from './nearest.ts'

it.each([
  ['capabilites', 'capabilities'],
  ['CAPABILITIES', 'capabilities'],
  ['raed', 'read'],
  ['lst', 'list'],
  ['capab', 'capabilities'],
  ['cap', null],
  ['xyz', null],
  ['', null],
  ['r'.repeat(10_000), null],
])('%s is near %s', (name, near) => {
  expect(nearestName(name, ['capabilities', 'read', 'list'])).toBe(near)
})

it('puts it in words', () => {
  expect(didYouMean('raed', ['read'])).toBe(', did you mean "read"?')
  expect(didYouMean('x', ['read'])).toBe('')
})
