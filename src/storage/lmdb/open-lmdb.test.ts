import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { batch, describeStorageContract } from '../../../test/support/storage-contract.ts'
import { systemClock } from '../../base/clock.ts'
import { systemRandom } from '../../base/random.ts'
import type { StorageBackend } from '../../sdk/storage.ts'
import { checkStoreFile, verifyStoreFile } from './check-store-file.ts'
import { openLmdb } from './open-lmdb.ts'

const folders: string[] = []
const freshFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'strongroom-lmdb-'))
  folders.push(folder)
  return join(folder, 'store')
}
const openAt = (path: string): StorageBackend =>
  openLmdb({ path, random: systemRandom, clock: systemClock })

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

describeStorageContract('lmdb', () => ({ backend: openAt(freshFolder()) }))

describe('an LMDB store', () => {
  it('is private to its owner and survives a restart', async () => {
    const path = freshFolder()
    const first = openAt(path)
    await first.commit(batch({ a: 'kept' }))
    await first.close()
    expect(statSync(path).mode & 0o777).toBe(0o700)
    expect(statSync(join(path, 'data.mdb')).mode & 0o777).toBe(0o600)
    expect(statSync(join(path, 'data.mdb-lock')).mode & 0o777).toBe(0o600)
    const second = openAt(path)
    expect(Buffer.from((await second.read(['a'])).get('a')!.value).toString()).toBe('kept')
    expect(second.stats!()).toMatchObject({ entries: 1, freeOverflowPages: 0 })
    await second.close()
  })

  it('is open once in a process', async () => {
    const path = freshFolder()
    const first = openAt(path)
    expect(() => openAt(`${path}/../store`)).toThrow(/already open in this process/)
    await first.close()
    await openAt(path).close()
  })

  it('refuses a damaged file in words instead of losing it', async () => {
    const path = freshFolder()
    const backend = openAt(path)
    for (let i = 0; i < 20; i++)
      await backend.commit(
        batch({ [`k${i}`]: Buffer.alloc(5000, i), [`s${i}`]: Buffer.alloc(500) }),
      )
    await backend.close()
    const file = join(path, 'data.mdb')
    checkStoreFile(file)
    verifyStoreFile(file)
    truncateSync(file, 60_000)
    expect(() => openAt(path)).toThrow(/is damaged: it is cut off.*restore it from a backup/)
    truncateSync(file, 5000)
    expect(() => openAt(path)).toThrow(/is damaged/)
    truncateSync(file, 100)
    expect(() => openAt(path)).toThrow(/not an LMDB store/)
    truncateSync(file, 0)
    expect(() => openAt(path)).toThrow(/is empty: restore it from a backup/)
    writeFileSync(file, 'something else entirely'.repeat(1000))
    expect(() => openAt(path)).toThrow(/not an LMDB store/)
  })

  it('names the file when a page in it was overwritten', async () => {
    const path = freshFolder()
    const backend = openAt(path)
    for (let i = 0; i < 10; i++) {
      const writes = Array.from({ length: 60 }, (_, k) => [`k${i}-${k}`, Buffer.alloc(300, i)])
      await backend.commit(batch(Object.fromEntries(writes)))
    }
    await backend.close()
    const file = join(path, 'data.mdb')
    const pages = readFileSync(file)
    // Every leaf but the head pages: flags 2 at byte 18.
    for (let at = 8192; at < pages.length; at += 4096)
      if (pages.readUInt16LE(at + 18) === 2) pages.fill(0, at, at + 4096)
    writeFileSync(file, pages)
    expect(() => verifyStoreFile(file)).toThrow(/is damaged: page \d+ is not what the index says/)
    const damaged = openAt(path)
    await expect(damaged.read(['k3-3'])).rejects.toThrow(/can't be read: .*restore a backup/)
    await expect(damaged.list('', { limit: 5 })).rejects.toThrow(/can't be read/)
    await damaged.close()
  })

  it('says so when its path is not a folder', () => {
    const path = freshFolder()
    writeFileSync(path, '')
    expect(() => openAt(path)).toThrow(/storage folder .* can't be made|is not a folder/)
  })

  it('always leaves a file that passes its own check', async () => {
    const path = freshFolder()
    const backend = openAt(path)
    const file = join(path, 'data.mdb')
    for (let round = 0; round < 60; round++) {
      const size = [10, 900, 4000, 70_000][round % 4]!
      await backend.commit(
        batch({ [`k${round % 7}`]: Buffer.alloc(size), [`k${(round * 3) % 11}`]: null }),
      )
      checkStoreFile(file)
    }
    verifyStoreFile(file)
    await backend.close()
    await openAt(path).close()
  })
})
