import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { referencePages } from '../tools/reference.ts'

describe('docs/reference', () => {
  it.each([...referencePages()])('%s is what "npm run docs" writes', (name, text) => {
    const committed = readFileSync(join(import.meta.dirname, '../docs/reference', name), 'utf8')
    expect(committed).toBe(text)
  })
})
