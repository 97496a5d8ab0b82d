// `strongroom scan` on files and repositories of a temporary folder: exit codes, redaction, baseline, review, reports.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { scanProgram } from './program.ts'

const RULES = `
[[rules]]
id = "made-up"
description = "A made-up token"
regex = '''tok_[a-z0-9]{16}'''
keywords = ["tok_"]
`
const token = (end: string): string => `tok_${end.padStart(16, '0')}`

let folder: string
const at = (...parts: string[]): string => join(folder, ...parts)
const write = (name: string, text: string): void => {
  mkdirSync(join(at(name), '..'), { recursive: true })
  writeFileSync(at(name), text)
}
const git = (...args: string[]): void => {
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.test']
  execFileSync('git', ['-C', folder, ...who, ...args], { stdio: 'ignore' })
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scan-'))
  write('.strongroom-scan.toml', RULES)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function run(args: readonly string[], input = '', terminal = false): Promise<Ran> {
  const texts = { out: '', err: '' }
  const stdin = new PassThrough()
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  stdout.on('data', (chunk: Buffer) => {
    texts.out += chunk.toString()
    // A terminal's user answers what is asked.
    if (terminal && /(?:quit|Reason): $/.test(texts.out)) stdin.write(answers.shift() ?? 'q')
  })
  stderr.on('data', (chunk: Buffer) => (texts.err += chunk.toString()))
  if (terminal) {
    const raw = { isTTY: true, setRawMode: () => stdin }
    Object.assign(stdin, raw)
    Object.assign(stdout, { isTTY: true, columns: 80 })
  } else stdin.end(input)
  const code = await scanProgram(args, { stdin, stdout, stderr })
  await new Promise((resolve) => setImmediate(resolve))
  return { code, ...texts }
}
let answers: string[] = []

describe('exit codes', () => {
  it('tell clean, found, error and partial apart', async () => {
    write('a.txt', 'nothing\n')
    expect(await run([folder])).toMatchObject({ code: 0, out: '' })
    write('a.txt', `${token('a')}\n`)
    expect((await run([folder])).code).toBe(1)
    expect((await run([folder, '--exit-code', '9'])).code).toBe(9)
    expect((await run([at('not-there')])).code).toBe(2)
    expect((await run(['--nope'])).code).toBe(2)
    expect((await run([folder, '--tier', 'nope'])).code).toBe(2)
    expect((await run([folder, '--format', 'nope'])).code).toBe(2)
    expect((await run([folder, '--compat', 'nope'])).code).toBe(2)
    expect((await run([folder, '--enable-rule', 'nope'])).code).toBe(2)
    expect((await run([folder, '-c', at('nope.toml')])).code).toBe(2)
    expect((await run(['git', folder])).code).toBe(2)
    write('a.txt', 'x'.repeat(2_000_000))
    const partial = await run([folder, '--max-file-megabytes', '1'])
    expect(partial).toMatchObject({ code: 3, err: expect.stringContaining('The scan is partial') })
    expect(partial.err).toContain('a.txt: larger than 1 MB')
    write('b.txt', `${token('a')}\n`)
    expect((await run([folder, '--max-file-megabytes', '1'])).code).toBe(1)
  })
})

describe('findings', () => {
  it('are printed with the secret masked unless it is asked for', async () => {
    write('sub/a.txt', `one\nkey = ${token('abc')}\n`)
    const { out, err } = await run([folder])
    expect(out).toContain(`sub/a.txt:2:8  made-up\n`)
    expect(out).toContain('tok_[16 more]')
    expect(out).not.toContain(token('abc'))
    expect(out).toMatch(/sr1:made-up:[0-9a-f]{10}/)
    expect(err).toContain('1 finding (1 high) in 1 file')
    expect((await run([folder, '--show-secrets', '-q'])).out).toContain(token('abc'))
    expect((await run([folder, '-q'])).err).toBe('')
  })

  it('show no other secret that a match reaches over, decoded or not', async () => {
    write('.strongroom-scan.toml', '[extend]\nuseDefault = true\n')
    const words = ['tR8', '#vLq2', '!mZx'].join('')
    const json = JSON.stringify({ token: 'Zx9Qm2Lr7VtY4pWc8KdN1hBs' })
    const base64 = (text: string): string => Buffer.from(text).toString('base64')
    write(
      'secret.yaml',
      `kind: Secret\nmetadata: {name: a}\ndata:\n  password: ${base64(words)}\n  j: ${base64(json)}\n`,
    )
    for (const args of [[], ['-f', 'json'], ['--enable-rule', 'kubernetes-secret-yaml']]) {
      const { code, out, err } = await run([...args, folder])
      expect(code, err).toBe(1)
      for (const secret of [words, 'Zx9Qm2', base64(words), base64(json)]) {
        expect(out).not.toContain(secret)
      }
    }
    const told = (await run(['-f', 'json', folder])).out
    expect(told).not.toContain('kubernetes-secret-yaml')
  })

  it('of readers are left out by allowlists as those of rules are', async () => {
    const extend = '[extend]\nuseDefault = true\n'
    const password = ['tR8', '#vLq2', '!mZx'].join('')
    write('a.py', `password = "${password}"\n`)
    const lists = [
      ['', 1],
      ["[[allowlists]]\nregexes = ['''^tR8''']\n", 0],
      ["[[allowlists]]\ntargetRules = ['code-password']\nstopwords = ['vlq2']\n", 0],
      ["[[rules]]\nid = 'code-password'\n[[rules.allowlists]]\npaths = ['''a\\.py''']\n", 0],
      ["[[allowlists]]\nregexTarget = 'line'\nregexes = ['''other''']\n", 1],
    ] as const
    for (const [list, code] of lists) {
      write('.strongroom-scan.toml', extend + list)
      expect(await run([folder]), list).toMatchObject({ code })
    }
    write('.strongroom-scan.toml', `${extend}disabledRules = ["code-password"]\n`)
    expect(await run([folder])).toMatchObject({ code: 0 })
  })

  it('come from standard input, and several paths', async () => {
    expect(
      (await run(['-', '-c', at('.strongroom-scan.toml')], `x ${token('a')}\n`)).out,
    ).toContain('(standard input):1:3')
    write('a.txt', token('a'))
    write('b.txt', token('b'))
    const { out } = await run([at('a.txt'), at('b.txt')])
    expect(out.match(/made-up\n/g)).toHaveLength(2)
  })

  it('never steer a terminal', async () => {
    write('.strongroom-scan.toml', RULES.replace('tok_[a-z0-9]{16}', '(?s)evil.{4,40}?end'))
    write('a.txt', 'tok_ evil\u001b]0;title\u0007\u009b31m end\n')
    const { out } = await run([folder, '--show-secrets'])
    expect(out).toContain('made-up')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
    expect(out).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/)
  })

  it('go into reports, redacted', async () => {
    write('a.txt', `${token('a')}\n`)
    for (const format of ['json', 'csv', 'junit', 'sarif', 'gitlab']) {
      const { out, code } = await run([folder, '-f', format])
      expect([code, out.includes(token('a')), out.includes('made-up')]).toEqual([1, false, true])
    }
    const { out } = await run([folder, '-r', at('r.sarif')])
    expect(out).toContain('made-up')
    expect(JSON.parse(readFileSync(at('r.sarif'), 'utf8')).version).toBe('2.1.0')
    expect((await run([folder, '-r', at('r.unknown')])).code).toBe(2)
  })

  it('are those of gitleaks under --compat gitleaks', async () => {
    write('a.txt', `${token('a')}\n`)
    const args = [folder, '--compat', 'gitleaks', '-f', 'json', '-c', at('.strongroom-scan.toml')]
    const [finding] = JSON.parse((await run([...args, '--show-secrets'])).out)
    expect(finding).toMatchObject({ Fingerprint: `${at('a.txt')}:made-up:1`, Secret: token('a') })
    expect(finding.Tier).toBeUndefined()
  })
})

describe('baseline', () => {
  const create = ['baseline', 'create', '--reason', 'a test', '--owner', 'me']

  it('knows secrets, not places, and forgets nothing by itself', async () => {
    write('a.txt', `${token('a')}\n`)
    expect(await run([...create, folder])).toMatchObject({ code: 0 })
    expect((await run([...create, folder])).code).toBe(2)
    expect((await run([folder])).code).toBe(0)
    rmSync(at('a.txt'))
    write('moved/b.txt', `\n\n  ${token('a')}\n`)
    expect((await run([folder])).err).toContain('1 known by the baseline')
    write('moved/b.txt', `\n\n  ${token('b')}\n`)
    expect((await run([folder])).code).toBe(1)
    expect((await run([folder, '--no-baseline'])).code).toBe(1)
    expect(await run(['baseline', 'update', folder])).toMatchObject({
      out: expect.stringContaining('1 entry added'),
    })
    expect((await run([folder])).code).toBe(0)
    const pruned = await run(['baseline', 'prune', folder])
    expect(pruned.out).toContain('1 entry dropped, 1 entry kept')
    expect((await run([folder])).code).toBe(0)
  })

  it('ends on its day', async () => {
    write('a.txt', `${token('a')}\n`)
    expect((await run([...create, folder, '--expires', 'soon'])).code).toBe(2)
    await run([...create, folder, '--expires', '2020-01-31'])
    const { code, out, err } = await run([folder])
    expect([code, out.includes('known until 2020-01-31')]).toEqual([1, true])
    expect(err).toContain('1 whose time in the baseline is over')
  })

  it('is no finding itself, and refused where it is none', async () => {
    write('a.txt', `${token('a')}\n`)
    await run([...create, folder])
    write('.strongroom-scan.yaml', `${readFileSync(at('.strongroom-scan.yaml'))}# ${token('z')}\n`)
    expect((await run([folder])).code).toBe(0)
    write('.strongroom-scan.yaml', 'nonsense')
    expect(await run([folder])).toMatchObject({ code: 2, err: expect.stringContaining('no map') })
  })
})

describe('histories', () => {
  it('are read from where the last clean scan ended', async () => {
    git('init', '-q')
    write('a.txt', 'nothing\n')
    git('add', '.')
    git('commit', '-qm', 'one')
    expect(await run(['git', folder])).toMatchObject({ code: 0 })
    const again = await run(['git', folder])
    expect(again.err).toContain('Only what is new since the last scan')
    expect(again.err).toContain('Scanned 0 commits')
    write('b.txt', `${token('a')}\n`)
    git('add', '.')
    expect((await run(['staged', folder])).code).toBe(1)
    git('commit', '-qm', 'two')
    // What was found is told of until it is dealt with.
    for (const _ of [1, 2]) expect((await run(['git', folder])).code).toBe(1)
    git('rm', '-q', 'b.txt')
    git('commit', '-qm', 'three')
    expect((await run([folder])).code).toBe(0)
    expect((await run(['git', folder])).code).toBe(1)
    await run(['baseline', 'create', folder, '--history'])
    expect((await run(['git', folder])).code).toBe(0)
    // Only the history needs the entry.
    expect((await run(['baseline', 'prune', folder])).out).toContain('0 entries dropped')
    // Other rules: all is read again.
    write('.strongroom-scan.toml', RULES.replace('made-up', 'other'))
    expect((await run(['git', folder])).code).toBe(1)
    expect((await run(['git', folder, '--range', 'HEAD~1..HEAD'])).code).toBe(0)
  })
})

describe('review', () => {
  it('needs a terminal', async () => {
    expect(await run(['review', folder])).toMatchObject({ code: 2 })
  })

  it('takes one key for each secret and a reason for what is known', async () => {
    write('a.txt', `${token('a')}\n`)
    write('b.txt', `${token('b')}\n${token('a')}\n`)
    write('c.txt', `${token('c')}\n`)
    answers = ['y', 'because\r', 'n', 's']
    const { code, out } = await run(['review', folder, '--owner', 'me'], '', true)
    expect(code).toBe(1)
    expect(out).toContain('1 of 3, in 2 places')
    expect(out).toContain('1 known from now on, 1 to be removed, 1 not decided')
    const file = readFileSync(at('.strongroom-scan.yaml'), 'utf8')
    expect(file).toContain('reason: because')
    expect((await run([folder])).err).toContain('2 findings (2 high) in 2 files; 2 known')
    answers = ['q']
    expect((await run(['review', folder], '', true)).out).toContain('0 known from now on')
  })
})

describe('rules and their files', () => {
  it('are listed, explained and tried', async () => {
    const config = ['-c', at('.strongroom-scan.toml')]
    expect((await run(['rules', 'list', ...config])).out).toBe('made-up  high    A made-up token\n')
    expect(JSON.parse((await run(['rules', 'list', '-f', 'json', ...config])).out)).toHaveLength(1)
    expect((await run(['rules', 'explain', 'made-up', ...config])).out).toContain(
      'near one of: tok_',
    )
    expect((await run(['rules', 'explain', 'nope', ...config])).code).toBe(2)
    const extra = `${RULES}entropy = 3.0\n[[rules.allowlists]]\nregexes = ["abc"]\n`
    write('x.toml', extra)
    const input = `${token('a')}\ntok_0123456789abcdef\ntok_0123456789qwerty\n`
    const tried = await run(['rules', 'test', 'made-up', '-c', at('x.toml')], input)
    expect(tried.code).toBe(1)
    expect(tried.out).toContain('1:1  left out: entropy not above 3')
    expect(tried.out).toContain('2:2  left out by an allowlist')
    expect(tried.out).toMatch(/3:2 {2}entropy 4\.\d\d/)
    expect(tried.out).not.toContain('qwerty')
  })

  it('are checked', async () => {
    write('x.toml', RULES)
    expect(await run(['config', 'check', at('x.toml')])).toMatchObject({
      code: 0,
      out: expect.stringContaining('1 rules'),
    })
    for (const bad of ['[[rules', `[[rules]]\nid = "a"\nregex = "("\n`, '[[rules]]\nid = 1\n']) {
      write('x.toml', bad)
      const { code, err } = await run(['config', 'check', at('x.toml')])
      expect([code, err.includes('x.toml')]).toEqual([2, true])
    }
  })
})
