// Our program under the name gitleaks beside the original: the same line in the same folder gives the same bytes on
// standard output, the same log lines but for times, the same exit code. Texts of help are our own and left out here.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Line, type Output, ourScript, runLine, steady } from '../support/gitleaks-lines.ts'
import { buildGitleaks, GITLEAKS_BUILD_MS } from '../support/gitleaks-oracle.ts'
import { makeFixture, TEMPLATES } from './gitleaks-cases/fixture.ts'

let folder: string
let theirs: readonly string[]
let ours: readonly string[]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gitleaks-'))
  makeFixture(folder)
  for (const [name, text] of Object.entries(TEMPLATES)) writeFileSync(join(folder, name), text)
  theirs = [(await buildGitleaks()).program]
  ours = [process.execPath, await ourScript(), 'gitleaks']
}, GITLEAKS_BUILD_MS + 30_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Rest = Omit<Line, 'args' | 'cwd'>

async function both(args: readonly string[], rest: Rest = {}): Promise<[Output, Output]> {
  const line: Line = { args, cwd: folder, ...rest }
  const original = steady(await runLine(theirs, line))
  return [original, steady(await runLine(ours, line))]
}

async function same(text: string, rest: Rest = {}): Promise<Output> {
  const [original, own] = await both(text.split(' ').filter(Boolean), rest)
  expect(own).toEqual(original)
  return original
}

const RULES = '-c rules.toml'
const FORMATS = ['json', 'csv', 'junit', 'sarif']

describe('reports', { timeout: 60_000 }, () => {
  const targets = [
    'dir tree/one.txt',
    'dir tree/many.txt',
    'dir tree/crlf.txt',
    'dir tree/bytes.txt',
    'dir tree/block.txt',
    'dir tree/parts.txt',
    'dir tree/key.pem',
    'dir tree/named.cfg',
    'dir plain',
    'git repo',
    'git repo --staged',
  ]
  for (const target of targets) {
    it.each(FORMATS)(`${target} as %s`, async (format) => {
      const { code } = await same(`${target} ${RULES} -f ${format} -r -`)
      expect(code).toBe(target === 'dir plain' ? 0 : 1)
      await same(`${target} ${RULES} -f ${format} -r - --redact=40 --no-banner`)
    })
  }

  it.each(Object.keys(TEMPLATES))('by the template %s', async (name) => {
    await same(`dir tree/many.txt ${RULES} -f template --report-template ${name} -r -`)
    await same(`git repo ${RULES} -f template --report-template=${name} -r -`)
  })

  it('go to a file, whose name may say the format', async () => {
    for (const name of ['x.json', 'x.CSV', 'x.sarif']) {
      const read = async (command: readonly string[]) => {
        const args = ['dir', 'tree/many.txt', '-c', 'rules.toml', '-r', name]
        const { code } = await runLine(command, { args, cwd: folder })
        return [code, readFileSync(join(folder, name), 'latin1')]
      }
      expect(await read(ours)).toEqual(await read(theirs))
    }
  })
})

describe('findings as they are printed', { timeout: 60_000 }, () => {
  it.each([
    'one.txt',
    'many.txt',
    'block.txt',
    'blocks.txt',
    'crlf.txt',
    'parts.txt',
    'key.pem',
    'encoded.txt',
    'with space, comma.md',
  ])('%s', async (name) => {
    for (const more of [[], ['--no-color'], ['--redact'], ['--redact=30'], ['--redact=100']]) {
      const args = ['dir', `tree/${name}`, '-c', 'rules.toml', '-v', ...more]
      // Unlike the original, we redact the parts of composite rules too.
      const [original, own] = await both(args)
      if (name !== 'parts.txt' || !more[0]?.startsWith('--redact')) expect(own).toEqual(original)
      else expect(own.stdout).not.toContain('part-abcd')
    }
  })

  it.each(['24bit', 'yes', ''])('in colors, with COLORTERM=%s', async (COLORTERM) => {
    for (const TERM of ['xterm-256color', 'xterm-color', 'dumb']) {
      const env = { COLORTERM, TERM, CLICOLOR_FORCE: '1' }
      await same(`dir tree/many.txt ${RULES} -v`, { env })
      await same(`dir tree/parts.txt ${RULES} -v`, { env })
      await same(`dir tree/block.txt ${RULES} -v`, { env: { ...env, NO_COLOR: '1' } })
    }
  })

  it('from git, with links', async () => {
    for (const platform of ['', 'github', 'gitlab', 'gitea', 'bitbucket', 'azuredevops', 'none']) {
      await same(`git repo ${RULES} -v ${platform === '' ? '' : `--platform ${platform}`}`)
    }
  })
})

describe('verbs', { timeout: 60_000 }, () => {
  it.each([
    'git repo',
    'git repo --staged',
    'git repo --pre-commit',
    'git repo --log-opts=--max-count=1',
    'detect -s repo',
    'detect --no-git -s tree/one.txt',
    'detect --source=repo --log-opts --all',
    'protect -s repo',
    'protect -s repo --staged',
    'directory tree/one.txt',
    'file tree/one.txt',
    'dir',
    'dir plain extra --enable-rule block',
  ])('%s', async (verb) => {
    const args = verb === 'dir' ? `dir ${RULES} --enable-rule block --exit-code 0` : verb
    await same(`${args} ${verb === 'dir' ? '' : RULES}`)
    if (!/^dir/.test(verb)) await same(`${verb} ${RULES} -f json -r -`)
  })

  it.each(['stdin', 'detect --pipe', 'detect --pipe -s tree'])('%s', async (verb) => {
    const input = readFileSync(join(folder, 'tree/many.txt'))
    await same(`${verb} ${RULES} -v -f json -r -`, { input })
    await same(`${verb} ${RULES}`, { input: '' })
  })

  it('version', async () => {
    await same('version')
    await same('--version')
  })
})

describe('what is ignored and known', { timeout: 60_000 }, () => {
  const ignore = (text: string): void => writeFileSync(join(folder, '.gitleaksignore'), text)
  afterAll(() => rmSync(join(folder, '.gitleaksignore'), { force: true }))

  it('.gitleaksignore', async () => {
    ignore('# comment\n\ntree/one.txt:made-up-token:1\nno fingerprint\na:b:c:d:e\n')
    expect((await same(`dir tree/one.txt ${RULES}`)).code).toBe(0)
    const { stdout } = await same(`git repo ${RULES} -f json -r -`)
    const [{ Fingerprint }] = JSON.parse(stdout) as [{ Fingerprint: string }]
    ignore(`${Fingerprint}\n`)
    expect((await same(`git repo ${RULES}`)).code).toBe(0)
    ignore(`  tree\\many.txt:made-up-token:1  \n`)
    await same(`dir tree/many.txt ${RULES} -v`)
    await same(`dir tree/many.txt ${RULES} -v -i repo`)
    await same(`dir tree/many.txt ${RULES} -v -i .gitleaksignore`)
    ignore('')
  })

  it('an old report', async () => {
    const write = async (target: string, name: string): Promise<void> => {
      const { stdout } = await same(`${target} ${RULES} -f json -r -`)
      writeFileSync(join(folder, name), Buffer.from(stdout, 'latin1'))
    }
    await write('git repo', 'git.json')
    await write('dir tree/many.txt', 'many.json')
    expect((await same(`git repo ${RULES} -b git.json`)).code).toBe(0)
    expect((await same(`dir tree/many.txt ${RULES} -b many.json -v`)).code).toBe(0)
    expect((await same(`dir tree/many.txt ${RULES} -b git.json`)).code).toBe(1)
    expect((await same(`dir tree/many.txt ${RULES} -b many.json --redact`)).code).toBe(0)
    const changed = readFileSync(join(folder, 'many.json'), 'utf8').replace(
      '"StartLine": 3',
      '"startline": 4',
    )
    writeFileSync(join(folder, 'changed.json'), changed)
    await same(`dir tree/many.txt ${RULES} -b changed.json -v`)
    for (const [name, text] of [
      ['text.json', 'no json'],
      ['map.json', '{}'],
      ['null.json', 'null'],
      ['odd.json', '[{"RuleID": 1}]'],
    ] as const) {
      writeFileSync(join(folder, name), text)
      await same(`dir tree/one.txt ${RULES} -b ${name}`)
    }
    await same(`dir tree/one.txt ${RULES} -b not-there.json`)
  })

  it('allow comments', async () => {
    expect((await same(`dir tree/allowed.txt ${RULES}`)).code).toBe(0)
    expect((await same(`dir tree/allowed.txt ${RULES} --ignore-gitleaks-allow`)).code).toBe(1)
  })
})

describe('rules', { timeout: 60_000 }, () => {
  const toml = (): string => readFileSync(join(folder, 'rules.toml'), 'utf8')

  it('come from the flag, the environment or the target, in this order', async () => {
    const none = `[[rules]]\nid = "none"\nregex = '''never-there'''\n`
    writeFileSync(join(folder, 'none.toml'), none)
    const found = { GITLEAKS_CONFIG: 'rules.toml' }
    expect((await same('dir tree/one.txt', { env: found })).code).toBe(1)
    expect((await same('dir tree/one.txt -c none.toml', { env: found })).code).toBe(0)
    const text = { GITLEAKS_CONFIG_TOML: toml() }
    expect((await same('dir tree/one.txt', { env: text })).code).toBe(1)
    const file = { ...text, GITLEAKS_CONFIG: 'none.toml' }
    expect((await same('dir tree/one.txt', { env: file })).code).toBe(0)
    writeFileSync(join(folder, 'plain/.gitleaks.toml'), toml())
    writeFileSync(join(folder, 'plain/found.txt'), `tok_${'0'.repeat(8)}\n`)
    expect((await same('dir plain')).code).toBe(1)
    expect((await same('dir plain -c none.toml')).code).toBe(0)
    rmSync(join(folder, 'plain/.gitleaks.toml'))
    rmSync(join(folder, 'plain/found.txt'))
  })

  it('can be chosen', async () => {
    await same(`dir tree/many.txt ${RULES} --enable-rule block`)
    await same(
      `dir tree/many.txt ${RULES} --enable-rule made-up-token --enable-rule=block,named -v`,
    )
    await same(`dir tree/many.txt ${RULES} --enable-rule nope`)
    await same(`dir tree/many.txt ${RULES} --enable-rule block -f sarif -r -`)
  })
})

describe('mistakes', { timeout: 60_000 }, () => {
  it.each([
    'dir not-there',
    'dir tree -c not-there.toml',
    `dir tree/one.txt ${RULES} --exit-code 42`,
    `dir tree/one.txt ${RULES} -r x.unknown`,
    `dir tree/one.txt ${RULES} -r -`,
    `dir tree/one.txt ${RULES} -r - -f nope`,
    `dir tree/one.txt ${RULES} -r no/such/folder.json`,
    `dir tree/one.txt ${RULES} -r - -f template`,
    `dir tree/one.txt ${RULES} -r - -f template --report-template not-there`,
    `dir tree/one.txt ${RULES} -r - -f json --report-template range.tmpl`,
    `dir tree/one.txt ${RULES} -l nonsense`,
    `dir tree/one.txt ${RULES} -l error`,
    `git repo ${RULES} --platform nowhere`,
    'nonsense',
    'gti',
    'repo',
  ])('%s', async (line) => {
    await same(line)
  })

  it.each([
    ['dir --nope', 126],
    ['--nope dir', 126],
    ['git repo extra', 1],
    ['dir -Z', 1],
    ['dir -vZ', 1],
    ['dir --exit-code=x', 1],
    ['dir --exit-code', 1],
    ['dir -c', 1],
    ['dir --redact=-1', 1],
    ['dir --redact=0x_', 1],
    ['dir --verbose=maybe', 1],
    ['dir --enable-rule a"b', 1],
    ['dir ---x', 1],
    ['dir --=x', 1],
    ['dir --timeout 1s', 1],
    ['completion bash extra', 1],
    ['completion --nope', 126],
  ] as const)('%s: the error, without the help', async (line, code) => {
    const [original, own] = await both(line.split(' '))
    const error = ({ stderr }: Output): string => stderr.split('\nUsage:')[0]!
    expect(error(own)).toBe(error(original))
    expect([own.code, original.code]).toEqual([code, code])
    const last = ({ stderr }: Output): string | undefined => stderr.trimEnd().split('\n').at(-1)
    if (code === 1) expect(last(own)).toBe(last(original))
  })

  it('end a scan of what is no repository, unlike the original, which ends with 0', async () => {
    const [original, own] = await both(['git', 'tree', '-c', 'rules.toml'])
    expect([original.code, own.code]).toEqual([0, 1])
    expect(own.stderr).toContain('not a git repository')
    expect(own.stderr).toContain('no leaks found in partial scan')
  })

  it('refuse profiles', async () => {
    const own = await runLine(ours, { args: ['dir', 'plain', '--diagnostics', 'cpu'], cwd: folder })
    expect(own.code).toBe(1)
    expect(own.stderr).toContain('Error initializing diagnostics')
  })
})

describe('completion', { timeout: 60_000 }, () => {
  const words = ({ stdout }: Output): string[] =>
    stdout.split('\n').map((line) => line.split('\t')[0]!)

  it.each(['d', 'dir --re', 'dir --report-path ', 'help v', 'completion ', 'dir --report-path= '])(
    '"%s" is completed with the same words',
    async (line) => {
      const args = ['__complete', ...line.split(' ')]
      const [original, own] = await both(args)
      expect(words(own)).toEqual(words(original))
      expect(own.stderr).toBe(original.stderr)
    },
  )
})
