import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { madeUpDetector } from '../../test/support/scan-fixture.ts'
import { REDACT_WINDOW_BYTES } from '../base/limits.ts'
import { Redactor, redactStream } from './redact.ts'
import { secretRanges } from './redact-ranges.ts'

const options = { detector: madeUpDetector, wants: () => true, mask: '[masked]' }

/** The text through a redactor, in pieces of the given length. */
function redacted(text: string | Buffer, piece = 1 << 20): string {
  const redactor = new Redactor(options)
  const bytes = Buffer.from(text)
  const out: Buffer[] = []
  for (let at = 0; at < bytes.length; at += piece) {
    out.push(...redactor.push(bytes.subarray(at, at + piece)))
  }
  return Buffer.concat([...out, ...redactor.end()]).toString('latin1')
}

const KEY = ['-----BEGIN RSA PRIV', 'ATE KEY-----'].join('')
const KEY_END = KEY.replace('BEGIN', 'END')
const BODY = 'MIIEowIBAAKCAQEAabcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKL'

describe('redact', () => {
  it('masks secrets and leaves every other byte as it is', () => {
    expect(redacted('a s3cr-et-one b\r\n\0\xff\nno newline s3cr-et-two')).toBe(
      Buffer.from('a [masked] b\r\n\0\xff\nno newline [masked]').toString('latin1'),
    )
    expect(redacted('')).toBe('')
    expect(redacted('\n\n')).toBe('\n\n')
  })

  it('gives the same however the bytes come', () => {
    // Secrets that run into one another would be cut in a place that later lines decide.
    const words = fc.constantFrom('s3cr-et-a1 ', 'word', ' ', '\n', '\r\n', '\0', 'é', BODY, KEY)
    fc.assert(
      fc.property(fc.array(words, { maxLength: 60 }), fc.integer({ min: 1, max: 50 }), (all, n) => {
        const text = all.join('')
        expect(redacted(text, n)).toBe(redacted(text))
      }),
      { numRuns: 200 },
    )
  })

  it('changes nothing where there is nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
        const input = Buffer.from(bytes)
        const text = input.toString('latin1')
        fc.pre(!/s3cr/.test(text) && !/PRIVATE/.test(text))
        expect(redacted(input, 100)).toBe(text)
      }),
    )
  })

  it('passes a line on at once, and an unfinished one at its end', () => {
    const redactor = new Redactor(options)
    const pushed = (text: string): string =>
      Buffer.concat(redactor.push(Buffer.from(text))).toString()
    expect(pushed('one s3cr-et-x\ntwo s3cr-')).toBe('one [masked]\n')
    expect(pushed('et-y')).toBe('')
    expect(pushed('\n')).toBe('two [masked]\n')
    expect(redactor.stats).toMatchObject({ lines: 2, masked: 2, failed: 0 })
    expect(redactor.stats.rules).toEqual(new Map([['made-up', 2]]))
  })

  it('bounds a line without end, and cuts no secret of it', () => {
    const redactor = new Redactor(options)
    const part = Buffer.from(`${'x'.repeat(70)} s3cr-et-abcdefghijklmnop `.repeat(700))
    let out = ''
    let most = 0
    let given = 0
    for (let i = 0; i < 12; i++) {
      for (const bytes of redactor.push(part)) out += bytes.toString()
      given += part.length
      most = Math.max(most, given - out.replaceAll('[masked]', 's3cr-et-abcdefghijklmnop').length)
    }
    for (const bytes of redactor.end()) out += bytes.toString()
    expect(most).toBeLessThan(2 * REDACT_WINDOW_BYTES)
    expect(out).toBe(`${'x'.repeat(70)} [masked] `.repeat(8400))
  })

  it('masks a key line by line before its end is seen, and stops where it is none', () => {
    const lines = [KEY, BODY, BODY, 'abcd==', KEY_END, BODY]
    const masked = [KEY, '[masked]', '[masked]', '[masked]', KEY_END, BODY]
    expect(redacted(lines.join('\n'), 7)).toBe(masked.join('\n'))
    const prefixed = lines.map((line) => `12:00:01 app | ${line}`).join('\n')
    expect(redacted(prefixed, 9)).toBe(masked.map((line) => `12:00:01 app | ${line}`).join('\n'))
    expect(redacted([KEY, 'said someone.', BODY].join('\n'))).toBe(
      [KEY, 'said someone.', BODY].join('\n'),
    )
    const escaped = JSON.stringify({ key: `${KEY}\n${BODY}\n${KEY_END}\n`, next: 'word' })
    expect(redacted(escaped)).toBe(`{"key":"${KEY}[masked]${KEY_END}\\n","next":"word"}`)
  })

  it('masks a whole window on which the detector fails', () => {
    const detector = {
      detect: () => {
        throw new Error('no')
      },
      takeSkipped: () => [],
    }
    const redactor = new Redactor({ ...options, detector })
    const out = Buffer.concat(redactor.push(Buffer.from('one\n\ntwo\n'))).toString()
    expect(out).toBe('[masked]\n\n[masked]\n')
    expect(redactor.stats.failed).toBe(1)
  })

  it('masks encoded text of which the secret is the meaning', () => {
    const encoded = Buffer.from('key=hidden').toString('base64')
    const text = `first\nvalue: ${encoded} end\n`
    const [base] = madeUpDetector.detect({
      ...{ bytes: Buffer.from('s3cr-et-x'), path: '', symlink: '', startLine: 2 },
      ...{ commit: null, kind: 'log' },
    })
    const finding = { ...base!, secret: 'hidden', startColumn: 9, endColumn: 7 + encoded.length }
    const [[from, to]] = secretRanges(text, [finding]) as [[number, number]]
    expect(text.slice(from, to)).toBe(encoded)
  })

  it('ends when nobody reads any more', async () => {
    let taken = 0
    async function* input(): AsyncGenerator<Buffer> {
      for (;;) {
        taken++
        yield Buffer.from('line\n')
      }
    }
    let writes = 0
    const output = { write: async () => ++writes < 3 }
    await redactStream(input(), output, options)
    expect([writes, taken]).toEqual([3, 3])
  })
})
