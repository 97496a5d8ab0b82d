// Parts of the name gitleaks that need no program beside them: links, sizes, times, masks, ignore files, log lines.
import { describe, expect, it } from 'vitest'
import { manualClock } from '../../../test/support/manual-clock.ts'
import { shortDuration, sizeText } from '../amounts.ts'
import { maskSecret } from '../report/reported-finding.ts'
import { ConsoleLog, FatalLog, logLevelOf } from './console-log.ts'
import { IgnoreList, trimSpace } from './ignore-file.ts'
import { OldReport, OldReportError } from './old-report.ts'
import { colorProfile } from './print-finding.ts'
import { browserUrl, platformOf, platformOfHost } from './source-links.ts'

describe('amounts', () => {
  it('are those of Go', () => {
    expect([0, 1, 999, 1000, 1234, 1_005_000, 12_345_678_901].map(sizeText)).toEqual([
      ...['0', '1 bytes', '999 bytes', '1 KB', '1.23 KB', '1 MB', '12.35 GB'],
    ])
    expect([0.4567, 5.291, 123.456, 1500, 61_234, 3_723_456].map(shortDuration)).toEqual([
      ...['457\xc2\xb5s', '5.29ms', '123ms', '1.5s', '1m1.2s', '1h2m3s'],
    ])
  })
})

describe('masks', () => {
  it('leave what the percentage leaves, halves to the even number', () => {
    const mask = (percent: number): string => maskSecret('abcdefghij', percent)
    expect([1, 15, 25, 45, 50, 99, 100, 200].map(mask)).toEqual([
      ...['abcdefghij...', 'abcdefgh...', 'abcdefgh...', 'abcdef...', 'abcde...', '...'],
      ...['REDACTED', 'REDACTED'],
    ])
    expect(maskSecret('', 20)).toBe('')
  })
})

describe('remotes', () => {
  it.each([
    ['git@github.com:a/b.git', 'https://github.com/a/b', 'github.com'],
    ['git@host.test:2222/a/b.git', 'https://host.test/a/b', 'host.test'],
    ['https://user:pass@gitlab.com/a/b.git', 'https://gitlab.com/a/b', 'gitlab.com'],
    ['ssh://git@codeberg.org:22/a/b', 'ssh://codeberg.org:22/a/b', 'codeberg.org'],
    ['/srv/git/a.git', '/srv/git/a', ''],
  ])('%s', (remote, url, host) => {
    expect(browserUrl(remote)).toEqual({ url, host })
  })

  it('have platforms', () => {
    expect(platformOfHost('GitHub.com')).toBe('github')
    expect(platformOfHost('constructor')).toBe('unknown')
    expect([platformOf(''), platformOf('GitLab'), platformOf('x')]).toEqual([
      ...['unknown', 'gitlab', null],
    ])
    expect(browserUrl('https://a\n.test')).toBeNull()
  })
})

describe('.gitleaksignore', () => {
  it('takes fingerprints and says what is none', () => {
    const list = new IgnoreList()
    expect(list.add(' a:b:1 \n#x\n\nc\\d:e:2\n__proto__\n')).toEqual(['__proto__'])
    expect(list.size).toBe(3)
    expect(trimSpace('\xe3\x80\x80 a \xc2\xa0\t')).toBe('a')
    expect(trimSpace('\xa0a\x80')).toBe('\xa0a\x80')
  })
})

describe('old reports', () => {
  it.each(['', '{}', '[1]', '[[]]', '[{"File": []}]', '"x"'])('refuses %j', (text) => {
    expect(() => new OldReport(text, false)).toThrow(OldReportError)
  })

  it('takes fields in any case, and unknown and null ones', () => {
    for (const text of [
      '[]',
      'null',
      '[null]',
      '[{"ruleid": "x", "__proto__": {}, "Tags": null}]',
    ]) {
      expect(() => new OldReport(text, false)).not.toThrow()
    }
  })
})

describe('log lines', () => {
  const lines: string[] = []
  const log = (isPlain: boolean): ConsoleLog =>
    new ConsoleLog({
      clock: manualClock(new Date(2030, 0, 1, 0, 5).getTime()),
      isPlain,
      write: (line) => lines.push(line.toString('latin1')),
    })

  it('look as in a console', () => {
    lines.length = 0
    log(true).log('warn', 'words', { z: 'a b', error: 'bad\n', a: 1 })
    log(false).log('info', 'words', { path: 'p' })
    log(true).log('debug', 'not shown')
    expect(() => log(true).fatal('end')).toThrow(FatalLog)
    expect(lines).toEqual([
      '12:05AM WRN words error="bad\\n" a=1 z="a b"\n',
      '\x1b[90m12:05AM\x1b[0m \x1b[32mINF\x1b[0m \x1b[1mwords\x1b[0m \x1b[36mpath=\x1b[0mp\n',
      '12:05AM FTL end\n',
    ])
    expect([logLevelOf('ERR'), logLevelOf('Trace'), logLevelOf('constructor')]).toEqual([
      ...['error', 'trace', null],
    ])
  })

  it('have the colors of the terminal', () => {
    expect(colorProfile(true, { TERM: 'xterm-256color' })).toBe('256')
    expect(colorProfile(true, { TERM: 'xterm-256color', CI: '1' })).toBe('none')
    expect(colorProfile(true, { TERM: 'screen', COLORTERM: 'truecolor' })).toBe('256')
    expect(colorProfile(false, { TERM: 'xterm', COLORTERM: 'truecolor' })).toBe('none')
    expect(colorProfile(false, { CLICOLOR_FORCE: '1' })).toBe('16')
    expect(colorProfile(true, { TERM: 'xterm-color', NO_COLOR: '1' })).toBe('none')
  })
})
