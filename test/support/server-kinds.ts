// The storage that suites of the API run on: memory that answers at once, memory that answers late and
// with conflicts as a remote store does, and LMDB. What holds on one of them must hold on all.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import { systemRandom } from '../../src/base/random.ts'
import type { StorageBackend } from '../../src/sdk/storage.ts'
import { openLmdb } from '../../src/storage/lmdb/open-lmdb.ts'
import { memoryBackend } from '../../src/storage/memory/memory-backend.ts'
import { type InProcess, type InProcessOptions, startInProcess } from './in-process.ts'

export interface ServerKind {
  readonly kind: string
  start(options?: Omit<InProcessOptions, 'backend'>): Promise<InProcess>
}

export const slowBackend = (): StorageBackend =>
  memoryBackend({
    clock: systemClock,
    random: systemRandom,
    latency: { minMs: 0, maxMs: 1 },
    conflictRate: 0.03,
  })

const onMemory: ServerKind = {
  kind: 'memory',
  start: (options) => startInProcess({ ...options }),
}

const onSlowMemory: ServerKind = {
  kind: 'slow memory with conflicts',
  start: (options) => startInProcess({ ...options, backend: slowBackend() }),
}

const onLmdb: ServerKind = {
  kind: 'LMDB',
  async start(options) {
    const path = mkdtempSync(join(tmpdir(), 'strongroom-api-'))
    const backend = openLmdb({ path, clock: systemClock, random: systemRandom })
    const server = await startInProcess({ ...options, backend })
    return {
      ...server,
      async close() {
        await server.close()
        rmSync(path, { recursive: true, force: true })
      },
    }
  },
}

export const serverKinds: readonly ServerKind[] = [onMemory, onSlowMemory]
export const allServerKinds: readonly ServerKind[] = [...serverKinds, onLmdb]
