import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { TestFolder } from '../../../test/support/scan-fixture.ts'
import { sleepAwake, systemClock } from '../../base/clock.ts'
import { redactProgram } from './redact-program.ts'

const RULES = `[[rules]]
id = "made-up"
description = "a secret of this test"
regex = '''s3cr-et-\\w+'''
keywords = ["s3cr"]
`

function start(...args: string[]) {
  const stdin = new PassThrough()
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const ended = redactProgram(args, { stdin, stdout, stderr })
  return { stdin, stdout, stderr, ended, said: () => String(stderr.read() ?? '') }
}

/** Its own rules, in a file. */
function withRules(folder: TestFolder, ...args: string[]) {
  return start('--config', folder.write('rules.toml', RULES), ...args)
}

describe('strongroom redact', () => {
  it('passes each line within 50 ms, and ends with its input', async () => {
    using folder = new TestFolder()
    const { stdin, stdout, ended } = withRules(folder, '--mask', '***')
    stdin.write('warm up\n')
    while (stdout.read() === null) await sleepAwake(5)
    let worst = 0
    for (let i = 0; i < 20; i++) {
      const began = systemClock.monotonic()
      stdin.write(`line ${i} s3cr-et-${i} end\r\n`)
      let text: Buffer | null = null
      while ((text = stdout.read()) === null) await sleepAwake(1)
      worst = Math.max(worst, systemClock.monotonic() - began)
      expect(text.toString()).toBe(`line ${i} *** end\r\n`)
    }
    expect(worst).toBeLessThan(50)
    stdin.end('last s3cr-et-x')
    expect(await ended).toBe(0)
    expect(String(stdout.read())).toBe('last ***')
  })

  it('says what it did when asked, and masks lines that a comment would allow', async () => {
    using folder = new TestFolder()
    const run = withRules(folder, '--stats')
    run.stdin.end('one s3cr-et-a # gitleaks:allow\ntwo\n')
    expect(await run.ended).toBe(0)
    expect(String(run.stdout.read())).toBe('one [redacted] # gitleaks:allow\ntwo\n')
    expect(run.said()).toBe('2 lines, 35 bytes, 1 places masked\n  made-up: 1\n')
  })

  it('waits for a slow reader', async () => {
    using folder = new TestFolder()
    const { stdin, stdout, ended } = withRules(folder)
    const line = Buffer.from('a line without a secret\n'.repeat(2000))
    let isFull = false
    for (let i = 0; i < 20 && !isFull; i++) isFull = !stdin.write(line)
    await sleepAwake(100)
    expect(stdout.readableLength).toBeLessThan(4 * line.length)
    stdout.resume()
    stdin.end()
    expect(await ended).toBe(0)
  })

  it('refuses flags and rules that are none', async () => {
    using folder = new TestFolder()
    for (const args of [
      ['--tier', 'x'],
      ['--nothing'],
      ['word'],
      ['--config', folder.at('none')],
    ]) {
      const run = start(...args)
      expect(await run.ended).toBe(2)
      expect(run.said()).not.toBe('')
    }
  })
})
