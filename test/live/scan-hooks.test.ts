// The hooks in real repositories: installed, chained behind others, called by git's own commits and pushes, taken away.
// The program is the bundle; what is looked for is made up.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const PROGRAM = fileURLToPath(new URL('../../bin/strongroom', import.meta.url))
const RULES = `
[[rules]]
id = "made-up"
description = "A made-up token"
regex = '''tok_[a-z0-9]{16}'''
keywords = ["tok_"]
`
const token = (end: string): string => `tok_${end.padStart(16, '0')}`

let home: string
let folder: string
const at = (...parts: string[]): string => join(folder, ...parts)
const env = (): NodeJS.ProcessEnv => {
  const own: NodeJS.ProcessEnv = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (!name.startsWith('GIT_') && name !== 'XDG_CONFIG_HOME') own[name] = value
  }
  const who = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@example.test' }
  const committer = { GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@example.test' }
  return { ...own, ...who, ...committer, HOME: home, GIT_CONFIG_NOSYSTEM: '1' }
}

interface Ran {
  readonly code: number | null
  readonly out: string
}
const program = (command: string, args: readonly string[], directory = folder): Ran => {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: directory,
    env: env(),
    encoding: 'utf8',
  })
  return { code: status, out: stdout + stderr }
}
const git = (...args: string[]): Ran => program('git', args)
const mustGit = (...args: string[]): string =>
  execFileSync('git', args, { cwd: folder, env: env(), encoding: 'utf8', stdio: 'pipe' }).trim()
const hooks = (...args: string[]): Ran => program(PROGRAM, ['scan', 'hooks', ...args])
const write = (path: string, text: string, mode = 0o644): void => {
  mkdirSync(dirname(at(path)), { recursive: true })
  writeFileSync(at(path), text)
  chmodSync(at(path), mode)
}
const script = (path: string, text: string): void => write(path, `#!/bin/sh\n${text}\n`, 0o755)
/** All files of a folder with their modes, links and texts. */
const stateOf = (path: string): string[] =>
  readdirSync(path).map((name) => {
    const entry = lstatSync(join(path, name))
    if (entry.isSymbolicLink()) return `${name} -> ${readlinkSync(join(path, name))}`
    return `${name} ${entry.mode} ${entry.mtimeMs} ${readFileSync(join(path, name), 'utf8')}`
  })

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'scan-hooks-'))
  folder = join(home, 'work')
  mkdirSync(folder)
  mustGit('init', '-q', '-b', 'main')
  write('.strongroom-scan.toml', RULES)
  mustGit('add', '.')
  mustGit('commit', '-qm', 'rules')
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const LIMIT = { timeout: 60_000 }

describe('a clone', LIMIT, () => {
  it('refuses to commit a secret, in files and in the message', () => {
    const { code, out } = hooks('install')
    expect([code, out]).toEqual([0, expect.stringContaining('pre-push: installed (')])
    write('a.txt', `x ${token('a')}\n`)
    mustGit('add', '.')
    const refused = git('commit', '-qm', 'x')
    expect(refused.code).toBe(1)
    expect(refused.out).toContain('a.txt:1:3  made-up')
    expect(refused.out).toContain('git commit --no-verify')
    expect(refused.out).not.toContain(token('a'))
    write('a.txt', 'fine\n')
    // Only what is staged counts.
    expect(git('commit', '-qm', 'x').code).toBe(1)
    mustGit('add', '.')
    expect(git('commit', '-qm', `has ${token('b')}`).out).toContain('COMMIT_EDITMSG:1:5')
    expect(git('commit', '-qm', 'x')).toEqual({ code: 0, out: '' })
  })

  it('lets known findings, and --no-verify, through', () => {
    hooks('install')
    write('a.txt', token('a'))
    mustGit('add', '.')
    program(PROGRAM, ['scan', 'baseline', 'create', '--reason', 'a test'])
    expect(git('commit', '-qm', 'x').code).toBe(0)
    write('a.txt', token('b'))
    expect(git('commit', '-qam', 'x').code).toBe(1)
    expect(git('commit', '-qam', 'x', '--no-verify').code).toBe(0)
  })

  it('runs the hook that was there first, with its arguments and input', () => {
    script('.git/hooks/pre-commit', 'echo first >>order; test ! -e stop')
    script('.git/hooks/commit-msg', 'cp "$1" message; echo more >>"$1"')
    script('.git/hooks/pre-push', 'echo "$@" >arguments; cat >input')
    mustGit('init', '-q', '--bare', '../server')
    mustGit('remote', 'add', 'origin', '../server')
    const before = stateOf(at('.git/hooks'))
    const { out } = hooks('install')
    expect(out.match(/behind the hook that was there/g)).toHaveLength(3)
    expect(hooks('install').out.match(/is installed already/g)).toHaveLength(3)
    expect(hooks('status')).toEqual({
      code: 0,
      out: expect.stringContaining('pre-commit: installed, behind another hook'),
    })
    expect(git('commit', '-qm', 'x', '--allow-empty').code).toBe(0)
    expect(readFileSync(at('order'), 'utf8')).toBe('first\n')
    expect(readFileSync(at('message'), 'utf8')).toBe('x\n')
    expect(mustGit('log', '-1', '--format=%B')).toBe('x\nmore')
    write('stop', '')
    expect(git('commit', '-qm', 'y', '--allow-empty').code).toBe(1)
    rmSync(at('stop'))
    expect(git('push', '-q', 'origin', 'main').code).toBe(0)
    expect(readFileSync(at('arguments'), 'utf8')).toBe('origin ../server\n')
    const head = mustGit('rev-parse', 'HEAD')
    const zeros = '0'.repeat(40)
    expect(readFileSync(at('input'), 'utf8')).toBe(
      `refs/heads/main ${head} refs/heads/main ${zeros}\n`,
    )
    expect(hooks('uninstall').code).toBe(0)
    expect(stateOf(at('.git/hooks'))).toEqual(before)
    expect(hooks('uninstall').out).toContain('No hook of ours')
  })

  it('keeps a hook that is a link, or not to be run, as it is', () => {
    script('tools/check', 'echo ran >>order')
    symlinkSync('../../tools/check', at('.git/hooks/pre-commit'))
    write('.git/hooks/commit-msg', '#!/bin/sh\nexit 1\n')
    const before = stateOf(at('.git/hooks'))
    hooks('install')
    expect(git('commit', '-qm', 'x', '--allow-empty').code).toBe(0)
    expect(readFileSync(at('order'), 'utf8')).toBe('ran\n')
    hooks('uninstall')
    expect(stateOf(at('.git/hooks'))).toEqual(before)
  })

  it('keeps the flags of an installation, and finds the program when it has moved', () => {
    hooks('install', '--pre-commit', '--disable-rule', 'made-up', '--partial', 'refuse')
    const text = readFileSync(at('.git/hooks/pre-commit'), 'utf8')
    expect(text).toContain(`'--disable-rule=made-up' '--partial=refuse' -- "$@"`)
    write('a.txt', token('a'))
    mustGit('add', '.')
    write('other.toml', RULES.replace('made-up', 'other'))
    expect(hooks('install', '--pre-commit', '-c', 'other.toml').out).toContain('brought up to date')
    expect(git('commit', '-qm', 'x').out).toContain('  other\n')
    const gone = text.replaceAll(PROGRAM, '/not/there/strongroom')
    write('.git/hooks/pre-commit', gone, 0o755)
    const { code, out } = git('commit', '-qm', 'x')
    expect([code, out]).toEqual([1, expect.stringContaining('nothing was scanned')])
    write(
      '.git/hooks/pre-commit',
      gone.replace('#!/bin/sh', `#!/bin/sh\nPATH=${dirname(PROGRAM)}:$PATH`),
      0o755,
    )
    // The one in PATH, with the flags of the installation.
    expect(git('commit', '-qm', 'x').code).toBe(0)
  })

  it('is told who else owns its hooks', () => {
    script('.git/hooks/pre-commit', '# File generated by pre-commit: https://pre-commit.com')
    const refused = hooks('install', '--pre-commit')
    expect(refused).toEqual({ code: 2, out: expect.stringContaining('.pre-commit-config.yaml') })
    expect(hooks('status').code).toBe(1)
    expect(hooks('install', '--pre-commit', '--force').code).toBe(0)
    write('.husky/_/pre-push', '')
    mustGit('config', 'core.hooksPath', '.husky/_')
    expect(hooks('install').out).toContain('add to .husky/pre-commit: strongroom scan hook')
    mustGit('config', 'core.hooksPath', 'tools/hooks')
    expect(hooks('install').out).toContain('add to tools/hooks/pre-push:')
    expect(existsSync(at('tools'))).toBe(false)
  })

  it('says when another program wrote over our hook', () => {
    script('.git/hooks/pre-commit', 'true')
    hooks('install', '--pre-commit')
    script('.git/hooks/pre-commit', 'false')
    expect(hooks('install', '--pre-commit')).toEqual({
      code: 2,
      out: expect.stringContaining('another program has written over our hook'),
    })
  })
})

describe('places', LIMIT, () => {
  it('are those of linked worktrees and of core.hooksPath', () => {
    mustGit('worktree', 'add', '-q', '../linked')
    const linked = join(home, 'linked')
    expect(hooks('install', '--dir', linked).code).toBe(0)
    expect(existsSync(at('.git/hooks/pre-commit'))).toBe(true)
    writeFileSync(join(linked, 'a.txt'), token('a'))
    program('git', ['add', '.'], linked)
    expect(program('git', ['commit', '-qm', 'x'], linked).code).toBe(1)
    hooks('uninstall')
    mkdirSync(at('below'))
    mustGit('config', 'core.hooksPath', '../shared-hooks')
    expect(hooks('install', '--dir', 'below').code).toBe(0)
    expect(readdirSync(join(home, 'shared-hooks'))).toHaveLength(3)
    expect(hooks('install', '--dir', home).code).toBe(2)
  })

  it('are those of all repositories of a user', () => {
    const global = (): string => readFileSync(join(home, '.gitconfig'), 'utf8')
    expect(hooks('install', '--global').out).toContain('New clones get the hooks')
    expect(global()).toContain('templateDir')
    mustGit('init', '-q', '../new')
    writeFileSync(join(home, 'new/a.txt'), `tok ${token('a')}`)
    writeFileSync(join(home, 'new/.strongroom-scan.toml'), RULES)
    program('git', ['add', '.'], join(home, 'new'))
    expect(program('git', ['commit', '-qm', 'x'], join(home, 'new')).code).toBe(1)
    expect(hooks('status', '--global').code).toBe(0)
    expect(hooks('uninstall', '--global').out).toContain('no longer set')
    expect(global()).not.toContain('templateDir')
    expect(existsSync(join(home, '.config/git/template'))).toBe(false)
    mustGit('config', '--global', 'core.hooksPath', '~/everywhere')
    expect(hooks('install', '--global', '--pre-commit').code).toBe(0)
    expect(readdirSync(join(home, 'everywhere'))).toEqual(['pre-commit'])
  })
})

describe('a push', LIMIT, () => {
  beforeEach(() => {
    mustGit('init', '-q', '--bare', '-b', 'main', '../server')
    mustGit('remote', 'add', 'origin', '../server')
    mustGit('push', '-q', 'origin', 'main')
  })
  const commit = (path: string, text: string, message = 'x'): string => {
    write(path, text)
    mustGit('add', '.')
    mustGit('commit', '-q', '--no-verify', '-m', message)
    return mustGit('rev-parse', 'HEAD')
  }
  const atServer = (...args: string[]): Ran => hooks(...args, '--dir', join(home, 'server'))
  const serverFile = (name: string, text: string): void =>
    writeFileSync(join(home, 'server', name), text)

  it('is stopped before it starts, for commits that the remote has not', () => {
    commit('old.txt', token('old'))
    mustGit('push', '-q', 'origin', 'main')
    hooks('install', '--pre-push')
    commit('new.txt', 'fine\n')
    expect(git('push', '-q', 'origin', 'main').code).toBe(0)
    const sha = commit('new.txt', `a\n${token('new')}\n`)
    commit('new.txt', 'gone again\n', `message ${token('said')}`)
    const { code, out } = git('push', '-q', 'origin', 'main')
    expect([code, out]).toEqual([1, expect.stringContaining('new.txt:2:')])
    expect(out).toContain(`commit ${sha.slice(0, 12)}`)
    expect(out).toContain('COMMIT_EDITMSG:1:')
    expect(out).not.toContain('old.txt')
    expect(out).toContain('git push --no-verify')
    // A branch of its own, a deletion, a push by force to what the remote has: only what is new counts.
    expect(git('push', '-q', 'origin', 'main~2:refs/heads/topic').code).toBe(0)
    expect(git('push', '-q', 'origin', ':topic').code).toBe(0)
    expect(git('push', '-qf', 'origin', 'main~3:main').code).toBe(0)
    expect(git('push', '-q', 'origin', 'main:other').code).toBe(1)
    expect(git('push', '-q', '--no-verify', 'origin', 'main:other').code).toBe(0)
  })

  it('from a shallow clone is whole', () => {
    commit('a.txt', 'x\n')
    mustGit('push', '-q', 'origin', 'main')
    mustGit('clone', '-q', '--depth', '1', `file://${home}/server`, '../shallow')
    folder = join(home, 'shallow')
    hooks('install', '--partial', 'refuse')
    commit('b.txt', 'fine\n')
    expect(git('push', '-q', 'origin', 'main').code).toBe(0)
    commit('b.txt', token('b'))
    expect(git('push', '-q', 'origin', 'main').code).toBe(1)
  })

  it('is refused by the server with words that hold no secret', () => {
    serverFile('.strongroom-scan.toml', RULES)
    expect(atServer('install').out).toContain('pre-receive: installed')
    expect(atServer('status').code).toBe(0)
    commit('fine.txt', 'fine\n')
    expect(git('push', '-q', 'origin', 'main')).toEqual({ code: 0, out: '' })
    const sha = commit('dir/a.txt', `x\n${token('pushed')} # gitleaks:allow\n`)
    commit('dir/a.txt', 'gone again\n')
    for (const bypass of [[], ['--no-verify'], ['-o', 'skip']]) {
      const { code, out } = git('push', ...bypass, 'origin', 'main')
      if (bypass[0] === '-o') continue
      expect(code).toBe(1)
      expect(out).toContain('remote: dir/a.txt:2  made-up')
      expect(out).toContain(`remote:     commit ${sha}`)
      expect(out).toContain('The push is refused as a whole.')
      expect(out).toContain('[remote rejected]')
      expect(out).not.toMatch(/tok_/)
    }
    expect(program('git', ['rev-parse', 'main'], join(home, 'server')).out.trim()).toBe(
      mustGit('rev-parse', 'main~2'),
    )
  })

  it('brings no rules, no baseline and no comment that count on the server', () => {
    serverFile('.strongroom-scan.toml', RULES)
    atServer('install')
    write('.strongroom-scan.toml', RULES.replace('tok_[', 'never_['))
    write('.gitleaks.toml', RULES.replace('tok_[', 'never_['))
    commit('a.txt', token('a'))
    program(PROGRAM, ['scan', 'baseline', 'create', '-c', '../server/.strongroom-scan.toml'])
    commit('b.txt', 'with its baseline\n')
    expect(readFileSync(at('.strongroom-scan.yaml'), 'utf8')).toContain('made-up')
    expect(git('push', '-q', 'origin', 'main').code).toBe(1)
    // The one of a branch counts where the server says so, once it is there.
    expect(atServer('install', '--known-from', 'main').out).toContain('brought up to date')
    expect(git('push', '-q', 'origin', 'main').code).toBe(1)
    const both = mustGit('rev-parse', 'main')
    mustGit('checkout', '-q', '-b', 'known', 'origin/main')
    mustGit('checkout', '-q', both, '--', '.strongroom-scan.yaml')
    mustGit('commit', '-qm', 'known')
    expect(git('push', '-q', 'origin', 'known:main').code).toBe(0)
    expect(git('push', '-q', 'origin', 'main:topic').code).toBe(0)
    // So does the one that lies on the server.
    commit('c.txt', token('c'))
    expect(git('push', '-q', 'origin', 'known:next').code).toBe(1)
    program(PROGRAM, ['scan', 'baseline', 'update', '-c', '../server/.strongroom-scan.toml'])
    serverFile('.strongroom-scan.yaml', readFileSync(at('.strongroom-scan.yaml'), 'utf8'))
    atServer('install')
    expect(git('push', '-q', 'origin', 'known:next').code).toBe(0)
  })

  it('hides nothing in tags, their messages, or refs without commits', () => {
    serverFile('.strongroom-scan.toml', RULES)
    atServer('install')
    mustGit('tag', '-a', 'v1', '-m', `has ${token('tag')}`)
    expect(git('push', '-q', 'origin', 'v1').out).toContain('remote: refs/tags/v1:1  made-up')
    write('blob', token('blob'))
    const blob = mustGit('hash-object', '-w', 'blob')
    mustGit('update-ref', 'refs/tags/blob', blob)
    expect(git('push', '-q', 'origin', 'refs/tags/blob').out).toContain('refs/tags/blob:1')
    mustGit('add', 'blob')
    mustGit('tag', 'tree', mustGit('write-tree'))
    expect(git('push', '-q', 'origin', 'refs/tags/tree').out).toContain('remote: blob:1')
    mustGit('rm', '-q', '--cached', 'blob')
    mustGit('tag', '-a', 'v2', '-m', 'fine')
    expect(git('push', '-q', 'origin', 'v2').code).toBe(0)
  })

  it('is refused where the server cannot look in time', () => {
    serverFile('.strongroom-scan.toml', RULES)
    script('../server/hooks/pre-receive', 'sleep 0')
    atServer('install', '--timeout', '1', '--threads', '1')
    // Made and sent without the work of packing them.
    mustGit('config', 'core.compression', '0')
    mustGit('config', 'core.bigFileThreshold', '1m')
    const lines = Array.from({ length: 400_000 }, (_, i) => `tok_ line ${i} of a large file`)
    for (let i = 0; i < 4; i++) commit(`large-${i}`, lines.map((line) => line + i).join('\n'))
    const { code, out } = git('push', '-q', 'origin', 'main')
    expect([code, out]).toEqual([1, expect.stringContaining('stopped after 1 seconds')])
    expect(out).toContain('The push is refused as a whole.')
    expect(atServer('uninstall').out).toContain('the hook that was there before is back')
    expect(git('push', '-q', 'origin', 'main').code).toBe(0)
  })
})
