import { describe, expect, it } from 'vitest'
import { collect, TestFolder } from '../../../test/support/scan-fixture.ts'
import { directorySource } from './directory-source.ts'
import { cleanLine, LogCleaner } from './log-cleaner.ts'
import { DEFAULT_SETTINGS } from './source-settings.ts'

const ESC = '\x1b'

describe('a log without what CI systems add', () => {
  it.each([
    ['2024-05-01T12:00:00.1234567Z KEY=value', 'KEY=value'],
    ['2024-05-01T12:00:00Z ##[group]Run make', 'Run make'],
    ['##[command]KEY=value', 'KEY=value'],
    ['2024-05-01T12:00:00.123456Z 00O+KEY=value', 'KEY=value'],
    [`section_start:1560896352:build_script[collapsed=true]\r${ESC}[0KHead`, 'Head'],
    [`${ESC}[32;1mKEY=value${ESC}[0;m`, 'KEY=value'],
    [`${ESC}]8;;https://x${ESC}\\link${ESC}]8;;${ESC}\\`, 'link'],
    ['plain 2024-05-01T12:00:00Z text', 'plain 2024-05-01T12:00:00Z text'],
  ])('%j', (line, words) => {
    const clean = cleanLine(line)
    expect(clean).toHaveLength(line.length)
    expect(clean.trim()).toBe(words)
    if (!line.includes(`${ESC}]8`)) expect(clean.indexOf(words)).toBe(line.indexOf(words))
  })

  it('joins a word that colours cut, and keeps the columns of what follows', () => {
    const line = `key=abc${ESC}[31mdef${ESC}[0mghi and=more`
    const clean = cleanLine(line)
    expect(clean).toContain('key=abcdefghi ')
    expect(clean.indexOf('and=more')).toBe(line.indexOf('and=more'))
  })

  it('gives as many bytes as it takes, however they come', () => {
    const text = `2024-05-01T12:00:00Z one\n${ESC}[1mtwo${ESC}[0m\n\nthree ${ESC}[`
    const whole = new LogCleaner()
    const expected = Buffer.concat([whole.push(Buffer.from(text)), whole.end()])
    expect(expected).toHaveLength(text.length)
    const pieces = new LogCleaner()
    const out = [...text].map((one) => pieces.push(Buffer.from(one)))
    expect(Buffer.concat([...out, pieces.end()])).toEqual(expected)
  })

  it('is made of files that are read as logs', async () => {
    using folder = new TestFolder()
    folder.write('1_build.txt', '2024-05-01T12:00:00Z KEY=value\n')
    const settings = { ...DEFAULT_SETTINGS, fileKind: 'log' as const }
    const { texts } = await collect(directorySource(folder.path, settings))
    expect(Object.values(texts)).toEqual([`${' '.repeat(21)}KEY=value\n`])
  })
})
