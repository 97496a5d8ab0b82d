import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineBuffer } from './line-buffer.ts'

describe('lines in one buffer', () => {
  it('gives back what was added, whatever it is and however it grows', () => {
    const text = fc.string({ unit: 'binary', maxLength: 3000 })
    fc.assert(
      fc.property(fc.array(fc.array(text, { maxLength: 4 }), { maxLength: 6 }), (lines) => {
        const buffer = new LineBuffer()
        buffer.add('an older line')
        buffer.endLine()
        expect(buffer.clear()).toBe(true)
        for (const pieces of lines) {
          const start = buffer.length
          for (const piece of pieces) buffer.add(piece)
          expect(buffer.since(start)).toEqual(Buffer.concat(pieces.map((it) => Buffer.from(it))))
          buffer.endLine()
        }
        expect(buffer.lines()).toEqual(
          lines.map((pieces) => Buffer.concat(pieces.map((it) => Buffer.from(it)))),
        )
      }),
    )
  })
})
