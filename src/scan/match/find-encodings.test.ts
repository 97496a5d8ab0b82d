import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../test/support/seeded-random.ts'
import { ENCODINGS, findEncodings } from './find-encodings.ts'

/** The same as one expression, for texts without escapes. */
function expected(text: string): string[] {
  const runs = [...text.matchAll(/([0-9A-Fa-f]{32,})|([\w/+-]{16,}={0,2})/g)].map((found) => ({
    kind: found[1] === undefined ? 'base64' : 'hex',
    start: found.index,
    end: found.index + found[0].length,
  }))
  return runs
    .filter((run, i) => {
      const next = runs[i + 1]
      const before = runs[i - 1]
      const isWeaker = (other: typeof before): boolean =>
        other?.kind === 'hex' && run.kind === 'base64'
      return (
        !(before && before.end >= run.start && isWeaker(before)) &&
        !(next && next.start <= run.end && isWeaker(next))
      )
    })
    .map(({ kind, start, end }) => `${kind} ${start} ${end}`)
}

const shown = (text: string): string[] =>
  findEncodings(Buffer.from(text, 'latin1')).map(
    ({ kind, start, end }) => `${ENCODINGS[kind]} ${start} ${end}`,
  )

describe('findEncodings', () => {
  it('finds runs of base64 and hexadecimal wherever they begin', () => {
    const random = seededRandom(3)
    const pieces = [
      'a',
      '9',
      'f0',
      'xyz',
      ' ',
      '=',
      '==',
      '.',
      'deadbeef',
      '0123456789abcdef',
      '/+-',
    ]
    for (let n = 0; n < 3000; n++) {
      let text = ''
      for (let i = 0; i < 12; i++) text += pieces[Math.floor(random.fraction() * pieces.length)]
      expect(shown(text), text).toEqual(expected(text))
    }
  })

  it('finds escapes and runs between them as the search byte by byte does', () => {
    const random = seededRandom(4)
    const pieces = [
      '%41',
      '%zz',
      '%',
      '\\u0041',
      '\\\\u0042',
      '\\U0044',
      '\\',
      'u',
      '+',
      '\n',
      ' ',
      '=',
    ]
    pieces.push('0123456789abcdef0123456789abcdef', 'QWxhZGRpbjpvcGVu', '0', '\\u00', '%4')
    for (let n = 0; n < 5000; n++) {
      let text = ''
      for (let i = 0; i < 10; i++) text += pieces[Math.floor(random.fraction() * pieces.length)]
      // "U+" asks for that search.
      expect(shown(text), text).toEqual(shown(`${text}\n U+`))
    }
  })

  it('lets the weaker of two neighbours wait', () => {
    expect(shown('%41bcdefghijklmnop%42')).toEqual(['percent 0 21'])
    expect(shown('U+0041 U+0042')).toEqual(['unicode 0 13'])
    expect(shown('\\u0041\\\\u0042;')).toEqual(['unicode 0 13'])
  })
})
