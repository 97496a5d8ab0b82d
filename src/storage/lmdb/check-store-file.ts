// Reads an LMDB data file without LMDB, to refuse one that is empty, foreign or cut off before it is mapped:
// a missing page would end the process with SIGBUS, an empty file would pass for a new store.
// Layout: LMDB data version 2 as lmdb-js 3.5 builds it (24-byte page headers, MDB_meta behind them).
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const MAGIC = 0xbeefc0de
const DATA_VERSION = 2
const HEADER_BYTES = 24
const META_BYTES = 168
const NO_PAGE = 2n ** 64n - 1n
const BRANCH = 0x01
const LEAF = 0x02
const OVERFLOW = 0x04
const META = 0x08
const BIG_DATA = 0x01
const NODE_HEADER_BYTES = 8
/** What a program that is making the store needs between its file and its first page, at most. */
const SETTLE_MS = 2000
const SETTLE_STEP_MS = 20

interface Meta {
  readonly pageSize: number
  readonly roots: readonly bigint[]
  readonly lastPage: bigint
  readonly transaction: bigint
}

/**
 * Throws an Error in words unless the file is a whole store. Cheap: two pages are read; only a file that is
 * shorter than its last page (which LMDB allows where the tail is free) is walked page by page.
 */
export function checkStoreFile(file: string): void {
  const descriptor = openSync(file, 'r')
  try {
    waitForContent(file, descriptor)
    const meta = newestMeta(file, descriptor)
    const size = fstatSync(descriptor).size
    if (BigInt(size) < (meta.lastPage + 1n) * BigInt(meta.pageSize))
      walkTrees(file, descriptor, meta, size)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Walks every page that the newest snapshot refers to and throws an Error in words at the first one that is
 * missing or isn't what it should be. Reads the whole index: for diagnosis, not for every start.
 */
export function verifyStoreFile(file: string): void {
  const descriptor = openSync(file, 'r')
  try {
    const meta = newestMeta(file, descriptor)
    walkTrees(file, descriptor, meta, fstatSync(descriptor).size)
  } finally {
    closeSync(descriptor)
  }
}

/** A store that another process is just making is empty for a moment. */
function waitForContent(file: string, descriptor: number): void {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  for (let waited = 0; fstatSync(descriptor).size === 0; waited += SETTLE_STEP_MS) {
    if (waited >= SETTLE_MS)
      throw new Error(
        `storage file ${file} is empty: restore it from a backup, or remove it to begin a new store`,
      )
    Atomics.wait(pause, 0, 0, SETTLE_STEP_MS)
  }
}

function newestMeta(file: string, descriptor: number): Meta {
  const first = readMeta(file, descriptor, 0)
  if (first === null) throw new Error(`storage file ${file} is not an LMDB store`)
  const second = readMeta(file, descriptor, first.pageSize)
  if (second === null) throw damaged(file, 'its second head page is missing or overwritten')
  return second.transaction > first.transaction ? second : first
}

function readMeta(file: string, descriptor: number, at: number): Meta | null {
  const page = Buffer.alloc(META_BYTES)
  if (readSync(descriptor, page, 0, META_BYTES, at) < META_BYTES) return null
  if ((page.readUInt16LE(18) & META) === 0 || page.readUInt32LE(24) !== MAGIC) return null
  if ((page.readUInt32LE(28) & 0xffff) !== DATA_VERSION)
    throw new Error(`storage file ${file} is in another version of the LMDB format`)
  const pageSize = page.readUInt32LE(48)
  if (pageSize < 512 || pageSize > 65_536) return null
  return {
    pageSize,
    roots: [page.readBigUInt64LE(88), page.readBigUInt64LE(136)],
    lastPage: page.readBigUInt64LE(144),
    transaction: page.readBigUInt64LE(152),
  }
}

function walkTrees(file: string, descriptor: number, meta: Meta, size: number): void {
  const pages = BigInt(Math.floor(size / meta.pageSize))
  const page = Buffer.alloc(meta.pageSize)
  const load = (number: bigint, wanted: number): void => {
    if (number >= pages)
      throw damaged(file, `it is cut off: page ${number} is needed and it has ${pages}`)
    readSync(descriptor, page, 0, meta.pageSize, Number(number) * meta.pageSize)
    const flags = page.readUInt16LE(18)
    if (page.readBigUInt64LE(0) !== number || (flags & wanted) === 0)
      throw damaged(file, `page ${number} is not what the index says`)
  }
  const checkRun = (number: bigint): void => {
    load(number, OVERFLOW)
    const run = page.readUInt32LE(20)
    if (number + BigInt(run) > pages)
      throw damaged(file, `it is cut off in a value at page ${number}`)
  }
  const waiting = meta.roots.filter((root) => root !== NO_PAGE)
  for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
    load(number, BRANCH | LEAF)
    const { children, runs } = references(file, page, number)
    for (const child of children) waiting.push(child)
    for (const run of runs) checkRun(run)
  }
}

/** The pages that a branch or leaf page refers to. */
function references(
  file: string,
  page: Buffer,
  number: bigint,
): { readonly children: readonly bigint[]; readonly runs: readonly bigint[] } {
  const children: bigint[] = []
  const runs: bigint[] = []
  const isBranch = (page.readUInt16LE(18) & BRANCH) !== 0
  const pointersEnd = HEADER_BYTES + page.readUInt16LE(20)
  for (let pointer = HEADER_BYTES; pointer < pointersEnd; pointer += 2) {
    const node =
      HEADER_BYTES + (pointer + 2 > page.length ? page.length : page.readUInt16LE(pointer))
    if (node + NODE_HEADER_BYTES > page.length)
      throw damaged(file, `page ${number} points outside itself`)
    const low = BigInt(page.readUInt32LE(node))
    const flags = page.readUInt16LE(node + 4)
    if (isBranch) children.push(low | (BigInt(flags) << 32n))
    else if ((flags & BIG_DATA) !== 0) {
      const data = node + NODE_HEADER_BYTES + page.readUInt16LE(node + 6)
      if (data + 8 > page.length) throw damaged(file, `page ${number} points outside itself`)
      runs.push(page.readBigUInt64LE(data))
    }
  }
  return { children, runs }
}

const damaged = (file: string, what: string): Error =>
  new Error(`storage file ${file} is damaged: ${what}; restore it from a backup`)
