// Tables and paragraphs, beside the golden files that hold whole outputs.
import { describe, expect, it } from 'vitest'
import { formatTable, wrapIndented, wrapText } from './columns.ts'

describe('formatTable', () => {
  it('aligns columns, underlines the head and fills empty cells', () => {
    const rows = [
      ['Key', 'Value'],
      ['a', ''],
      ['långer', 'x'],
    ]
    expect(formatTable(rows)).toBe('Key       Value\n---       -----\na         n/a\nlånger    x')
    expect(formatTable([])).toBe('')
  })
})

describe('wrapText', () => {
  it('breaks where the lines come out even, and keeps a word that is too long', () => {
    expect(wrapText('aaa bb cc ddddd', 6)).toBe('aaa\nbb cc\nddddd')
    expect(wrapText('a bbbbbbbbbbbb c', 5)).toBe('a\nbbbbbbbbbbbb\nc')
    expect(wrapText('short')).toBe('short')
    expect(wrapText('')).toBe('')
  })

  it('indents every line', () => {
    expect(wrapIndented('* one two', 2)).toBe('  * one two')
  })
})
