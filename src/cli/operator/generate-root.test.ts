// One-time passwords and what they encode.
import { expect, it } from 'vitest'
import { pooledRandom } from '../../base/random.ts'
import { decodeToken, oneTimePassword } from './generate-root.ts'
import { rfc822 } from './rotate.ts'

it('decodes what was encoded with the same one-time password', () => {
  const token = 'hvs.abcdefghijklmnopqrstuvwx'
  const otp = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ01'
  const bytes = Buffer.from(token).map((byte, at) => byte ^ otp.charCodeAt(at))
  const encoded = Buffer.from(bytes).toString('base64')
  expect(decodeToken(encoded, otp)).toBe(token)
  expect(decodeToken(encoded.replace(/=+$/, ''), otp)).toBe(token)
  expect(decodeToken(encoded, 'short')).toBeNull()
  expect(decodeToken('', '')).toBeNull()
})

it('makes a password of letters and digits without favouring any', () => {
  let next = 0
  const random = pooledRandom(
    (target) => {
      for (let at = 0; at < target.length; at++) target[at] = next++ % 256
    },
    () => 0,
  )
  const text = oneTimePassword(62 * 8, random)
  expect(text).toMatch(/^[A-Za-z0-9]+$/)
  const counts = new Map<string, number>()
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  expect(counts.size).toBe(62)
})

it('prints times as RFC 822 in UTC', () => {
  expect(rfc822('2026-11-04T02:05:00+01:00')).toBe('04 Nov 26 01:05 UTC')
  expect(rfc822('never')).toBe('never')
})
