// The rules of tools/tidy.mjs on small texts: each rule finds its fault and leaves good code alone.
import { describe, expect, it } from 'vitest'
import { faultsOf, importFault, importsOf } from './tidy.mjs'

const opened = (text) => `// What it is.\n${text}\n`
const whatOf = (path, text) => faultsOf(path, opened(text)).map((fault) => fault.split(': ')[1])

describe('layers', () => {
  it.each([
    ['src/core/request.ts', 'src/sdk/audit.ts'],
    ['src/core/tokens/look-up.ts', 'src/core/policies/acl.ts'],
    ['src/engines/kv/read.ts', 'src/engines/kv/path.ts'],
    ['src/engines/kv/read.ts', 'src/engines/contract.ts'],
    ['src/engines/kv/read.ts', 'src/base/clock.ts'],
    ['src/schema/field.ts', 'src/crypto/hmac.ts'],
    ['src/server.ts', 'src/core/request.ts'],
    ['src/cli/server-command.ts', 'src/server.ts'],
    ['src/cli/main.ts', 'src/scan/rules.ts'],
  ])('%s may import %s', (from, to) => {
    expect(importFault(from, to)).toBeNull()
  })

  it.each([
    ['src/base/clock.ts', 'src/sdk/audit.ts', 'upward'],
    ['src/sdk/audit.ts', 'src/core/audit/broker.ts', 'upward'],
    ['src/engines/kv/read.ts', 'src/core/request.ts', 'upward'],
    ['src/engines/kv/read.ts', 'src/engines/totp/code.ts', 'another'],
    ['src/engines/kv/read.ts', 'src/auth/userpass/login.ts', 'another'],
    ['src/core/request.ts', 'src/engines/kv/read.ts', 'a plugin'],
    ['src/http/listener.ts', 'src/audit/file/device.ts', 'a plugin'],
    ['src/http/listener.ts', 'src/server.ts', 'wiring'],
    ['src/scan/rules.ts', 'src/cli/main.ts', 'sideways'],
    ['src/newfolder/a.ts', 'src/base/clock.ts', 'no layer'],
  ])('%s must not import %s', (from, to, reason) => {
    expect(importFault(from, to)).toContain(reason)
  })

  it('sees every form of import', () => {
    const text = [
      "import { a } from './a.ts'",
      "import type { B } from '../b.ts'",
      'import {',
      '  c,',
      "} from './c.ts'",
      "export * from './d.ts'",
      "import './e.ts'",
      "const f = await import('./f.ts')",
      "import { join } from 'node:path'",
    ].join('\n')
    expect(importsOf('src/core/x.ts', text)).toEqual([
      'src/core/a.ts',
      'src/b.ts',
      'src/core/c.ts',
      'src/core/d.ts',
      'src/core/e.ts',
      'src/core/f.ts',
    ])
  })
})

describe('files', () => {
  it('leaves good code alone', () => {
    expect(whatOf('src/core/good-name.ts', 'export const answer = 42')).toEqual([])
  })

  it('wants a header, a telling kebab-case name and few lines', () => {
    expect(faultsOf('src/core/bare.ts', 'export const a = 1\n')).toHaveLength(1)
    expect(whatOf('src/core/utils.ts', '')).toEqual(['is named utils'])
    expect(whatOf('src/core/camelCase.ts', '')).toEqual(['file names are kebab-case'])
    expect(whatOf('src/core/long.ts', 'x\n'.repeat(400))[0]).toContain('the most is 400')
    expect(whatOf('src/core/long.test.ts', 'x\n'.repeat(500))).toEqual([])
  })

  it.each([
    'const now = Date.now()',
    'setTimeout(work, 10)',
    'setInterval(work, 10)',
    'const r = Math.random()',
    'const d = new Date()',
  ])('finds %s outside of base and tests', (line) => {
    expect(whatOf('src/core/a.ts', line)).toHaveLength(1)
    expect(whatOf('src/base/clock.ts', line)).toEqual([])
    expect(whatOf('src/core/a.test.ts', line)).toEqual([])
    expect(whatOf('bench/a.ts', line)).toEqual([])
  })

  it('finds default exports, tests left out, unfinished marks and machine paths', () => {
    expect(whatOf('src/core/a.ts', 'export default 1')).toEqual(['has a default export'])
    for (const left of ['skip', 'only', 'todo']) {
      expect(whatOf('test/api/a.test.ts', `it.${left}('x', run)`)).toEqual(['leaves a test out'])
    }
    expect(whatOf('src/core/a.ts', `// ${'TO'}DO later`)).toEqual(['unfinished mark'])
    expect(whatOf('docs/a.md', `see /ro${'ot'}/notes`)).toEqual(['names a path of one machine'])
    expect(whatOf('docs/a.md', `from registry.npm${'js'}.org`)).toEqual(['names a registry host'])
  })
})
