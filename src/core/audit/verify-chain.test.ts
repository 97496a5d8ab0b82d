import { generateKeyPairSync, hash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ChainSigner, ChainWriter } from './chain.ts'
import { checkpointEntry, endEntry, startEntry } from './chain-records.ts'
import { LineBuffer } from './line-buffer.ts'
import {
  type AuditSource,
  type KnownHead,
  type VerifyOptions,
  verifyChains,
} from './verify-chain.ts'

function newSigner(): ChainSigner {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return { privateKey, publicKey: publicKey.export({ format: 'jwk' }).x! }
}

const signer = newSigner()
const publicKeys = [signer.publicKey]
const entry = (id: number): string =>
  `{"time":"2026-01-02T03:04:05.000Z","type":"request","request":{"id":"${id}","data":{"a":"é"}}`

function textOf(write: (into: LineBuffer) => void): string {
  const buffer = new LineBuffer()
  write(buffer)
  return buffer.since(0).toString()
}

class TestWriter {
  readonly chain: ChainWriter
  constructor(name: string, by = signer, prefix = '') {
    this.chain = new ChainWriter(name, by, prefix)
    this.key = by.publicKey
  }
  readonly key: string
  start = (): string => this.signed(startEntry(0, 'file/', this.key))
  line = (id = 0): string => textOf((into) => this.chain.line(entry(id), into))
  checkpoint = (): string => this.signed(checkpointEntry(0, 0))
  end = (): string => this.signed(endEntry(0, 0))

  signed(record: string): string {
    return textOf((into) => this.chain.signedLine(record, into))
  }
  head = (ended = true): KnownHead => ({ ...this.chain.head, device: 'file/', ended })
}

const file = (name: string, lines: readonly (string | Buffer)[]): AuditSource => ({
  name,
  chunks: [Buffer.concat(lines.map((line) => Buffer.from(line)))],
})

/** start, lines 2 to 5, checkpoint 6, line 7, end 8 */
function plainLog(writer = new TestWriter('w')): string[] {
  const { start, line, checkpoint, end } = writer
  return [start(), line(2), line(3), line(4), line(5), checkpoint(), line(7), end()]
}

/** The same text with its chain written anew by someone without the key. */
function rewritten(line: string, from: string, to: string): string {
  const link = /,"chain":\{"w":"(.*?)","n":(\d+),"p":"(.*?)"/.exec(line)!
  const covered = line.slice(0, line.indexOf(',"h":"', link.index)).replace(from, to)
  return `${covered},"h":"${hash('sha256', covered, 'base64url')}"}}\n`
}

async function firstFailure(
  sources: readonly AuditSource[],
  options: VerifyOptions = { publicKeys },
): Promise<string> {
  const { failures } = await verifyChains(sources, options)
  const first = failures[0]
  if (!first) return 'none'
  return `${first.place?.file ?? '-'}:${first.place?.line ?? '-'} ${first.why}`
}

describe('verifyChains', () => {
  it('proves a whole log', async () => {
    const writer = new TestWriter('w')
    const log = plainLog(writer)
    const heads = [writer.head()]
    const report = await verifyChains([file('a', log)], { publicKeys, heads })
    expect(report).toEqual({
      isUnchanged: true,
      isComplete: true,
      lines: 8,
      failures: [],
      torn: [],
      notes: [],
      writers: [{ writer: 'w', device: 'file/', firstLine: 1, lastLine: 8, hasEnded: true }],
    })
  })

  it.each<[string, (log: (string | Buffer)[] & string[]) => (string | Buffer)[], string]>([
    ['changed', (log) => log.with(3, log[3]!.replace('"4"', '"9"')), 'a:4 the line was changed'],
    [
      'changed, hash redone',
      (log) => log.with(3, rewritten(log[3]!, '"4"', '"9"')),
      'a:4 the line was',
    ],
    [
      'its link redone',
      (log) => log.with(3, rewritten(log[3]!, '"p":"', '"p":"A').replace(/("p":".{43})./, '$1')),
      'a:4 the line was',
    ],
    [
      'last before a checkpoint, hash redone',
      (log) => log.with(4, rewritten(log[4]!, '"5"', '"9"')),
      'a:5 the line was',
    ],
    [
      'first after a checkpoint, hash redone',
      (log) => log.with(6, rewritten(log[6]!, '"7"', '"9"')),
      'a:7 the line was',
    ],
    ['removed', (log) => log.toSpliced(3, 1), 'a:4 line 4 of writer w is missing before it'],
    ['several removed', (log) => log.toSpliced(2, 3), 'a:3 lines 3 to 5 of writer w are missing'],
    ['first removed', (log) => log.slice(1), 'a:1 line 1 of writer w is missing before it'],
    [
      'swapped',
      (log) => log.with(2, log[3]!).with(3, log[2]!),
      'a:3 line 3 of writer w is missing',
    ],
    ['repeated', (log) => log.toSpliced(5, 0, log[2]!), 'a:6 line 3 of writer w after its line 5'],
    [
      'foreign line',
      (log) => log.toSpliced(2, 0, '{"type":"request"}\n'),
      'a:3 the line carries no chain',
    ],
    [
      'truncated line',
      (log) => log.with(3, `${log[3]!.slice(0, 60)}\n`),
      'a:4 only a part is left of line 4',
    ],
    [
      'chain cut out',
      (log) => log.with(3, log[3]!.replace(/,"chain".*/, '}')),
      'a:4 the line carries no',
    ],
    [
      'signature changed',
      (log) =>
        log.with(
          5,
          log[5]!.replace(/"s":"(.)/, (_, c) => `"s":"${c === 'A' ? 'B' : 'A'}`),
        ),
      'a:6 the signature is not',
    ],
    [
      'signature removed',
      (log) => log.with(5, log[5]!.replace(/,"s":"[^"]*"/, '')),
      'a:6 the record audit-checkpoint is not signed',
    ],
    [
      'invalid UTF-8 for a letter',
      (log) =>
        log.with(
          3,
          Buffer.from(log[3]!.replace('é', '\u0001\u0001')).map((b) =>
            b === 1 ? 0xff : b,
          ) as Buffer,
        ),
      'a:4 the line was changed',
    ],
    ['garbage before a line', (log) => log.with(3, `x${log[3]!}`), 'a:4 the line was changed'],
    [
      'added after the end',
      (log) => [...log, rewritten(log[6]!, '"n":7', '"n":9')],
      'a:9 the line was changed',
    ],
  ])('names the bad line: %s', async (_, tamper, expected) => {
    const message = await firstFailure([file('a', tamper(plainLog()))])
    expect(message.slice(0, expected.length)).toBe(expected)
  })

  it('finds a cut tail and a missing writer by the heads', async () => {
    const [one, two] = [new TestWriter('one'), new TestWriter('two')]
    const log = plainLog(one)
    plainLog(two)
    const cut = [file('a', log.slice(0, 5))]
    expect(await firstFailure(cut)).toBe('none')
    const report = await verifyChains(cut, { publicKeys })
    expect(report.notes.join()).toContain(
      "can't be proven that nothing was cut off after its line 5",
    )
    const heads = [one.head()]
    expect(await firstFailure(cut, { publicKeys, heads })).toBe(
      'a:5 cut off: lines 6 to 8 of writer one are missing after it',
    )
    const both = { publicKeys, heads: [one.head(), two.head()] }
    expect(await firstFailure([file('a', log)], both)).toContain(
      '-:- all 8 lines of writer two (device file/) are missing; if its files were deleted',
    )
  })

  it('proves nothing by an empty log', async () => {
    const writer = new TestWriter('w')
    plainLog(writer)
    const heads = [writer.head()]
    expect(await firstFailure([])).toContain('-:- there is no line')
    const wiped = await verifyChains([file('a', [])], { publicKeys, heads })
    expect(wiped).toMatchObject({ isUnchanged: false, isComplete: false, lines: 0 })
    const whys = wiped.failures.map(({ why }) => why).join()
    expect(whys).toContain('no line of device file/ is there, of which the server knows 1 writer')
    const partial = await verifyChains([file('a', [])], { publicKeys, heads, isPartial: true })
    expect(partial.isUnchanged).toBe(false)
  })

  it('proves no completeness without heads, of a part, or where the server knows no writer', async () => {
    const writer = new TestWriter('w')
    const sources = [file('a', plainLog(writer))]
    const heads = [writer.head()]
    const without = await verifyChains(sources, { publicKeys })
    expect(without).toMatchObject({ isUnchanged: true, isComplete: false })
    const part = await verifyChains(sources, { publicKeys, heads, isPartial: true })
    expect(part).toMatchObject({ isUnchanged: true, isComplete: false })
    expect(await firstFailure(sources, { publicKeys, heads: [] })).toContain('knows no writer')
  })

  it('wants the lines of every device that has heads, or of the one that is named', async () => {
    const [one, two] = [new TestWriter('one'), new TestWriter('two')]
    const sources = [file('a', plainLog(one)), file('b', [])]
    plainLog(two)
    const heads = [one.head(), { ...two.head(), device: 'second/' }]
    const message = await firstFailure(sources, { publicKeys, heads })
    expect(message).toContain('no line of device second/ is there')
    expect(message).toContain('-device')
    const named = await verifyChains(sources, { publicKeys, heads, device: 'file/' })
    expect(named).toMatchObject({ isComplete: true, failures: [] })
    const other = { publicKeys, heads, device: 'second/' }
    expect(await firstFailure(sources, other)).toContain('no line of device second/')
    expect(await firstFailure(sources, { publicKeys, device: 'x/' })).toContain(
      'no line of device x/',
    )
  })

  it('takes a file that ends inside a line as cut, unless heads or later lines show otherwise', async () => {
    const writer = new TestWriter('w')
    const log = plainLog(writer)
    const end = log[4]!.slice(0, -20)
    const cut = [file('a', [...log.slice(0, 4), end])]
    expect(await firstFailure(cut)).toContain('a:5 the file ends inside a line')
    expect(await firstFailure([file('a', [...log.slice(0, 4), `${end}\n`])])).toContain(
      'a:5 the file',
    )
    const heads = [writer.head()]
    expect(await firstFailure(cut, { publicKeys, heads })).toContain('cut off: lines 5 to 8')
    const early = new TestWriter('w')
    const lines = [early.start(), early.line(2)]
    const known = { publicKeys, heads: [early.head(false)] }
    const crashed = [file('a', [...lines, early.line(3).slice(0, -20)])]
    expect(await firstFailure(crashed, known)).toBe('none')
    // The file was moved while its disk was full: the line is in the next file.
    const moved = [file('a', [...log.slice(0, 4), end]), file('b', log.slice(4))]
    expect(await firstFailure(moved)).toBe('none')
    const second = [file('a', log.slice(0, 4)), file('b', [end])]
    expect(await firstFailure(second)).toContain('b:1 the file ends inside a line')
  })

  it('finds a log written anew with another key', async () => {
    const forged = plainLog(new TestWriter('w', newSigner()))
    expect(await firstFailure([file('a', forged)])).toContain('a:1 writer w signs with a key')
    const report = await verifyChains([file('a', forged)])
    expect(report.notes.join()).toContain('the signing key was taken from the logs')
  })

  it('takes fragments of a full disk or a crash for what they are', async () => {
    const writer = new TestWriter('w', signer, '@cee: ')
    const log = plainLog(writer)
    const torn = log[3]!.slice(0, 70)
    const lines = [...log.slice(0, 3), `${torn}\n`, ...log.slice(3, 5), torn, ...log.slice(5)]
    const report = await verifyChains([file('a', lines)], { publicKeys })
    expect(report.failures).toEqual([])
    expect(report.torn.map((place) => place.line)).toEqual([4, 7])
  })

  it('says what is not given when told that files are missing', async () => {
    const log = plainLog()
    const report = await verifyChains([file('a', log.slice(3))], { publicKeys, isPartial: true })
    expect(report.failures).toEqual([])
    expect(report.notes).toContain('lines 1 to 3 of writer w were not given')
  })
})

/** Random writers, interleaved into lines, cut into files. */
const logs = fc
  .record({
    writers: fc.integer({ min: 1, max: 4 }),
    order: fc.array(fc.nat(3), { minLength: 4, maxLength: 40 }),
    cuts: fc.array(fc.nat(60), { maxLength: 4 }),
    shuffle: fc.nat(1000),
    tamper: fc.nat(10_000),
    at: fc.nat(10_000),
  })
  .map(({ writers: count, order, cuts, shuffle, tamper, at }) => {
    const writers = Array.from({ length: count }, (_, index) => new TestWriter(`writer${index}`))
    const lines: string[] = writers.map((writer) => writer.start())
    order.forEach((pick, id) => {
      const writer = writers[pick % count]!
      lines.push(id % 7 === 6 ? writer.checkpoint() : writer.line(id))
    })
    for (const writer of writers) lines.push(writer.end())
    const heads = writers.map((writer) => writer.head())
    return { lines, cuts, shuffle, heads, tamper, at: at % lines.length }
  })

function toFiles(
  lines: readonly (string | Buffer)[],
  cuts: number[],
  shuffle: number,
): AuditSource[] {
  const ends = [...new Set(cuts.map((cut) => cut % lines.length)), lines.length].sort(
    (a, b) => a - b,
  )
  let from = 0
  const files = ends.map((end) => {
    // Named by where they begin, so that a failure's line can be told in the uncut log.
    const made = file(String(from), lines.slice(from, end))
    from = end
    return made
  })
  for (let n = 0; n < shuffle % 5; n++) files.push(files.shift()!)
  return files
}

describe('properties', () => {
  it('gives no false alarm over any interleaving, rotation and order of files', async () => {
    await fc.assert(
      fc.asyncProperty(logs, async ({ lines, cuts, shuffle, heads }) => {
        const report = await verifyChains(toFiles(lines, cuts, shuffle), { publicKeys, heads })
        expect(report.failures).toEqual([])
        expect(report.notes).toEqual([])
      }),
      { numRuns: 60 },
    )
  })

  it('detects any changed byte and names its line', async () => {
    await fc.assert(
      fc.asyncProperty(logs, async ({ lines, cuts, shuffle, heads, tamper, at }) => {
        const bytes = Buffer.from(lines[at]!)
        const where = tamper % (bytes.length - 1)
        bytes[where] = bytes[where]! ^ (1 << (tamper % 7))
        if (bytes[where] === 0x0a) bytes[where] = 0x01
        const files = toFiles((lines as (string | Buffer)[]).with(at, bytes), cuts, shuffle)
        const { failures } = await verifyChains(files, { publicKeys, heads })
        const named = failures.map(({ place }) => Number(place?.file) + (place?.line ?? 0) - 1)
        expect(named[0]).toBe(at)
      }),
      { numRuns: 150 },
    )
  })

  it('detects any removed line', async () => {
    await fc.assert(
      fc.asyncProperty(logs, async ({ lines, cuts, shuffle, heads, at }) => {
        const files = toFiles(lines.toSpliced(at, 1), cuts, shuffle)
        const { failures } = await verifyChains(files, { publicKeys, heads })
        expect(failures).toHaveLength(1)
      }),
      { numRuns: 60 },
    )
  })

  it('detects any two lines of a writer that changed places', async () => {
    await fc.assert(
      fc.asyncProperty(logs, async ({ lines, heads, at }) => {
        const writer = /"w":"(\w+)"/.exec(lines[at]!)![1]!
        const later = lines.findIndex((line, n) => n > at && line.includes(`"w":"${writer}"`))
        fc.pre(later !== -1)
        const swapped = lines.with(at, lines[later]!).with(later, lines[at]!)
        const { failures } = await verifyChains([file('a', swapped)], { publicKeys, heads })
        expect(failures.length).toBeGreaterThan(0)
      }),
      { numRuns: 60 },
    )
  })
})
