import { spawn } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, unlinkSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  collect,
  findingsOf,
  madeUpProbe,
  runGit,
  TestFolder,
  TestRepository,
  testGitEnv,
} from '../../../test/support/scan-fixture.ts'
import { sleepAwake } from '../../base/clock.ts'
import {
  commitMessageSource,
  gitChangesSource,
  parsePrePush,
  parsePreReceive,
  prePushSource,
  preReceiveSource,
} from './git-changes.ts'
import { GitError } from './git-command.ts'
import { gitHistorySource } from './git-history.ts'
import { DEFAULT_SETTINGS } from './source-settings.ts'

const settings = DEFAULT_SETTINGS
const placeOf = (directory: string, env = testGitEnv) => ({ directory, env })
const secret = (name: string): string => `s3cr-et-${name}`
const short = (findings: readonly string[]): string[] =>
  findings.map((one) => one.split(':').slice(1).join(':'))

describe('changes', () => {
  it('reads what is staged, or what is edited, and not the other', async () => {
    using repository = new TestRepository()
    repository.commit('1', { a: 'one\ntwo\n' })
    repository.write('a', `one\n${secret('staged')}\ntwo\n`)
    repository.git('add', 'a')
    repository.write('a', `one\n${secret('staged')}\ntwo\n${secret('edited')}\n`)
    const place = placeOf(repository.path)
    const staged = await collect(gitChangesSource({ place, settings, staged: true }))
    expect(short(findingsOf(staged.fragments))).toEqual([`a:2:${secret('staged')}`])
    const edited = await collect(gitChangesSource({ place, settings, staged: false }))
    expect(short(findingsOf(edited.fragments))).toEqual([`a:4:${secret('edited')}`])
    expect(edited.fragments[0]).toMatchObject({ kind: 'staged', commit: null })
  })

  it('reads what is staged before the first commit', async () => {
    using repository = new TestRepository()
    repository.write('a', secret('first'))
    repository.git('add', 'a')
    const place = placeOf(repository.path)
    const { fragments } = await collect(gitChangesSource({ place, settings, staged: true }))
    expect(findingsOf(fragments)).toHaveLength(1)
  })

  it('reads a commit message', async () => {
    using folder = new TestFolder()
    const file = folder.write('COMMIT_EDITMSG', `Words\n\n${secret('said')}\n# comment\n`)
    const { fragments } = await collect(commitMessageSource(file, settings))
    expect(short(findingsOf(fragments))).toEqual([`COMMIT_EDITMSG:3:${secret('said')}`])
  })
})

describe('a push', () => {
  it('reads what a remote has not, whatever branch brings it', async () => {
    using repository = new TestRepository()
    using server = new TestFolder()
    runGit(server.path, ['init', '-q', '--bare'])
    repository.git('remote', 'add', 'origin', server.path)
    const old = repository.commit('old', { a: secret('old') })
    repository.git('push', '-q', 'origin', 'main')
    const fresh = repository.commit('new', { b: secret('new') })
    const place = placeOf(repository.path)
    const zeros = '0'.repeat(40)
    const lines = [
      `refs/heads/main ${fresh} refs/heads/main ${old}`,
      `refs/heads/topic ${fresh} refs/heads/topic ${zeros}`,
      `(delete) ${zeros} refs/heads/gone ${old}`,
    ]
    for (const line of lines) {
      const updates = parsePrePush(`${line}\n`)
      const source = prePushSource({ place, settings, updates, remote: 'origin' })
      const found = short(findingsOf((await collect(source)).fragments))
      expect(found).toEqual(line.startsWith('(') ? [] : [`b:1:${secret('new')}`])
    }
    const updates = parsePrePush(lines[1]!)
    const byUrl = prePushSource({ place, settings, updates, remote: '--upload-pack=x' })
    expect(findingsOf((await collect(byUrl)).fragments)).toHaveLength(2)
    expect(() => parsePrePush('refs/heads/main --all refs/heads/main x')).toThrow(GitError)
  })

  it('is read on the server while it is in quarantine', async () => {
    using server = new TestFolder()
    runGit(server.path, ['init', '-q', '--bare', 'repo.git'])
    const bare = server.at('repo.git')
    const hook = server.write(
      'repo.git/hooks/pre-receive',
      `#!/bin/sh
cat > "$STATE/input"
env | grep '^GIT_' > "$STATE/env"
mv "$STATE/env" "$STATE/ready"
while [ ! -e "$STATE/done" ]; do sleep 0.05; done
exit 1
`,
    )
    chmodSync(hook, 0o755)
    using repository = new TestRepository()
    repository.commit('1', { a: secret('pushed') })
    const env = { ...testGitEnv, STATE: server.path }
    const push = spawn('git', ['-C', repository.path, 'push', bare, 'main'], { env })
    const isOver = new Promise<number | null>((resolve) => push.on('close', resolve))
    while (!existsSync(server.at('ready'))) await sleepAwake(20)
    const hookEnv = Object.fromEntries(
      readFileSync(server.at('ready'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    )
    expect(hookEnv).toHaveProperty('GIT_QUARANTINE_PATH')
    const updates = parsePreReceive(readFileSync(server.at('input'), 'utf8'))
    const place = placeOf(bare, { ...testGitEnv, ...hookEnv })
    const found = await collect(preReceiveSource({ place, settings, updates }))
    server.write('done', '')
    expect(await isOver).not.toBe(0)
    expect(short(findingsOf(found.fragments))).toEqual([`a:1:${secret('pushed')}`])
    // The push was refused, and so its objects are gone.
    await expect(
      collect(preReceiveSource({ place: placeOf(bare), settings, updates })),
    ).rejects.toThrow(GitError)
  })
})

describe('a hostile repository', () => {
  it('runs no command of its configuration or attributes', async () => {
    using repository = new TestRepository()
    const marker = repository.at('ran')
    const evil = repository.write('evil.sh', `#!/bin/sh\necho ran >> "${marker}"\ncat\n`)
    chmodSync(evil, 0o755)
    const drivers = 'diff=evil filter=evil merge=evil'
    repository.commit('1', { a: 'one\n', '.gitattributes': `* ${drivers}\n` })
    repository.commit('2', { a: `one\n${secret('x')}\n` })
    for (const [name, value] of Object.entries({
      'core.fsmonitor': evil,
      'core.pager': evil,
      'core.hooksPath': repository.path,
      'core.sshCommand': evil,
      'core.editor': evil,
      'core.askPass': evil,
      'core.alternateRefsCommand': evil,
      'core.gitProxy': evil,
      'credential.helper': `!${evil}`,
      'diff.external': evil,
      'diff.evil.command': evil,
      'diff.evil.textconv': evil,
      'filter.evil.clean': evil,
      'filter.evil.smudge': evil,
      'filter.evil.process': evil,
      'filter.evil.required': 'true',
      'gpg.program': evil,
      'log.showSignature': 'true',
      'pager.log': evil,
      'alias.log': `!${evil}`,
      'remote.origin.url': `ext::${evil}`,
      'remote.origin.promisor': 'true',
      'remote.origin.uploadpack': evil,
      'extensions.partialClone': 'origin',
      'protocol.ext.allow': 'always',
      'uploadpack.packObjectsHook': evil,
    })) {
      repository.git('config', name, value)
    }
    for (const hook of ['post-index-change', 'pre-commit', 'reference-transaction']) {
      chmodSync(repository.write(hook, `#!/bin/sh\necho hook >> "${marker}"\n`), 0o755)
    }
    // An object that is missing would be fetched, an entry that looks edited be filtered.
    const oid = repository.git('-c', 'core.fsmonitor=false', 'rev-parse', 'HEAD~1:a').trim()
    unlinkSync(repository.at(`.git/objects/${oid.slice(0, 2)}/${oid.slice(2)}`))
    repository.write('a', `one\n${secret('y')}\n`)
    if (existsSync(marker)) unlinkSync(marker)
    const place = placeOf(repository.path)
    const base = { place, settings, probe: madeUpProbe }
    const found: string[] = []
    for (const source of [
      gitHistorySource({ ...base, mode: 'diffs' }),
      gitHistorySource({ ...base, mode: 'blobs' }),
      gitHistorySource({ place, settings, logOpts: '--ext-diff --textconv --show-signature -2' }),
      gitChangesSource({ place, settings, staged: true }),
      gitChangesSource({ place, settings, staged: false }),
    ]) {
      found.push(...short(findingsOf((await collect(source)).fragments)))
    }
    expect(existsSync(marker)).toBe(false)
    expect(found).toContain(`a:2:${secret('y')}`)
    // The trap works: git itself walks into it.
    expect(() => runGit(repository.path, ['diff'])).toThrow()
    expect(existsSync(marker)).toBe(true)
  })

  it('reads every line whatever its configuration says of diffs', async () => {
    using repository = new TestRepository()
    const body = `one\n${secret('x')}\nthree\n`
    repository.commit('1', { 'a b.txt': body, '.gitattributes': '*.txt -diff -text\n' })
    for (const [name, value] of Object.entries({
      'diff.noPrefix': 'true',
      'diff.mnemonicPrefix': 'true',
      'diff.context': '9',
      'diff.orderFile': '/nowhere',
      'color.ui': 'always',
      'diff.wsErrorHighlight': 'all',
      'log.showRoot': 'false',
      'log.date': 'relative',
      'format.pretty': 'oneline',
      'log.decorate': 'full',
      'core.quotePath': 'false',
      'diff.srcPrefix': 'x/',
    })) {
      repository.git('config', name, value)
    }
    const source = gitHistorySource({ place: placeOf(repository.path), settings })
    const { fragments } = await collect(source)
    expect(short(findingsOf(fragments))).toEqual([`a b.txt:2:${secret('x')}`])
    expect(fragments[0]!.commit!.author).toBe('A U Thor')
  })
})
