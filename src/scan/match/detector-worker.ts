// The thread of a detector pool: batches in, answers out, in order. Its rules come with its start.
import { parentPort, workerData } from 'node:worker_threads'
import type { DetectorOptions } from '../detector.ts'
import type { ScanConfig } from '../rule.ts'
import { openDetector } from './open-detector.ts'
import {
  type BatchAnswer,
  type PackedBatch,
  type PackedFinding,
  releaseBuffer,
  unpackBatch,
} from './packed-batch.ts'

const { config, options } = workerData as { config: ScanConfig; options: DetectorOptions }
const detector = openDetector(config, options)

function answer(packed: PackedBatch): BatchAnswer {
  try {
    const lines = new Map<string, number>()
    const findings: PackedFinding[] = []
    for (const [i, fragment] of unpackBatch(packed).entries()) {
      for (const { line, commit: _, ...finding } of detector.detect(fragment)) {
        const number = lines.get(line) ?? lines.size
        lines.set(line, number)
        findings.push({ fragment: i, line: number, finding })
      }
    }
    const skipped = detector.takeSkipped()
    return { id: packed.id, findings, lines: [...lines.keys()], skipped, error: null }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { id: packed.id, findings: [], lines: [], skipped: [], error: message }
  } finally {
    releaseBuffer(packed.buffer)
  }
}

parentPort!.on('message', (packed: PackedBatch) => parentPort!.postMessage(answer(packed)))
