// The line of progress: drawn seldom, cleared, with what is left where that is known.
import { describe, expect, it } from 'vitest'
import { manualClock } from '../../../test/support/manual-clock.ts'
import { clockText, ProgressLine } from './progress-line.ts'

const CLEAR = '\r\x1b[K'

describe('progress', () => {
  it('is not drawn for short scans, and at most ten times a second', async () => {
    const clock = manualClock()
    let text = ''
    const line = new ProgressLine((part) => (text += part), clock, 'files')
    line.update({ bytes: 1, items: 1 }, 0)
    line.clear()
    expect(text).toBe('')
    clock.advance(500)
    for (let i = 0; i < 5; i++) line.update({ bytes: 2_000_000, items: 1234, total: 2468 }, 3)
    expect(text).toBe(`${CLEAR}1,234 files, 2 MB, 3 found, 0:01, 50 %, about 0:01 left`)
    clock.advance(200)
    line.update({ bytes: 1, items: 7, counts: 'blobs' }, 0)
    expect(text).toMatch(/7 blobs, 1 bytes, 0 found, 0:01$/)
    line.clear()
    line.clear()
    expect(text.split(CLEAR)).toHaveLength(4)
  })

  it('writes times as clocks do', () => {
    expect([0, 7400, 754_000, 3_723_000].map(clockText)).toEqual([
      '0:00',
      '0:07',
      '12:34',
      '1:02:03',
    ])
  })
})
