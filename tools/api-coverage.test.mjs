import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { coverage, parseExceptions, parsePaths, servedKeys } from './api-coverage.mjs'

const list = `# A comment.
## sys
GET,POST           sys/mounts/{path}
LIST               sys/leases/lookup/
GET                sys/pprof/heap
## kv
GET,LIST           kv2/metadata/{path}
`
const query = (name, required) => ({ name, in: 'query', ...(required ? { required } : {}) })
const document = {
  paths: {
    '/sys/mounts/{mount}': { get: {}, put: {} },
    '/sys/leases/lookup': { get: { parameters: [query('list', true)] } },
    '/kv2/metadata/{path}': { get: { parameters: [query('list')] } },
  },
}
const page = `## Differences
| \`sys/mounts/{path}\` | all | not this table |
## Paths that are not served
| path | operations | reason |
|---|---|---|
| \`sys/pprof*\` | all | Go's profiler. |
| \`kv2/metadata/{path}\` | GET, LIST | wrongly listed |
`

describe('api-coverage', () => {
  it('counts served, excepted and missing operations by section', () => {
    const { rows, needless } = coverage(
      parsePaths(list),
      servedKeys(document),
      parseExceptions(page),
    )
    expect(rows).toEqual([
      { section: 'sys', total: 4, served: 3, excepted: 1, missing: [] },
      { section: 'kv', total: 2, served: 2, excepted: 0, missing: [] },
    ])
    expect(needless.map((each) => each.path)).toEqual(['kv2/metadata/{path}'])
  })

  it('names what is neither served nor excepted; a required list is no read', () => {
    const served = servedKeys({
      paths: { '/kv2/metadata/{path}': { get: { parameters: [query('list', true)] } } },
    })
    const { rows } = coverage(parsePaths(list), served, parseExceptions(page))
    expect(rows[0].missing).toEqual([
      'GET sys/mounts/{path}',
      'POST sys/mounts/{path}',
      'LIST sys/leases/lookup/',
    ])
  })

  it('reads the lists of the repository', () => {
    const file = (path) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
    const wanted = parsePaths(file('docs/reference/openbao-paths.txt'))
    expect(new Set(wanted.map((each) => each.section)).size).toBe(8)
    expect(wanted.length).toBeGreaterThan(240)
    for (const each of parseExceptions(file('docs/compat.md'))) {
      expect(each.reason.length).toBeGreaterThan(10)
    }
  })
})
