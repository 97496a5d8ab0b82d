// Which programs stand in the way of a link.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { rivals } from './install-names.ts'

let folder: string
const at = (...parts: string[]): string => join(folder, ...parts)
function program(...parts: string[]): void {
  mkdirSync(at(...parts.slice(0, -1)), { recursive: true })
  writeFileSync(at(...parts), '#!/bin/sh\n')
  chmodSync(at(...parts), 0o755)
}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'names-'))
  program('target', 'strongroom')
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('rivals', () => {
  const find = (path: string) => rivals('vault', at('bin'), at('target/strongroom'), path)

  it('finds programs that would hide the link or be hidden by it', () => {
    program('a', 'vault')
    program('z', 'vault')
    const path = [at('a'), at('bin'), at('z')].join(':')
    expect(find(path)).toEqual({
      before: [at('a/vault')],
      after: [at('z/vault')],
      isInPath: true,
    })
  })

  it('counts neither links to itself nor files that are no programs', () => {
    mkdirSync(at('a'))
    symlinkSync(at('target/strongroom'), at('a/vault'))
    mkdirSync(at('b'))
    writeFileSync(at('b/vault'), '')
    chmodSync(at('b/vault'), 0o644)
    const path = [at('a'), at('b'), ''].join(':')
    expect(find(path)).toEqual({ before: [], after: [], isInPath: false })
  })
})
