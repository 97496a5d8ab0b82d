// A tar whose files are read in any order, as often as wanted: its headers are walked once and their places kept.
// `docker save` writes plain tars; a compressed one would have to be unpacked first, and says so.
import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { SCAN_ARCHIVE_ENTRIES } from '../../base/limits.ts'
import type { ImageFiles } from './image-source.ts'

const BLOCK = 512
const MOST_NAME = 64 * 1024

interface Place {
  readonly from: number
  readonly size: number
}

/** Links among the entries (old archives share layers that way) lead to the file's own place. */
export class ImageTar implements ImageFiles {
  readonly #path: string
  readonly #places: Map<string, Place>
  readonly names: ReadonlySet<string>

  private constructor(path: string, places: Map<string, Place>) {
    this.#path = path
    this.#places = places
    this.names = new Set(places.keys())
  }

  /** Throws Error for what is no tar. */
  static async open(path: string): Promise<ImageTar> {
    const file = await open(path, 'r')
    try {
      return new ImageTar(path, await readPlaces(file))
    } finally {
      await file.close()
    }
  }

  open(name: string): AsyncIterable<Uint8Array> {
    const place = this.#places.get(name)
    if (place === undefined) throw new Error(`no ${name} in the image`)
    if (place.size === 0) return nothing()
    return createReadStream(this.#path, { start: place.from, end: place.from + place.size - 1 })
  }

  async close(): Promise<void> {}
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function readPlaces(file: FileHandle): Promise<Map<string, Place>> {
  const places = new Map<string, Place>()
  const links: Array<readonly [name: string, target: string]> = []
  const block = Buffer.alloc(BLOCK)
  let longName: string | null = null
  let longSize: number | null = null
  let at = 0
  for (let entries = 0; entries < SCAN_ARCHIVE_ENTRIES; entries++) {
    const { bytesRead } = await file.read(block, 0, BLOCK, at)
    if (bytesRead < BLOCK || block[0] === 0) break
    const header = parseHeader(block, at === 0)
    const size: number = longSize ?? header.size
    const from = at + BLOCK
    at = from + Math.ceil(size / BLOCK) * BLOCK
    if (header.type === 'x' || header.type === 'L') {
      if (size > MOST_NAME) throw new Error('broken archive: a name without end')
      const bytes = Buffer.alloc(size)
      await file.read(bytes, 0, size, from)
      if (header.type === 'L') longName = bytes.toString().replace(/\0.*$/s, '')
      else {
        longName = paxField(bytes, 'path') ?? longName
        const stated = paxField(bytes, 'size')
        longSize = stated === null ? null : Number(stated)
      }
      continue
    }
    const name = (longName ?? header.name).replace(/^\.\//, '')
    if (header.type === '0') places.set(name, { from, size })
    else if (header.type === '1' || header.type === '2') links.push([name, header.link])
    longName = null
    longSize = null
  }
  for (const [name, target] of links) {
    const place = places.get(resolveLink(name, target)) ?? places.get(target)
    if (place !== undefined) places.set(name, place)
  }
  return places
}

const text = (block: Buffer, from: number, length: number): string =>
  block.toString('utf8', from, from + length).replace(/\0.*$/s, '')

function parseHeader(
  block: Buffer,
  isFirst: boolean,
): { name: string; size: number; type: string; link: string } {
  let sum = 0
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 32 : block[i]!
  if (sum !== Number.parseInt(text(block, 148, 8).trim(), 8)) {
    const isCompressed = block[0] === 0x1f || block[0] === 0x28
    if (isFirst && isCompressed) throw new Error('a compressed tar: unpack it first')
    throw new Error(isFirst ? 'no image: neither a directory nor a tar' : 'broken archive')
  }
  const prefix = text(block, 257, 5) === 'ustar' ? text(block, 345, 155) : ''
  const name = text(block, 0, 100)
  const isLarge = (block[124]! & 0x80) !== 0
  const size = isLarge
    ? Number(block.readBigUInt64BE(128))
    : Number.parseInt(text(block, 124, 12).trim() || '0', 8)
  if (!Number.isSafeInteger(size) || size < 0) throw new Error('broken archive')
  const type = block[156] === 0 ? '0' : String.fromCharCode(block[156]!)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size,
    type: type === '7' ? '0' : type,
    link: text(block, 157, 100),
  }
}

/** A record of an extended header: "LENGTH key=value\n". */
function paxField(bytes: Buffer, key: string): string | null {
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(32, at)
    const length = Number(bytes.toString('latin1', at, space))
    if (space < 0 || !(length > 0)) return null
    const record = bytes.toString('utf8', space + 1, at + length - 1)
    if (record.startsWith(`${key}=`)) return record.slice(key.length + 1)
    at += length
  }
  return null
}

/** `../OTHER/layer.tar` as seen from `ONE/layer.tar`. */
function resolveLink(name: string, target: string): string {
  const parts = name.split('/').slice(0, -1)
  for (const part of target.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}
