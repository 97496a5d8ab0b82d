import { seededRandom } from '../../../test/support/seeded-random.ts'
import { describeStorageContract } from '../../../test/support/storage-contract.ts'
import { systemClock } from '../../base/clock.ts'
import { memoryBackend } from './memory-backend.ts'

describeStorageContract('memory', () => ({
  backend: memoryBackend({ clock: systemClock, random: seededRandom(1) }),
}))

describeStorageContract(
  'memory, late and with conflicts',
  () => ({
    backend: memoryBackend({
      clock: systemClock,
      random: seededRandom(2),
      latency: { minMs: 0, maxMs: 3 },
      conflictRate: 0.2,
    }),
  }),
  { conflictsAtRandom: true },
)
