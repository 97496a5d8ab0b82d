import { execFileSync } from 'node:child_process'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { beforeAll, describe, expect, it } from 'vitest'
import { collect, TestFolder } from '../../../test/support/scan-fixture.ts'
import { archiveKindOf, compatArchiveKind } from './archive-kind.ts'
import { directorySource } from './directory-source.ts'
import { DEFAULT_SETTINGS } from './source-settings.ts'

const settings = DEFAULT_SETTINGS

async function tarOf(files: Record<string, string | Buffer>): Promise<Buffer> {
  const tar = pack()
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content)
  tar.finalize()
  const parts: Buffer[] = []
  for await (const part of tar) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

/** Made by the system's zip, in `folder`, of files there. */
function zip(folder: TestFolder, name: string, files: readonly string[]): void {
  execFileSync('zip', ['-q', '-X', name, ...files], { cwd: folder.path })
}

async function scanned(folder: TestFolder, rest: Partial<typeof settings> = {}) {
  const found = await collect(directorySource(folder.path, { ...settings, ...rest }))
  const texts = Object.fromEntries(
    Object.entries(found.texts).map(([path, text]) => [path.slice(folder.path.length + 1), text]),
  )
  const skipped = found.skipped.map((note) => ({
    ...note,
    what: note.what.slice(folder.path.length + 1),
  }))
  return { texts, skipped, fragments: found.fragments }
}

describe('archives', () => {
  beforeAll(() => {
    for (const [name, args] of [
      ['zip', ['-v']],
      ['zstd', ['--version']],
    ] as const) {
      try {
        execFileSync(name, args, { stdio: 'ignore' })
      } catch {
        throw new Error(`${name} is needed for these tests: apt-get install zip zstd`)
      }
    }
  })

  it('are opened within each other, by what they are and not by their names', async () => {
    using folder = new TestFolder()
    using made = new TestFolder()
    made.write('dir/in.txt', 'in a zip')
    zip(made, 'made.bin', ['dir/in.txt'])
    const zipped = execFileSync('cat', [made.at('made.bin')])
    const tar = await tarOf({
      './a.txt': 'in a tar',
      // Given up at its first bytes; what follows is read all the same.
      binary: Buffer.alloc(300_000),
      'z.dat': zipped,
    })
    folder.write('both.tar', tar)
    folder.write('both.tgz', gzipSync(tar))
    folder.write('notes.zipper.txt', 'text')
    folder.write('plain.gz', gzipSync('only compressed'))
    folder.write('two.gz', Buffer.concat([gzipSync('one '), gzipSync('two')]))
    execFileSync('zstd', ['-q', folder.at('both.tar'), '-o', folder.at('both.tar.zst')])
    const { texts, skipped, fragments } = await scanned(folder)
    expect(texts).toEqual({
      ...{ 'both.tar!binary': '', 'both.tgz!binary': '', 'both.tar.zst!binary': '' },
      ...{ 'both.tar!a.txt': 'in a tar', 'both.tar!z.dat!dir/in.txt': 'in a zip' },
      ...{ 'both.tar.zst!a.txt': 'in a tar', 'both.tar.zst!z.dat!dir/in.txt': 'in a zip' },
      ...{ 'both.tgz!a.txt': 'in a tar', 'both.tgz!z.dat!dir/in.txt': 'in a zip' },
      'notes.zipper.txt': 'text',
      'plain.gz': 'only compressed',
      'two.gz': 'one two',
    })
    expect(skipped.every((note) => note.why === 'binary')).toBe(true)
    expect(fragments[0]!.kind).toBe('archive')
    const flat = await scanned(folder, { archiveDepth: 1 })
    expect(Object.keys(flat.texts)).not.toContain('both.tar!z.dat!dir/in.txt')
    const deeper = flat.skipped.filter((note) => note.why !== 'binary')
    expect(deeper).toHaveLength(3)
    expect(deeper[0]).toMatchObject({ makesPartial: true })
    const none = await scanned(folder, { archiveDepth: 0 })
    expect(Object.keys(none.texts)).toEqual(['notes.zipper.txt'])
  })

  it('that unfold without end are left, and said', async () => {
    using folder = new TestFolder()
    folder.write('zeros', Buffer.alloc(24 * 1024 * 1024))
    zip(folder, 'bomb.zip', ['zeros'])
    execFileSync('zstd', ['-q', folder.at('zeros'), '-o', folder.at('bomb.zst')])
    folder.write('bomb.gz', gzipSync(Buffer.alloc(24 * 1024 * 1024, 'a')))
    folder.write('bomb.tgz', gzipSync(await tarOf({ x: Buffer.alloc(24 * 1024 * 1024, 'a') })))
    const { skipped } = await scanned(folder)
    const bombs = skipped.filter((note) => /more than 250 times/.test(note.why))
    expect(bombs.map((note) => note.what).sort()).toEqual(['bomb.gz', 'bomb.tgz', 'bomb.zst'])
    // Zeros are binary: the zip's are given up at their first bytes, before they unfold.
    expect(skipped.filter((note) => note.why === 'binary')).toHaveLength(2)
  })

  it('that are broken are said, with what could be read', async () => {
    using folder = new TestFolder()
    const tar = await tarOf({ a: 'first', b: 'x'.repeat(5000) })
    folder.write('cut.tar', tar.subarray(0, 2500))
    folder.write('cut.gz', gzipSync(Buffer.from('abc'.repeat(999))).subarray(0, 15))
    folder.write('cut.zip', Buffer.from('PK\x03\x04 and no directory'))
    folder.write('cut.zst', Buffer.from('28b52ffd0458', 'hex'))
    folder.write('x.7z', Buffer.from("7z\xbc\xaf'\x1c", 'latin1'))
    folder.write('x.xz', Buffer.from('\xfd7zXZ\0', 'latin1'))
    const { skipped, texts } = await scanned(folder)
    expect(texts['cut.tar!a']).toBe('first')
    const partial = skipped.filter((note) => note.makesPartial).map((note) => note.what)
    expect(partial.sort()).toEqual([...['cut.gz', 'cut.tar', 'cut.tar!b', 'cut.zip', 'cut.zst']])
    expect(skipped.filter((note) => /not opened/.test(note.why))).toHaveLength(2)
  })

  it('are told by their names for gitleaks, which takes some texts for archives', () => {
    expect(compatArchiveKind('a/lib.target.ts')).toMatchObject({ container: 'tar' })
    expect(compatArchiveKind('x.tar.gz')).toMatchObject({ container: 'tar', compression: 'gzip' })
    expect(compatArchiveKind('x.zip/y.txt')).toBeNull()
    expect(compatArchiveKind('x.tgz')).toBeNull()
    expect(archiveKindOf(Buffer.from('BZh is no bzip2'))).toBeNull()
  })
})
