// git-secrets against the original (the Debian package): the same commands in two fresh repositories give the same
// output and exit codes, hooks and merges included; and what is better here than there.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requireProgram } from '../support/live-program.ts'

const ORIGINAL = '/usr/bin/git-secrets'
const OURS = fileURLToPath(new URL('../../bin/strongroom', import.meta.url))
const root = mkdtempSync(join(tmpdir(), 'strongroom-git-secrets-'))

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A repository with a home of its own in which `git secrets` is ours or the original. */
class Place {
  readonly home: string
  readonly repo: string
  readonly bin: string
  constructor(name: string, program: string) {
    const at = join(root, name)
    this.home = join(at, 'home')
    this.repo = join(at, 'repo')
    this.bin = join(at, 'bin')
    for (const folder of [this.home, this.repo, this.bin]) mkdirSync(folder, { recursive: true })
    symlinkSync(program, join(this.bin, 'git-secrets'))
    for (const setting of [
      'user.email a@b.c',
      'user.name N',
      'init.defaultBranch main',
      'advice.detachedHead false',
    ])
      this.run(['git', 'config', '--global', ...setting.split(' ')])
    this.run(['git', 'init', '-q', '.'])
  }

  run(command: readonly string[], input = ''): Ran {
    const done = spawnSync(command[0]!, command.slice(1), {
      cwd: this.repo,
      input,
      encoding: 'utf8',
      env: {
        PATH: `${this.bin}:${process.env.PATH}`,
        HOME: this.home,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_AUTHOR_DATE: '2024-01-01T00:00:00Z',
        GIT_COMMITTER_DATE: '2024-01-01T00:00:00Z',
      },
    })
    const plain = (text: string): string => text.replaceAll(join(this.repo, '..'), '<place>')
    return { code: done.status, out: plain(done.stdout), err: plain(done.stderr) }
  }

  secrets(...args: string[]): Ran {
    return this.run(['git', 'secrets', ...args])
  }

  write(path: string, text: string | Buffer): void {
    mkdirSync(join(this.repo, path, '..'), { recursive: true })
    writeFileSync(join(this.repo, path), text)
  }
}

let count = 0
function pair(): readonly [Place, Place] {
  count++
  return [new Place(`ours-${count}`, OURS), new Place(`original-${count}`, ORIGINAL)]
}

/** Lines that only we say, and help texts, which are in our own words. */
const ownWords = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !line.startsWith('git secrets: ') && !/^ {4}(-|--)\S/.test(line))
    .join('\n')

function same(places: readonly [Place, Place], command: readonly string[], input = ''): Ran {
  const [ours, theirs] = places.map((place) => place.run(command, input)) as [Ran, Ran]
  const words = (ran: Ran): Ran => ({
    code: ran.code,
    out: ownWords(ran.out),
    err: ownWords(ran.err),
  })
  expect(words(ours), command.join(' ')).toEqual(words(theirs))
  return ours
}

beforeAll(async () => {
  await requireProgram('test', ['-x', ORIGINAL], 'sudo apt-get install git-secrets')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

// A few hundred starts of git: slow where the machine is busy.
describe('as the original', { timeout: 180_000 }, () => {
  const AWS_KEY = ['AKIA', 'QWERTYUIOPASDFGH'].join('')

  it('reads options, refuses combinations and prints usage', () => {
    const places = pair()
    for (const args of [
      [],
      ['-h'],
      ['--bogus'],
      ['-r', '--scan'],
      ['--scan', '-f', 'x'],
      ['--scan', '-r', '--cached'],
      ['--list', '-a'],
      ['--add', '--untracked', 'x'],
      ['--no-scan'],
      ['file'],
      ['--'],
      ['--scan'],
      ['--list'],
      ['--ad', 'abbreviated'],
      ['--s'],
    ])
      same(places, ['git', 'secrets', ...args])
  })

  it('registers patterns once', () => {
    const places = pair()
    for (const args of [
      ['--add', 'foo.bar'],
      ['--add', 'foo.bar'],
      ['--add', '-l', 'a+b(c)|{d}^$?*.'],
      ['--add', '--literal', '--allowed', 'x.y'],
      ['--add', '-a', 'fooXbar ok'],
      ['--add', '--global', 'everywhere'],
      ['--add-provider', '--global', 'echo', 'from-provider'],
      ['--list'],
      ['--list', '--global'],
    ])
      same(places, ['git', 'secrets', ...args])
  })

  it('registers AWS patterns that find a key', () => {
    const places = pair()
    expect(same(places, ['git', 'secrets', '--register-aws']).out).toBe('OK\n')
    same(places, ['git', 'secrets', '--register-aws'])
    for (const place of places)
      place.write(
        'k.txt',
        `key ${AWS_KEY}\nid ${'AKIA'}IOSFODNN7EXAMPLE\naws_account_id: 1234-5678-9012\n`,
      )
    expect(same(places, ['git', 'secrets', '--scan', 'k.txt']).err).toContain(
      `k.txt:1:key ${AWS_KEY}\n`,
    )
  })

  it('scans files, folders, the index, untracked files and standard input', () => {
    const places = pair()
    for (const place of places) {
      place.secrets('--add', 'foo.bar')
      place.secrets('--add', '-a', 'fooXbar ok')
      place.write('f.txt', 'x foo1bar y\nfooXbar ok\nxfoo2barx\n')
      place.write('sub/g', 'foo2bar\n')
      place.write('binary', Buffer.from('foo3bar\0'))
      place.write('ünï code', 'foo4bar\n')
      place.run(['git', 'add', 'f.txt', 'ünï code'])
    }
    for (const args of [
      ['--scan'],
      ['--scan', 'f.txt', 'sub', 'binary'],
      ['--scan', '-r', 'sub'],
      ['--scan', '--recursive', 'f.txt', 'sub'],
      ['--scan', '--untracked'],
      ['--scan', '--no-index', '.'],
      ['--scan', '--cached'],
      ['--scan', '--cached', 'sub'],
      ['--scan', '--', 'f.txt'],
      ['--scan', 'missing'],
    ])
      same(places, ['git', 'secrets', ...args])
    expect(same(places, ['git', 'secrets', '--scan', '-'], 'a\nfoo9bar\n').err).toContain(
      '(standard input):2:foo9bar',
    )
    for (const place of places) place.write('.gitallowed', '# why\n\nfoo.bar\n')
    expect(same(places, ['git', 'secrets', '--scan']).code).toBe(0)
  })

  it('scans the history', () => {
    const places = pair()
    for (const place of places) {
      place.secrets('--add', 'foo[0-9]bar')
      for (const [n, text] of [
        'clean',
        'foo1bar',
        'fine again',
        '@@ -1 +1 @@\n+foo2bar',
      ].entries()) {
        place.write('a', `${text}\n`)
        if (n === 2) place.write('b', '--- a/foo3bar\n')
        place.run(['git', 'add', '-A'])
        place.run(['git', 'commit', '-qm', `c${n}`])
      }
      place.run(['git', 'checkout', '-qb', 'side', 'HEAD~2'])
      place.write('c', 'foo5bar\n')
      place.run(['git', 'add', '-A'])
      place.run(['git', 'commit', '-qm', 'side'])
      place.run(['git', 'checkout', '-q', 'main'])
    }
    expect(
      same(places, ['git', 'secrets', '--scan-history']).err.split('\n').length,
    ).toBeGreaterThan(12)
    for (const place of places) place.secrets('--add', '-a', 'bar')
    expect(same(places, ['git', 'secrets', '--scan-history']).code).toBe(0)
  })

  it('installs hooks that refuse commits, messages and merges', () => {
    const places = pair()
    for (const place of places) place.secrets('--add', 'foo.bar')
    same(places, ['git', 'secrets', '--install'])
    expect(same(places, ['git', 'secrets', '--install']).code).toBe(1)
    same(places, ['git', 'secrets', '--install', '--force'])
    for (const hook of ['pre-commit', 'commit-msg', 'prepare-commit-msg'])
      same(places, ['cat', `.git/hooks/${hook}`])
    for (const place of places) place.write('f', 'foo1bar\n')
    same(places, ['git', 'add', 'f'])
    expect(same(places, ['git', 'commit', '-qm', 'leaks']).code).toBe(1)
    same(places, ['git', 'rm', '-q', '--cached', 'f'])
    for (const place of places) place.write('g', 'fine\n')
    same(places, ['git', 'add', 'g'])
    expect(same(places, ['git', 'commit', '-qm', 'says foo2bar']).code).toBe(1)
    expect(same(places, ['git', 'commit', '-qm', 'fine']).code).toBe(0)
    same(places, ['git', 'checkout', '-qb', 'topic'])
    same(places, ['git', 'add', 'f'])
    same(places, ['git', 'commit', '-qnm', 'topic'])
    same(places, ['git', 'checkout', '-q', 'main'])
    for (const place of places) place.write('h', 'more\n')
    same(places, ['git', 'add', 'h'])
    same(places, ['git', 'commit', '-qm', 'more'])
    expect(same(places, ['git', 'merge', '--no-edit', 'topic']).code).not.toBe(0)
    for (const place of places) mkdirSync(join(place.repo, '.git/hooks/pre-commit.d'))
    same(places, ['git', 'secrets', '--install', '-f'])
    same(places, ['git', 'secrets', '--install', '../template'])
  })

  it('reads the keys of a credentials file', () => {
    const places = pair()
    for (const place of places) {
      mkdirSync(join(place.home, '.aws'))
      const text =
        '[d]\naws_access_key_id = QQQQABCDEFGH\naws_secret_access_key="abc/def+ghi"\nregion = x\n'
      writeFileSync(join(place.home, '.aws/credentials'), text)
      place.write('k', 'the abc/def+ghi key\n')
    }
    same(places, ['git', 'secrets', '--aws-provider'])
    same(places, ['git', 'secrets', '--aws-provider', 'missing'])
    same(places, ['git', 'secrets', '--add-provider', 'git secrets --aws-provider'])
    expect(same(places, ['git', 'secrets', '--scan', 'k']).code).toBe(1)
  })
})

describe('better than the original', { timeout: 180_000 }, () => {
  let place: Place
  beforeAll(() => {
    place = new Place('better', OURS)
  })

  it('says that no pattern is registered', () => {
    const ran = place.secrets('--scan')
    expect(ran).toMatchObject({ code: 0, out: '' })
    expect(ran.err).toContain('git secrets --register-aws')
  })

  it('runs no provider that the repository names, unless told so', () => {
    const marker = join(root, 'ran')
    place.write('provider.sh', `#!/bin/sh\ntouch ${marker}\necho provided\n`)
    chmodSync(join(place.repo, 'provider.sh'), 0o755)
    place.secrets('--add-provider', './provider.sh')
    place.secrets('--add', 'other')
    place.write('p', 'provided\n')
    const ran = place.secrets('--scan', 'p')
    expect(ran.code).toBe(0)
    expect(ran.err).toContain('--trust-repo-config')
    expect(existsSync(marker)).toBe(false)
    expect(place.secrets('--trust-repo-config', '--scan', 'p').code).toBe(1)
    expect(existsSync(marker)).toBe(true)
    place.run(['git', 'config', '--unset-all', 'secrets.providers'])
  })

  it('sees a staged file whose name git would quote, and files by the thousand', () => {
    place.secrets('--add', 'foo.bar')
    place.secrets('--install')
    for (let n = 0; n < 3000; n++) place.write(`many/a-rather-long-name-of-a-file-${n}`, 'x\n')
    place.write('many/schlüssel*', 'foo1bar\n')
    place.run(['git', 'add', '-A'])
    const ran = place.run(['git', 'commit', '-qm', 'x'])
    expect(ran.code).toBe(1)
    expect(ran.err).toContain('many/schlüssel*'.replace('ü', '\\303\\274'))
    place.run(['git', 'rm', '-rq', '--cached', 'many'])
  })

  it('installs where git looks: linked worktrees and core.hooksPath', () => {
    place.run(['git', 'commit', '-qnm', 'start', '--allow-empty'])
    place.run(['git', 'worktree', 'add', '-q', '../linked'])
    const linked = spawnSync('git', ['secrets', '--install', '-f'], {
      cwd: join(place.repo, '../linked'),
      env: { PATH: `${place.bin}:${process.env.PATH}`, HOME: place.home },
      encoding: 'utf8',
    })
    expect(linked.stdout).toContain('repo/.git/hooks/pre-commit\n')
    place.run(['git', 'config', 'core.hooksPath', 'shared-hooks'])
    expect(place.secrets('--install').out).toContain(
      'Installed pre-commit hook to shared-hooks/pre-commit',
    )
    expect(readFileSync(join(place.repo, 'shared-hooks/pre-commit'), 'utf8')).toContain(
      '--pre_commit_hook',
    )
  })

  it('keeps the patterns of providers out of the list of processes', () => {
    mkdirSync(join(place.home, '.aws'))
    writeFileSync(join(place.home, '.aws/credentials'), 'aws_secret_access_key = sh0uldn0tbeseen\n')
    place.run([
      'git',
      'config',
      '--global',
      '--add',
      'secrets.providers',
      'git secrets --aws-provider',
    ])
    const log = join(root, 'argv')
    for (const name of ['git', 'grep']) {
      const real = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim()
      writeFileSync(join(place.bin, name), `#!/bin/sh\necho "$@" >> ${log}\nexec ${real} "$@"\n`)
      chmodSync(join(place.bin, name), 0o755)
    }
    place.write('leak', 'sh0uldn0tbeseen\n')
    place.run(['git', 'add', 'leak'])
    place.run(['git', 'commit', '-qnm', 'leak'])
    // Not as a subcommand: git would put its own programs before those of PATH.
    for (const args of [['--scan'], ['--scan', 'leak'], ['--scan-history']])
      expect(place.run(['git-secrets', ...args]).code, args.join(' ')).toBe(1)
    expect(readFileSync(log, 'utf8')).toContain('grep -nwHEI')
    expect(readFileSync(log, 'utf8')).not.toContain('sh0uldn0tbeseen')
  })

  it('has a manual that man finds', () => {
    const bin = join(root, 'named/bin')
    const made = spawnSync(OURS, ['install-names', '-force', bin, 'git-secrets'], {
      encoding: 'utf8',
    })
    expect(made.status, made.stderr).toBe(0)
    const help = spawnSync('man', ['git-secrets'], {
      encoding: 'utf8',
      env: {
        PATH: `${bin}:${process.env.PATH}`,
        HOME: place.home,
        MANPAGER: 'cat',
        PAGER: 'cat',
        MANROFFOPT: '-c',
      },
    })
    expect(help.stdout, help.stderr).toContain('trust-repo-config')
  })
})
