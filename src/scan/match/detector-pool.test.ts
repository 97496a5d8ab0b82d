import { pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { bundleForTest } from '../../../test/support/run-bundled.ts'
import type { DetectorPool } from '../detector.ts'
import type { Fragment } from '../fragment.ts'
import type { Rule, ScanConfig } from '../rule.ts'
import { createDetectorPool, openThreadPool } from './detector-pool.ts'

const rule: Rule = {
  id: 'number',
  description: '',
  tier: 'high',
  regex: 'key-([0-9]+)',
  path: null,
  secretGroup: 0,
  entropy: 0,
  keywords: ['key-'],
  tags: [],
  allowlists: [],
  required: [],
  skipReport: false,
}
const config: ScanConfig = {
  title: '',
  path: '',
  rules: new Map([['number', rule]]),
  allowlists: [],
}
const options = { compat: true, maxDecodeDepth: 2, ignoreAllowComments: false, baselinePath: '' }
const commit = { sha: 'ab', author: 'A', email: 'a@b', date: '2024-05-01T12:00:00Z', message: 'm' }

const fragment = (n: number): Fragment => ({
  bytes: Buffer.from(`${'filler '.repeat(n % 7)}key-${n}\n`),
  path: `file${n}`,
  symlink: '',
  startLine: 1,
  commit: n % 2 === 0 ? commit : null,
  kind: 'git',
})

let script: URL
beforeAll(async () => {
  script = pathToFileURL(await bundleForTest('../../src/scan/match/detector-worker.ts'))
})

async function secrets(pool: DetectorPool): Promise<string[]> {
  const batches = Array.from({ length: 40 }, (_, b) =>
    Array.from({ length: 5 }, (_, i) => fragment(b * 5 + i)),
  )
  const found = await Promise.all(batches.map((batch) => pool.detect(batch)))
  return found.flat().map((finding) => `${finding.secret} ${finding.commit?.author ?? ''}`)
}

describe('a pool of detectors', () => {
  it('answers in the order of the fragments, from threads as in place, commits as they were', async () => {
    const threads = openThreadPool(config, options, { threads: 2, script, inPlaceBytes: 0 })
    const local = await createDetectorPool(config, options, 1)
    const expected = await secrets(local)
    expect(expected).toHaveLength(200)
    expect(expected[4]).toBe('4 A')
    expect(await secrets(threads)).toEqual(expected)
    await threads.close()
    await expect(threads.detect([fragment(1)])).rejects.toThrow('the scan was ended')
  })

  it('leaves the bytes of a batch to whoever else has a view on them', async () => {
    const pool = openThreadPool(config, options, { threads: 1, script, inPlaceBytes: 0 })
    const whole = Buffer.from('key-1 key-2')
    await pool.detect([{ ...fragment(0), bytes: whole.subarray(0, 5) }])
    expect(whole.toString()).toBe('key-1 key-2')
    await pool.close()
  })

  it('holds no large buffer of a batch that is answered, so that memory stays as it is', async () => {
    for (const threads of [1, 2]) {
      const pool =
        threads === 1
          ? await createDetectorPool(config, options, 1)
          : openThreadPool(config, options, { threads, script, inPlaceBytes: 0 })
      const bytes = new Uint8Array(300_000).fill(32)
      bytes.set(Buffer.from(' key-7 '), 1000)
      const both = [0, 1].map((n) => ({ ...fragment(n), bytes: bytes.subarray(n) }))
      expect((await pool.detect(both)).map((one) => one.secret)).toEqual(['7', '7'])
      expect(bytes.byteLength).toBe(0)
      await pool.close()
    }
  })

  it('says that a thread failed, to all who wait', async () => {
    const bad = { ...config, rules: new Map([['number', { ...rule, regex: '(' }]]) }
    const pool = openThreadPool(bad, options, { threads: 1, script, inPlaceBytes: 0 })
    await expect(pool.detect([fragment(1)])).rejects.toThrow('a thread of the scan failed')
    await pool.close()
  })
})
