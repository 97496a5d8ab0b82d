// Our rules beside what gitleaks declares for its own: each rule with an id of gitleaks' finds all of its true examples and
// none of its false ones. The examples are read from the Go module cache, at the version that tools/oracles/gitleaks pins.
import { beforeAll, expect, it } from 'vitest'
import type { Detector } from '../../src/scan/detector.ts'
import { createDetector } from '../../src/scan/match/create-detector.ts'
import { defaultConfig } from '../../src/scan/rules/default-config.ts'
import { toByteString } from '../../src/template/byte-strings.ts'
import {
  buildGitleaks,
  type DeclaredRow,
  declaredRows,
  GITLEAKS_BUILD_MS,
} from '../support/gitleaks-oracle.ts'

const config = defaultConfig()
const detectors = new Map<string, Detector>()
let rows: readonly DeclaredRow[] = []

beforeAll(async () => {
  rows = declaredRows(await buildGitleaks())
}, GITLEAKS_BUILD_MS)

function detectorOf(id: string): Detector {
  let detector = detectors.get(id)
  if (detector === undefined) {
    const rules = new Map([[id, config.rules.get(id)!]])
    const options = {
      compat: true,
      maxDecodeDepth: 5,
      ignoreAllowComments: false,
      baselinePath: '',
    }
    detector = createDetector({ ...config, rules }, options)
    detectors.set(id, detector)
  }
  return detector
}

const isFound = (row: DeclaredRow): boolean =>
  detectorOf(row.Rule).detect({
    ...{ bytes: Buffer.from(row.Text), path: toByteString(row.Path), symlink: '' },
    ...{ startLine: 1, commit: null, kind: 'dir' as const },
  }).length > 0

it('has a rule for each of gitleaks’ that declares examples', () => {
  const ids = new Set(rows.map((row) => row.Rule))
  expect(rows.length).toBeGreaterThan(6000)
  expect(ids.size).toBeGreaterThan(200)
  expect([...ids].filter((id) => !config.rules.has(id))).toEqual([])
})

it('finds each true example and no false one', () => {
  const wrong = rows.filter((row) => isFound(row) !== row.Positive)
  expect(wrong.map((row) => `${row.Rule} ${row.Positive}: ${row.Path} ${row.Text}`)).toEqual([])
})
