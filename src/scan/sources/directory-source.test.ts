import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { collect, TestFolder, textOf } from '../../../test/support/scan-fixture.ts'
import { systemClock } from '../../base/clock.ts'
import { directorySource, filesSource } from './directory-source.ts'
import { DEFAULT_SETTINGS } from './source-settings.ts'
import { streamSource } from './stream-source.ts'
import { safeBoundary } from './text-chunker.ts'

const settings = DEFAULT_SETTINGS
const compat = { ...DEFAULT_SETTINGS, compat: true, archiveDepth: 0 }

describe('a tree', () => {
  it('is walked in the order of bytes, links not followed, .git and pipes left out', async () => {
    using folder = new TestFolder()
    for (const name of ['b', 'a/z', 'a.txt', '.git/config', 'new\nline', 'B']) {
      folder.write(name, `text of ${name}`)
    }
    folder.write(Buffer.from([0xfe, 0x62]), 'no UTF-8')
    folder.write('empty', '')
    symlinkSync('..', folder.at('a/loop'))
    symlinkSync('loop2', folder.at('loop2'))
    symlinkSync('b', folder.at('link'))
    execFileSync('mkfifo', [folder.at('pipe')])
    const { fragments, skipped } = await collect(directorySource(`${folder.path}/`, settings))
    const names = fragments.map((one) => one.path.slice(folder.path.length + 1))
    expect(names).toEqual(['B', 'a/z', 'a.txt', 'b', 'new\nline', '\xfeb'])
    expect(skipped.every((note) => !note.makesPartial)).toBe(true)
    expect(skipped).toHaveLength(4)
    const followed = await collect(
      directorySource(folder.path, { ...settings, followSymlinks: true }),
    )
    expect(followed.fragments.find((one) => one.symlink !== '')).toMatchObject({
      path: folder.at('b'),
      symlink: folder.at('link'),
    })
  })

  it('leaves out what is not wanted, and says what is too large', async () => {
    using folder = new TestFolder()
    folder.write('vendor/a', 'x')
    folder.write('small', 'x')
    folder.write('large', 'x'.repeat(2000))
    const skipPath = (path: string): boolean => path.endsWith('vendor')
    const limited = { ...settings, skipPath, maxFileBytes: 1000 }
    const { fragments, skipped } = await collect(directorySource(folder.path, limited))
    expect(fragments.map(textOf)).toEqual(['x'])
    expect(skipped).toEqual([
      { what: folder.at('large'), why: 'larger than 1000 bytes', makesPartial: true },
    ])
  })

  it('says what can not be read', async () => {
    using folder = new TestFolder()
    mkdirSync(folder.at('closed'))
    chmodSync(folder.at('closed'), 0)
    const { skipped } = await collect(directorySource(folder.at('nowhere'), settings))
    expect(skipped).toMatchObject([{ why: 'not there any more', makesPartial: true }])
    const named = await collect(filesSource([folder.at('nothing'), folder.path], settings))
    expect(named.fragments).toEqual([])
    chmodSync(folder.at('closed'), 0o755)
  })

  it('reads UTF-16 with a mark as text, and leaves out binary files but for their names', async () => {
    using folder = new TestFolder()
    const wide = Buffer.concat([Buffer.from([255, 254]), Buffer.from('zwölf €\nx', 'utf16le')])
    folder.write('wide', wide)
    folder.write('wide-be', Buffer.from(wide).swap16())
    folder.write('nul', Buffer.from('text\0text'))
    folder.write('image', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))
    const { texts, skipped, warnings } = await collect(directorySource(folder.path, settings))
    const text = Buffer.from('zwölf €\nx').toString('latin1')
    expect(Object.values(texts)).toEqual(['', '', text, text])
    expect(warnings).toHaveLength(2)
    expect(skipped.map((note) => note.why)).toEqual(['binary', 'binary'])
  })
})

describe('chunks', () => {
  it('end after an empty line, or at the limit', () => {
    const text = Buffer.from(`${'x'.repeat(100)}\nmore\n \t\r\nrest\n\n`)
    expect(safeBoundary(text, 0, 50, text.length)).toBe(110)
    expect(safeBoundary(text, 0, 110, text.length)).toBe(110)
    expect(safeBoundary(text, 0, 112, text.length)).toBe(text.length)
    const long = Buffer.alloc(60_000, 'y')
    expect(safeBoundary(long, 0, 10, long.length)).toBe(25_010)
  })

  it.each([compat, settings])('hold every byte of a file once, with its line', async (chosen) => {
    using folder = new TestFolder()
    const lines = Array.from({ length: 60_000 }, (_, i) => `line ${i} ${'z'.repeat(i % 50)}`)
    const text = lines.map((line, i) => (i % 37 === 0 ? `${line}\n\n` : `${line}\n`)).join('')
    folder.write('big', text)
    const { fragments } = await collect(directorySource(folder.path, chosen))
    expect(fragments.length).toBeGreaterThan(4)
    expect(fragments.map(textOf).join('')).toBe(text)
    let line = 1
    for (const fragment of fragments) {
      expect(fragment.startLine).toBe(line)
      line += textOf(fragment).split('\n').length - 1
    }
  })
})

describe('a stream', () => {
  async function* pieces(count: number, piece: Buffer): AsyncGenerator<Buffer> {
    for (let i = 0; i < count; i++) yield piece
  }

  it('of one line of 500 MB stays within bounded memory', async () => {
    const before = process.memoryUsage.rss()
    const input = pieces(8000, Buffer.alloc(64_000, 'word=value, '))
    const source = streamSource({ input, settings, clock: systemClock, kind: 'log' })
    let bytes = 0
    let most = 0
    const notes = { skipped: () => {}, progress: () => {}, warn: () => {} }
    for await (const batch of source.fragments(notes, new AbortController().signal)) {
      for (const fragment of batch) bytes += fragment.bytes.length
      most = Math.max(most, process.memoryUsage.rss() - before)
    }
    expect(bytes).toBe(512_000_000)
    expect(most).toBeLessThan(200 * 1024 * 1024)
  })

  it('gives its lines when the writer pauses', async () => {
    let go = (): void => {}
    const waits = new Promise<void>((resolve) => {
      go = resolve
    })
    async function* input(): AsyncGenerator<Buffer> {
      yield Buffer.from('one\ntwo\nthr')
      await waits
      yield Buffer.from('ee\n')
    }
    const source = streamSource({ input: input(), settings, clock: systemClock })
    const notes = { skipped: () => {}, progress: () => {}, warn: () => {} }
    const batches = source.fragments(notes, new AbortController().signal)[Symbol.asyncIterator]()
    const first = await batches.next()
    expect(first.value.map(textOf)).toEqual(['one\ntwo\n'])
    go()
    const second = await batches.next()
    expect(second.value.map(textOf)).toEqual(['three\n'])
    expect(second.value[0].startLine).toBe(3)
    expect((await batches.next()).done).toBe(true)
  })
})
