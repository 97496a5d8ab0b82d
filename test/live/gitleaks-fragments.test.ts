// Under --compat gitleaks the sources hand out gitleaks' own fragments, byte for byte and line for line: then findings
// differ in nothing that the sources do. Compared with gitleaks 8.30.1's code itself.
import { execFileSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Source } from '../../src/scan/source.ts'
import { directorySource } from '../../src/scan/sources/directory-source.ts'
import { gitChangesSource } from '../../src/scan/sources/git-changes.ts'
import { gitHistorySource } from '../../src/scan/sources/git-history.ts'
import { DEFAULT_SETTINGS } from '../../src/scan/sources/source-settings.ts'
import {
  buildGitleaksFragments,
  fragmentLines,
  GITLEAKS_BUILD_MS,
  gitleaksFragments,
} from '../support/gitleaks-fragments.ts'
import { collect, TestFolder, TestRepository, testGitEnv } from '../support/scan-fixture.ts'
import { seededRandom } from '../support/seeded-random.ts'

const random = seededRandom(7)
const pick = (count: number): number => Math.floor(random.fraction() * count)

/** Text with empty lines and white space at places where readers cut. */
function text(bytes: number): string {
  const parts = ['word ', 'x'.repeat(70), '\n', '\n\n', ' \t\n', '\r\n', '\n \n', 'key=value', '\t']
  let out = ''
  while (out.length < bytes) out += parts[pick(parts.length)]
  return out.slice(0, bytes)
}

describe('fragments', () => {
  let program = ''
  beforeAll(async () => {
    program = await buildGitleaksFragments()
  }, GITLEAKS_BUILD_MS)

  async function compare(source: Source, args: readonly string[]): Promise<number> {
    const ours = fragmentLines((await collect(source)).fragments)
    const theirs = await gitleaksFragments(program, args, testGitEnv)
    expect(ours).toEqual(theirs)
    return ours.length
  }

  it('of a tree are the same: chunks, binaries, links, archives by name', async () => {
    using folder = new TestFolder()
    for (let i = 0; i < 40; i++) folder.write(`d${i % 3}/text-${i}`, text(pick(400_000)))
    for (const size of [1, 4096, 99_999, 100_000, 100_001, 104_096, 125_000, 125_001]) {
      folder.write(`size-${size}`, text(size))
      folder.write(`flat-${size}`, 'z'.repeat(size))
    }
    const magics = ['MZ', 'PK\x03\x04', '%PDF', '\x89PNG', 'BM', 'GIF8', '\x1f\x8b\x08', 'LZIP']
    magics.push('ftyp', '\0\0\0\x14ftypheic', 'RIFF1234WAVE', '\x7fELF', '\0asm\x01\0\0\0', '%!PS')
    for (const [i, magic] of magics.entries()) {
      folder.write(`magic-${i}`, Buffer.from(`${magic}${'\0text'.repeat(100)}`, 'latin1'))
    }
    for (const name of ['a.target.ts', 'b.zipper', 'c.broken', 'd.xz', 'e.tgz', 'f.s2x', 'g.lz']) {
      folder.write(name, 'text that looks like an archive by its name\n')
    }
    folder.write('empty', '')
    folder.write(Buffer.from([0x66, 0xff]), 'no UTF-8')
    folder.write('new\nline', 'a name of two lines')
    symlinkSync('size-4096', folder.at('link'))
    symlinkSync('link', folder.at('d0/../link-of-link'))
    symlinkSync('d0', folder.at('link-to-folder'))
    symlinkSync('nowhere', folder.at('dangling'))
    for (const followSymlinks of [false, true]) {
      const settings = { ...DEFAULT_SETTINGS, compat: true, archiveDepth: 0, followSymlinks }
      const args = ['dir', folder.path, '0', ...(followSymlinks ? ['follow'] : [])]
      expect(await compare(directorySource(folder.path, settings), args)).toBeGreaterThan(100)
    }
  })

  it('of archives are the same', async () => {
    using folder = new TestFolder()
    folder.write('in/small.txt', 'small\n')
    folder.write('in/large.txt', text(300_000))
    folder.write('large.txt.gz', gzipSync(text(500_000)))
    execFileSync('zip', ['-q', '-X', 'a.zip', 'in/small.txt', 'in/large.txt'], { cwd: folder.path })
    execFileSync('tar', ['-cf', 'b.tar', 'in/small.txt', 'in/large.txt', 'a.zip'], {
      cwd: folder.path,
    })
    const packed = ['-czf', 'c.tar.gz', 'in/large.txt', 'in/small.txt', 'b.tar']
    execFileSync('tar', packed, { cwd: folder.path })
    const settings = { ...DEFAULT_SETTINGS, compat: true, archiveDepth: 3 }
    await compare(directorySource(folder.path, settings), ['dir', folder.path, '3'])
  })

  it('of a history are the same: merges, renames, modes, odd names, messages, binaries', async () => {
    using repository = new TestRepository()
    repository.commit('first\nsecond line\n\n  indented body\n\n\n\nlast\ttab  ', {
      'a.txt': text(3000),
      'with space.txt': text(500),
      'ü"\\\n.txt': 'odd name\n',
      'bin.dat': Buffer.from('\0\x01\x02'),
      empty: '',
    })
    for (let i = 0; i < 25; i++) {
      const lines = text(2000).split('\n')
      lines.splice(pick(lines.length), 1 + pick(3), `changed ${i}`)
      if (i % 7 === 0) {
        repository.git('checkout', '-q', '-b', `b${i}`)
        repository.commit(`branch ${i}`, { [`own-${i}`]: lines.join('\n') })
        repository.git('checkout', '-q', 'main')
        repository.commit(`main ${i}`, { 'a.txt': lines.join('\n') })
        repository.git('merge', '-q', '--no-edit', `b${i}`)
      } else if (i % 5 === 0) {
        repository.git('mv', 'with space.txt', `moved to ${i}.txt`)
        repository.git('commit', '-q', '-m', `Rename ${i}`)
        repository.git('mv', `moved to ${i}.txt`, 'with space.txt')
        repository.commit(`and back ${i}`, { 'with space.txt': text(600) })
      } else repository.commit(`commit ${i}`, { 'a.txt': lines.join('\r\n').replace(/\s+$/, '') })
    }
    repository.git('update-index', '--chmod=+x', 'a.txt')
    repository.git('commit', '-q', '-m', 'mode')
    repository.commit('gone', { 'bin.dat': null, empty: null })
    const place = { directory: repository.path, env: testGitEnv }
    const settings = { ...DEFAULT_SETTINGS, compat: true, archiveDepth: 0 }
    const all = gitHistorySource({ place, settings, mode: 'diffs' })
    expect(await compare(all, ['git', repository.path, '0'])).toBeGreaterThan(50)
    const logOpts = '--no-merges HEAD~9..HEAD'
    const some = gitHistorySource({ place, settings, logOpts })
    await compare(some, ['git', repository.path, '0', logOpts])
    repository.write('a.txt', text(2500))
    repository.git('add', 'a.txt')
    repository.write('with space.txt', text(900))
    for (const [mode, staged] of [
      ['staged', true],
      ['unstaged', false],
    ] as const) {
      const source = gitChangesSource({ place, settings, staged })
      expect(await compare(source, [mode, repository.path, '0'])).toBeGreaterThan(0)
    }
  })
})
