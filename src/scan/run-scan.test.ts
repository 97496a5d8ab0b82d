// The pump between sources and detectors: order, promptness, bounds, and ends that come early.
import { describe, expect, it } from 'vitest'
import type { DetectorPool } from './detector.ts'
import type { Finding } from './finding.ts'
import type { Fragment } from './fragment.ts'
import { runScan } from './run-scan.ts'
import type { Source } from './source.ts'

const fragment = (path: string): Fragment => ({
  bytes: new Uint8Array(10),
  ...{ path, symlink: '', startLine: 1, commit: null, kind: 'dir' },
})
const finding = (file: string): Finding =>
  ({ ruleId: 'r', file, tags: [], required: [] }) as unknown as Finding

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Batches of one fragment each; the source waits where `hold` says. */
function sourceOf(paths: readonly string[], hold: (path: string) => Promise<void> = turn): Source {
  return {
    async *fragments() {
      for (const path of paths) {
        yield [fragment(path)]
        await hold(path)
      }
    },
  }
}

interface Probe {
  readonly pool: DetectorPool
  most: number
}

/** Detectors that answer after as many turns as the name says. */
function probe(inFlight: number): Probe {
  let running = 0
  const made: Probe = {
    most: 0,
    pool: {
      inFlight,
      takeSkipped: () => [],
      close: async () => {},
      async detect([one]) {
        made.most = Math.max(made.most, ++running)
        for (let i = 0; i < Number(one!.path); i++) await turn()
        running--
        if (one!.path === '13') throw new Error('a detector broke')
        return [finding(one!.path)]
      },
    },
  }
  return made
}

const never = new AbortController().signal

describe('runScan', () => {
  it('tells findings in the order of the source, a bounded number at a time', async () => {
    const paths = Array.from({ length: 40 }, (_, i) => String((i * 7) % 9))
    const told: string[] = []
    const at = probe(4)
    const totals = await runScan(
      sourceOf(paths),
      at.pool,
      { found: (all) => void told.push(...all.map((one) => one.file)) },
      never,
    )
    expect(told).toEqual(paths)
    expect(at.most).toBeGreaterThan(1)
    expect(at.most).toBeLessThanOrEqual(4)
    expect(totals).toMatchObject({ bytes: 400, error: null, isPartial: false })
  })

  it('tells what is found while the source waits for more', async () => {
    let seen: (file: string) => void = () => {}
    const isSeen = new Promise<string>((resolve) => (seen = resolve))
    const source = sourceOf(['0'], async () => void (await isSeen))
    await runScan(source, probe(8).pool, { found: ([one]) => seen(one!.file) }, never)
    expect(await isSeen).toBe('0')
  })

  it('ends when it is told to, though the source hangs', async () => {
    const control = new AbortController()
    const source = sourceOf(['0', '0'], () => new Promise(() => {}))
    const found: string[] = []
    const running = runScan(
      source,
      probe(4).pool,
      { found: (all) => void found.push(...all.map((one) => one.file)) },
      control.signal,
    )
    for (let i = 0; i < 5; i++) await turn()
    control.abort(new Error('enough'))
    expect(await running).toMatchObject({ isPartial: true, error: null, files: 1 })
    expect(found).toEqual(['0'])
  })

  it('says what broke, and what was found before', async () => {
    const found: string[] = []
    const observer = { found: (all: readonly Finding[]) => void found.push(all[0]!.file) }
    const totals = await runScan(sourceOf(['1', '13', '2']), probe(2).pool, observer, never)
    expect(totals).toMatchObject({ isPartial: true, error: { message: 'a detector broke' } })
    expect(found).toEqual(['1'])
    const broken: Source = {
      // biome-ignore lint/correctness/useYield: it fails before it yields
      async *fragments() {
        throw new Error('a source broke')
      },
    }
    expect((await runScan(broken, probe(2).pool, observer, never)).error?.message).toBe(
      'a source broke',
    )
  })
})
