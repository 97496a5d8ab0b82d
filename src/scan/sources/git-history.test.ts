import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
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
import { seededRandom } from '../../../test/support/seeded-random.ts'
import { historyTips } from './git-changes.ts'
import { GitError } from './git-command.ts'
import { gitHistorySource, type HistoryOptions } from './git-history.ts'
import { readScanState, writeScanState } from './scan-state.ts'
import { DEFAULT_SETTINGS } from './source-settings.ts'

const COMPAT = { ...DEFAULT_SETTINGS, compat: true, archiveDepth: 0 }
const secret = (name: string | number): string => `s3cr-et-${name}`

function history(directory: string, rest: Partial<HistoryOptions> = {}) {
  const place = { directory, env: testGitEnv }
  return collect(gitHistorySource({ place, settings: DEFAULT_SETTINGS, mode: 'diffs', ...rest }))
}

const blobs = (directory: string, rest: Partial<HistoryOptions> = {}) =>
  history(directory, { mode: 'blobs', probe: madeUpProbe, ...rest })

describe('a history as diffs', () => {
  it('gives each hunk its new line, its commit and nothing that was removed', async () => {
    using repository = new TestRepository()
    const lines = Array.from({ length: 40 }, (_, i) => `line ${i}\n`)
    const first = repository.commit('One\ntwo\n\n  body\n\n\nend', { 'a b/ä.txt': lines.join('') })
    lines[4] = 'changed\n'
    lines.splice(30, 2)
    lines.push('last, no newline')
    repository.commit('Second', { 'a b/ä.txt': lines.join('') })
    const { fragments } = await history(repository.path, { settings: COMPAT })
    const path = Buffer.from('a b/ä.txt').toString('latin1')
    expect(fragments.map(({ startLine, bytes }) => [startLine, bytes.length])).toEqual([
      [5, 8],
      [30, 0],
      [39, 16],
      [1, 310],
    ])
    expect(new Set(fragments.map((one) => one.path))).toEqual(new Set([path]))
    expect(fragments[3]!.commit).toEqual({
      sha: first,
      author: 'A U Thor',
      email: 'author@example.com',
      date: '2023-11-14T22:16:20Z',
      message: 'One two\n\n  body\n\nend',
    })
  })

  it('reads names with newlines, quotes and bytes that are no UTF-8, and lines like headers', async () => {
    using repository = new TestRepository()
    const names = ['new\nline', 'quo"te\\', '-dash', 'sp ace\t.txt'].map((name) =>
      Buffer.from(name),
    )
    names.push(Buffer.from([0x62, 0xff, 0x62]))
    const text = 'diff --git a/x b/y\ncommit 1234\n@@ -1 +1 @@\n--- a\n+++ b\n'
    for (const name of names) repository.write(name, text)
    repository.commit('commit of names\n\ndiff --git a/m b/m')
    const { texts } = await history(repository.path)
    const wanted = Object.fromEntries(names.map((name) => [name.toString('latin1'), text]))
    expect(texts).toEqual(wanted)
  })

  it('sees a rename as its changed lines alone, and finds what only a merge brought', async () => {
    using repository = new TestRepository()
    const body = Array.from({ length: 30 }, (_, i) => `row ${i}\n`).join('')
    repository.commit('base', { 'old.txt': `${secret('base')}\n${body}`, 'm.txt': 'x\n' })
    repository.git('mv', 'old.txt', 'new.txt')
    repository.commit('rename', { 'new.txt': `${secret('base')}\n${body}${secret('renamed')}\n` })
    repository.git('checkout', '-q', '-b', 'side', 'HEAD^')
    repository.commit('side', { 'm.txt': 'side\n' })
    repository.git('checkout', '-q', 'main')
    repository.commit('main', { 'm.txt': 'main\n' })
    expect(() => repository.git('merge', '-q', 'side')).toThrow()
    const merge = repository.commit('evil', { 'm.txt': `both\n${secret('evil')}\n` })
    const ours = findingsOf((await history(repository.path)).fragments)
    expect(ours.map((one) => one.split(':').slice(1).join(':'))).toEqual(
      expect.arrayContaining([
        `m.txt:2:${secret('evil')}`,
        `new.txt:32:${secret('renamed')}`,
        `old.txt:1:${secret('base')}`,
      ]),
    )
    expect(ours).toHaveLength(3)
    expect(ours.find((one) => one.includes('evil'))).toContain(merge)
    expect(findingsOf((await blobs(repository.path)).fragments)).toEqual(ours)
    const compat = findingsOf((await history(repository.path, { settings: COMPAT })).fragments)
    expect(compat).toHaveLength(2)
  })

  it('takes ranges, refuses what looks like an option, and leaves options out that hide the diff', async () => {
    using repository = new TestRepository()
    const first = repository.commit('1', { a: `${secret(1)}\n` })
    repository.commit('2', { a: `${secret(1)}\n${secret(2)}\n` })
    const range = await history(repository.path, { revisions: [`${first}..main`] })
    expect(findingsOf(range.fragments)).toHaveLength(1)
    const marker = repository.at('written')
    await expect(history(repository.path, { revisions: [`--output=${marker}`] })).rejects.toThrow(
      GitError,
    )
    const opts = await history(repository.path, { logOpts: `--output=${marker} --oneline -1 main` })
    expect(opts.warnings).toHaveLength(2)
    expect(findingsOf(opts.fragments)).toHaveLength(1)
    expect(existsSync(marker)).toBe(false)
    await expect(history(repository.path, { revisions: ['nothing-like-it'] })).rejects.toThrow(
      /nothing-like-it/,
    )
    using outside = new TestFolder()
    await expect(history(outside.path)).rejects.toThrow(/not a git repository/)
  })

  it('opens archives and UTF-16 files of a history, and leaves out binary ones', async () => {
    using repository = new TestRepository()
    const utf16 = Buffer.concat([Buffer.from([255, 254]), Buffer.from(secret('wide'), 'utf16le')])
    repository.commit('1', { 'wide.txt': utf16, 'b.bin': Buffer.from(`\0${secret('bin')}`) })
    repository.commit('2', { '.gitattributes': '*.txt -diff\n', 'h.txt': secret('hidden') })
    const { fragments, skipped } = await history(repository.path)
    const paths = findingsOf(fragments).map((one) => one.split(':')[1])
    expect(paths.sort()).toEqual(['h.txt', 'wide.txt'])
    expect(skipped).toEqual([{ what: 'b.bin', why: 'binary', makesPartial: false }])
  })
})

describe('blobs instead of diffs', () => {
  it.each([1, 2, 3, 4])('finds the same on a generated history, seed %i', async (seed) => {
    const random = seededRandom(seed)
    const pick = (count: number): number => Math.floor(random.fraction() * count)
    using repository = new TestRepository()
    const names = ['a.txt', 'dir/b.txt', 'dir/c d.txt', 'e']
    repository.commit('root', { 'a.txt': 'start\n' })
    for (let step = 0; step < 18; step++) {
      const name = names[pick(names.length)]!
      const lines = Array.from({ length: 1 + pick(12) }, () =>
        pick(4) === 0 ? secret(pick(6)) : `text ${pick(9)}`,
      )
      const act = pick(6)
      if (act === 0 && step > 1) {
        const isMerge = repository.git('rev-list', '--parents', '-1', 'HEAD').split(' ').length > 2
        repository.git('revert', '--no-edit', ...(isMerge ? ['-m', '1'] : []), 'HEAD')
      } else if (act === 1) {
        repository.git('checkout', '-q', '-b', `branch-${step}`)
        repository.commit(`on ${step}`, { [`own-${step}`]: lines.join('\n') })
        repository.git('checkout', '-q', 'main')
        repository.commit(`beside ${step}`, { [name]: lines.join('\n') })
        repository.git('merge', '-q', '--no-edit', `branch-${step}`)
      } else if (act === 2) repository.git('mv', 'a.txt', `moved-${step}`)
      else repository.commit(`write ${step}`, { [name]: lines.join('\n') })
      if (!existsSync(repository.at('a.txt'))) repository.commit('again', { 'a.txt': 'start\n' })
    }
    repository.git('tag', '-a', '-m', 'tag', 'v1')
    for (const settings of [DEFAULT_SETTINGS, COMPAT]) {
      const one = findingsOf((await history(repository.path, { settings })).fragments)
      const other = findingsOf((await blobs(repository.path, { settings })).fragments)
      expect(other).toEqual(one)
      expect(one.length).toBeGreaterThan(5)
    }
  })

  it('reads a path that is left out under no name, and a blob under each of its names', async () => {
    using repository = new TestRepository()
    repository.commit('1', { 'vendor/x': secret('same'), 'src/x': secret('same') })
    const skipPath = (path: string): boolean => path.startsWith('vendor/')
    const { fragments } = await blobs(repository.path, {
      settings: { ...DEFAULT_SETTINGS, skipPath },
    })
    expect(fragments.map((one) => one.path)).toEqual(['src/x'])
  })
})

describe('repositories with gaps', () => {
  it('says that a clone is shallow', async () => {
    using repository = new TestRepository()
    repository.commit('1', { a: `${secret(1)}\n` })
    repository.commit('2', { a: `${secret(1)}\n${secret(2)}\n` })
    using other = new TestFolder()
    runGit(other.path, ['clone', '-q', '--depth=1', `file://${repository.path}`, 'clone'])
    const { skipped, fragments } = await history(other.at('clone'))
    expect(skipped).toMatchObject([{ what: 'history', makesPartial: true }])
    expect(findingsOf(fragments)).toHaveLength(2)
  })

  it.each(['diffs', 'blobs'] as const)('fetches nothing for a partial clone: %s', async (mode) => {
    using repository = new TestRepository()
    repository.git('config', 'uploadpack.allowFilter', 'true')
    repository.commit('1', { a: `${secret('gone')}\n`, b: 'old\n' })
    repository.commit('2', { a: 'now\n', b: `old\n${secret('here')}\n` })
    repository.commit('3', { b: `old\n${secret('here')}\n${secret('there')}\n` })
    using other = new TestFolder()
    const clone = ['clone', '-q', '--filter=blob:none', `file://${repository.path}`, 'clone']
    runGit(other.path, clone)
    const before = readdirSync(other.at('clone/.git/objects/pack')).length
    const { skipped, fragments } = await history(other.at('clone'), { mode, probe: madeUpProbe })
    expect(readdirSync(other.at('clone/.git/objects/pack'))).toHaveLength(before)
    expect(skipped.some((note) => note.makesPartial && /missing/.test(note.why))).toBe(true)
    expect(findingsOf(fragments).some((one) => one.includes('there'))).toBe(true)
  })

  it.each(['diffs', 'blobs'] as const)('goes around broken objects: %s', async (mode) => {
    using repository = new TestRepository()
    repository.commit('1', { a: `${secret('one')}\n`, bad: `${secret('lost')}\n` })
    repository.commit('2', { a: `${secret('one')}\n${secret('two')}\n` })
    repository.commit('3', { bad: 'changed\n', c: `${secret('three')}\n` })
    const oid = repository.git('rev-parse', 'HEAD~2:bad').trim()
    const file = repository.at(join('.git/objects', oid.slice(0, 2), oid.slice(2)))
    rmSync(file)
    writeFileSync(file, 'not zlib')
    const { skipped, fragments } = await history(repository.path, { mode, probe: madeUpProbe })
    expect(skipped.some((note) => note.makesPartial)).toBe(true)
    const found = findingsOf(fragments).map((one) => one.split(':').slice(1).join(':'))
    expect(found).toEqual([
      `a:1:${secret('one')}`,
      `a:2:${secret('two')}`,
      `c:1:${secret('three')}`,
    ])
  })

  it('reads submodules as what they are here: nothing', async () => {
    using inner = new TestRepository()
    inner.commit('inner', { a: secret('inner') })
    using repository = new TestRepository()
    const add = [
      '-c',
      'protocol.file.allow=always',
      'submodule',
      '--quiet',
      'add',
      inner.path,
      'sub',
    ]
    repository.git(...add)
    repository.commit('with a submodule', { b: secret('outer') })
    for (const found of [await history(repository.path), await blobs(repository.path)]) {
      expect(findingsOf(found.fragments)).toHaveLength(1)
      expect(found.skipped).toEqual([])
    }
  })
})

describe('an incremental scan', () => {
  it('reads only what came since, and starts anew under other rules', async () => {
    using repository = new TestRepository()
    repository.commit('1', { a: `${secret(1)}\n` })
    const place = { directory: repository.path, env: testGitEnv }
    expect(await readScanState(place, 'rules-1')).toBeNull()
    await writeScanState(place, 'rules-1', { tips: await historyTips(place) })
    repository.git('checkout', '-q', '-b', 'next')
    repository.commit('2', { b: `${secret(2)}\n` })
    const state = await readScanState(place, 'rules-1')
    const fresh = await history(repository.path, { known: state!.tips })
    expect(findingsOf(fresh.fragments).map((one) => one.split(':')[1])).toEqual(['b'])
    expect(await readScanState(place, 'rules-2')).toBeNull()
    // A tip that is gone is no reason to fail.
    const known = [...state!.tips, '1'.repeat(40)]
    expect((await history(repository.path, { known })).fragments).toHaveLength(1)
    writeFileSync(repository.at('.git/strongroom/scan-state'), '{"version":1,"tips":["--all"]')
    expect(await readScanState(place, 'rules-1')).toBeNull()
  })
})
