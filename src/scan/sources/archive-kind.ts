// Which archive or compressed file something is: by its first bytes for us, by its name for gitleaks
// (its library mholt/archives 0.1.2 finds ".zip" anywhere in "my.zipper.ts", and so a file is left out that is none).
import { isZstd } from './content-type.ts'

export type Compression = 'gzip' | 'zstd' | 'unsupported'

export interface ArchiveKind {
  readonly compression: Compression | null
  readonly container: 'tar' | 'zip' | 'unsupported' | null
  /** What it is called when it can't be opened. */
  readonly name: string
}

const starts = (bytes: Uint8Array, text: string, at = 0): boolean => {
  if (bytes.length < at + text.length) return false
  for (let i = 0; i < text.length; i++) {
    if (bytes[at + i] !== text.charCodeAt(i)) return false
  }
  return true
}

/** `bytes` are a file's first ones; null when it is no archive. A compressed file may hold a tar: that is seen later. */
export function archiveKindOf(bytes: Uint8Array): ArchiveKind | null {
  switch (bytes[0]) {
    case 0x50:
      if (starts(bytes, 'PK\x03\x04') || starts(bytes, 'PK\x05\x06')) {
        return { compression: null, container: 'zip', name: 'zip' }
      }
      break
    case 0x1f:
      if (starts(bytes, '\x1f\x8b\x08'))
        return { compression: 'gzip', container: null, name: 'gzip' }
      break
    case 0x42:
      // bzip2: a level, then the first block's magic number or that of the stream's end.
      if (starts(bytes, 'BZh') && (starts(bytes, '1AY&SY', 4) || starts(bytes, '\x17rE8P\x90', 4)))
        return unsupported('bzip2', true)
      break
    case 0xfd:
      if (starts(bytes, '\xfd7zXZ\0')) return unsupported('xz', true)
      break
    case 0x37:
      if (starts(bytes, "7z\xbc\xaf'\x1c")) return unsupported('7z', false)
      break
    case 0x52:
      if (starts(bytes, 'Rar!\x1a\x07')) return unsupported('rar', false)
      break
  }
  if (bytes[0] !== 0 && starts(bytes, 'ustar', 257)) {
    return { compression: null, container: 'tar', name: 'tar' }
  }
  const first = bytes[0] ?? 0
  if ((first === 0x28 || (first & 0xf0) === 0x50) && isZstd(bytes)) {
    return { compression: 'zstd', container: null, name: 'zstd' }
  }
  return null
}

const unsupported = (name: string, isCompression: boolean): ArchiveKind => ({
  compression: isCompression ? 'unsupported' : null,
  container: isCompression ? null : 'unsupported',
  name,
})

const COMPRESSIONS: ReadonlyArray<readonly [RegExp, Compression, string]> = [
  [/\.gz/, 'gzip', 'gzip'],
  [/\.zst/, 'zstd', 'zstd'],
  [/\.bz2/, 'unsupported', 'bzip2'],
  [/\.xz/, 'unsupported', 'xz'],
  [/\.br/, 'unsupported', 'brotli'],
  [/\.lz4/, 'unsupported', 'lz4'],
  [/\.s[z2]/, 'unsupported', 'snappy'],
  [/\.zz/, 'unsupported', 'zlib'],
  [/\.lz$/, 'unsupported', 'lzip'],
  [/\.mz$/, 'unsupported', 'minlz'],
]
const CONTAINERS: ReadonlyArray<readonly [RegExp, 'tar' | 'zip' | 'unsupported', string]> = [
  [/\.tar/, 'tar', 'tar'],
  [/\.zip/, 'zip', 'zip'],
  [/\.7z/, 'unsupported', '7z'],
  [/\.rar/, 'unsupported', 'rar'],
]

/** By the name alone, as gitleaks does. */
export function compatArchiveKind(path: string): ArchiveKind | null {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
  if (!name.includes('.')) return null
  const compression = COMPRESSIONS.find(([pattern]) => pattern.test(name))
  const container = CONTAINERS.find(([pattern]) => pattern.test(name))
  if (compression === undefined && container === undefined) return null
  return {
    compression: compression?.[1] ?? null,
    container: container?.[1] ?? null,
    name: [container?.[2], compression?.[2]].filter(Boolean).join('.'),
  }
}
