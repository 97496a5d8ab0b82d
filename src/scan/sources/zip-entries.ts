// The files of a zip in the order of its directory, each opened only when asked for. Sizes and checksums that are
// wrong show when the entry is read, as errors of its stream.
import type { Readable } from 'node:stream'
import yauzl from 'yauzl'

export type ZipInput = { readonly fd: number; readonly path: string } | { readonly bytes: Buffer }

export interface ZipEntry {
  /** As bytes in latin1. */
  readonly name: string
  readonly compressedBytes: number
  readonly isStored: boolean
  /** Null for an encrypted one, or one packed with a method that is neither "stored" nor DEFLATE. */
  readonly open: (() => Promise<Readable>) | null
}

const OPTIONS = { lazyEntries: true, autoClose: false, decodeStrings: false } as const

function openZip(input: ZipInput): Promise<yauzl.ZipFile> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, zip?: yauzl.ZipFile): void =>
      zip ? resolve(zip) : reject(error)
    if ('bytes' in input) yauzl.fromBuffer(input.bytes, OPTIONS, done)
    else yauzl.fromFd(input.fd, OPTIONS, done)
  })
}

/** Throws what is wrong with the zip's directory. */
export async function* zipEntries(input: ZipInput): AsyncGenerator<ZipEntry> {
  const zip = await openZip(input)
  const next = (): Promise<yauzl.Entry | null> =>
    new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        zip.removeAllListeners()
        act()
      }
      zip.once('entry', (entry: yauzl.Entry) => settle(() => resolve(entry)))
      zip.once('end', () => settle(() => resolve(null)))
      zip.once('error', (error: Error) => settle(() => reject(error)))
      zip.readEntry()
    })
  for (let entry = await next(); entry !== null; entry = await next()) {
    const name = (entry.fileName as unknown as Buffer).toString('latin1')
    if (name.endsWith('/')) continue
    const current = entry
    const isReadable =
      !entry.isEncrypted() && (entry.compressionMethod === 0 || entry.compressionMethod === 8)
    const open = (): Promise<Readable> =>
      new Promise((resolve, reject) => {
        zip.openReadStream(current, (error, stream) => (stream ? resolve(stream) : reject(error)))
      })
    const isStored = entry.compressionMethod === 0
    yield { name, isStored, compressedBytes: entry.compressedSize, open: isReadable ? open : null }
  }
}
