// Whether bytes are those of a program, an archive or a document, by the magic numbers at their start, and whether
// they are text at all. `isApplication` answers as gitleaks' library (h2non/filetype 1.1.3) does, oddities included:
// what looks like an image, a film or a sound is no application and is scanned, a text that starts with "MZ" is one.

type Magic = readonly [offset: number, bytes: string]

/** Types whose MIME type is no application; they are looked for first. */
const MEDIA: readonly Magic[] = [
  [0, '\xff\xd8\xff'],
  [0, '\x89PNG'],
  [0, 'GIF'],
  [8, 'WEBP'],
  [0, 'BM'],
  [0, 'II\xbc'],
  [0, '8BPS'],
  [0, '\0\0\x01\0'],
  [0, 'AC10'],
  [0, '0&\xb2u\x8ef\xcf\x11\xa6\xd9'],
  [0, 'FLV\x01'],
  [4, 'ftypM4V'],
  [4, 'ftyp3gp'],
  [0, '\0\0\0\x14ftyp'],
  [0, 'MThd'],
  [0, 'ID3'],
  [0, '\xff\xfb'],
  [0, '\xff\xf1'],
  [0, '\xff\xf9'],
  [4, 'ftypM4A'],
  [0, 'M4A '],
  [0, 'OggS'],
  [0, 'fLaC'],
  [0, '#!AMR\n'],
]

const APPLICATIONS: readonly Magic[] = [
  [0, 'wOFF\0\x01\0\0'],
  [0, 'wOF2\0\x01\0\0'],
  [0, '\0\x01\0\0\0'],
  [0, 'OTTO\0'],
  [0, '\x1f\x8b\x08'],
  [0, 'BZh'],
  [0, "7z\xbc\xaf'\x1c"],
  [0, '\xfd7zXZ\0'],
  [0, '%PDF'],
  [0, 'MZ'],
  [0, 'CWS'],
  [0, 'FWS'],
  [0, '{\\rtf'],
  [0, '%!'],
  [0, 'SQLi'],
  [0, 'NES\x1a'],
  [0, 'Cr24'],
  [0, 'MSCF'],
  [0, 'ISc('],
  [0, '!<arch>'],
  [0, '\x1f\xa0'],
  [0, '\x1f\x9d'],
  [0, 'LZIP'],
  [257, 'ustar'],
  [128, 'DICM'],
  [32769, 'CD001'],
  [0, '\xfe\xed\xfa\xcf'],
  [0, '\xfe\xed\xfa\xce'],
  [0, '\xbe\xba\xfe\xca'],
  [0, '\xcf\xfa\xed\xfe'],
  [0, '\xce\xfa\xed\xfe'],
  [0, '\xca\xfe\xba\xbe'],
]

const MP4_BRANDS = new Set(
  'avc1 dash iso2 iso3 iso4 iso5 iso6 isom mmp4 mp41 mp42 mp4v mp71 MSNV NDAS NDSC NSDC NDSH NDSM NDSP NDSS NDXC NDXH NDXM NDXP NDXS F4V  F4P '
    .match(/.{4} /g)!
    .map((brand) => brand.slice(0, 4)),
)

function has(bytes: Uint8Array, offset: number, text: string): boolean {
  if (bytes.length < offset + text.length) return false
  for (let i = 0; i < text.length; i++) {
    if (bytes[offset + i] !== text.charCodeAt(i)) return false
  }
  return true
}

const hasAny = (bytes: Uint8Array, magics: readonly Magic[]): boolean =>
  magics.some(([offset, text]) => has(bytes, offset, text))

/** Bytes no text starts with: most files are let through by their first byte alone. */
const FIRST_BYTES = new Set(
  [...MEDIA, ...APPLICATIONS]
    .filter(([offset]) => offset === 0)
    .map(([, text]) => text.charCodeAt(0)),
)

/** `bytes` are the first of a file, up to 100,000 of them. */
export function isApplication(bytes: Uint8Array): boolean {
  if (has(bytes, 0, '\0asm\x01\0\0\0') || isDex(bytes)) return true
  if (isMedia(bytes)) return false
  return isBinaryApplication(bytes)
}

/** Programs, archives, documents and media: everything that has a known magic number. */
export function hasBinaryMagic(bytes: Uint8Array): boolean {
  return isApplication(bytes) || isMedia(bytes)
}

function isDex(bytes: Uint8Array): boolean {
  const dex = (at: number): boolean =>
    bytes.length > at + 36 && has(bytes, at, 'dex\n') && bytes[at + 36] === 0x70
  return dex(0) || (bytes.length > 100 && has(bytes, 0, 'dey\n') && dex(40))
}

function isMedia(bytes: Uint8Array): boolean {
  if (FIRST_BYTES.has(bytes[0] ?? -1) && hasAny(bytes, MEDIA)) return true
  if (has(bytes, 8, 'WEBP') || (has(bytes, 0, 'FORM') && has(bytes, 8, 'AIFF'))) return true
  if (has(bytes, 0, 'RIFF') && (has(bytes, 8, 'WAVE') || has(bytes, 8, 'AVI'))) return true
  if (bytes.length > 10 && (has(bytes, 0, 'II*\0') || has(bytes, 0, 'MM\0*'))) return true
  if (bytes.length > 12 && has(bytes, 0, '\0\0\0\x0cjP  \r\n\x87\n\0')) return true
  if (has(bytes, 0, '\0\0\x01') && bytes.length > 3 && bytes[3]! >= 0xb0 && bytes[3]! <= 0xbf) {
    return true
  }
  return isMovie(bytes)
}

function isMovie(bytes: Uint8Array): boolean {
  if (has(bytes, 4, 'moov') || has(bytes, 4, 'mdat') || has(bytes, 12, 'mdat')) {
    return bytes.length > 15
  }
  if (has(bytes, 4, 'ftyp')) {
    const brand = latin1(bytes, 8, 12)
    if (MP4_BRANDS.has(brand) || /^(M4V|3gp|M4A)/.test(brand)) return true
    if (bytes.length < 16) return false
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
    if (bytes.length < length) return false
    const compatible: string[] = latin1(bytes, 16, length).match(/.{4}/gs) ?? []
    const isImage = (brand === 'mif1' || brand === 'msf1') && compatible.includes('heic')
    return brand === 'heic' || isImage || has(bytes, 0, '\0\0\0\x14')
  }
  if (has(bytes, 0, '\x1aE\xdf\xa3')) {
    const head = latin1(bytes, 0, 4096)
    return ['matroska', 'webm'].some((kind) => {
      const at = head.indexOf(kind)
      return at >= 3 && head[at - 3] === 'B' && head[at - 2] === '\x82'
    })
  }
  return false
}

const EOT_VERSIONS = ['\x02\0\x01', '\x01\0\0', '\x02\0\x02']

function isZip(bytes: Uint8Array): boolean {
  if (!has(bytes, 0, 'PK') || bytes.length < 4) return false
  return [3, 5, 7].includes(bytes[2]!) && [4, 6, 8].includes(bytes[3]!)
}

function isBinaryApplication(bytes: Uint8Array): boolean {
  if (hasAny(bytes, APPLICATIONS)) return true
  if (isZip(bytes)) return true
  if (has(bytes, 0, 'Rar!\x1a\x07') && bytes.length > 6 && bytes[6]! <= 1) return true
  if (bytes.length > 52 && has(bytes, 0, '\x7fELF')) return true
  if (bytes.length > 96 && has(bytes, 0, '\xed\xab\xee\xdb')) return true
  if (has(bytes, 0, '\xd0\xcf\x11\xe0')) {
    return (
      bytes.length <= 513 || ['\xec\xa5', '\x09\x08', '\xa0F'].includes(latin1(bytes, 512, 514))
    )
  }
  if (has(bytes, 34, 'LP') && EOT_VERSIONS.includes(latin1(bytes, 8, 11))) return true
  return isZstd(bytes)
}

/** A zstd frame, possibly behind skippable ones. */
export function isZstd(bytes: Uint8Array): boolean {
  for (let at = 0; ; ) {
    if (has(bytes, at, '\x28\xb5\x2f\xfd')) return true
    if (bytes.length < at + 8) return false
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    if ((view.getUint32(at, true) & 0xfffffff0) >>> 0 !== 0x184d2a50) return false
    at += 8 + view.getUint32(at + 4, true)
  }
}

const latin1 = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(
    'latin1',
    from,
    Math.min(to, bytes.length),
  )

/** Which Unicode a byte order mark at the start announces, if it isn't UTF-8. */
export function utf16Mark(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  if (bytes.length < 2) return null
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : null
}

/** git's own test for binary: a NUL within the first 8,000 bytes. */
export function hasNul(bytes: Uint8Array): boolean {
  const at = bytes.indexOf(0)
  return at >= 0 && at < 8000
}
