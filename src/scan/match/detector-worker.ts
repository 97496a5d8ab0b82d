// The thread of a detector pool: batches in, answers out, in order. Its rules come with its start.
import { parentPort, workerData } from 'node:worker_threads'
import type { DetectorOptions } from '../detector.ts'
import type { ScanConfig } from '../rule.ts'
import { openDetector } from './open-detector.ts'
import { type BatchAnswer, type PackedBatch, unpackBatch } from './packed-batch.ts'

const { config, options } = workerData as { config: ScanConfig; options: DetectorOptions }
const detector = openDetector(config, options)

function answer(packed: PackedBatch): BatchAnswer {
  try {
    const findings = unpackBatch(packed).flatMap((fragment, i) =>
      detector.detect(fragment).map((finding) => ({
        fragment: i,
        finding: { ...finding, commit: null },
      })),
    )
    return { id: packed.id, findings, skipped: detector.takeSkipped(), error: null }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { id: packed.id, findings: [], skipped: [], error: message }
  }
}

parentPort!.on('message', (packed: PackedBatch) => parentPort!.postMessage(answer(packed)))
