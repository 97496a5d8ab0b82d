import { describe, expect, it } from 'vitest'
import { compileAcl } from './compile-acl.ts'
import { filterList } from './filter-list.ts'
import { parsePolicy } from './parse-policy.ts'

const rules = `
  path "ns/kv/list/+" { capabilities = ["read"] }
  path "ns/kv/list/sub/" { capabilities = ["list"] }
  path "ns/kv/list/hidden" { capabilities = ["deny"] }`
const acl = compileAcl(
  [{ policy: parsePolicy('p', rules), namespace: { id: 'root', path: '' } }],
  0,
)
const place = { namespacePath: 'ns/', path: 'kv/list/' }
const keysOf = (template: string) =>
  filterList(acl, template, place, { keys: ['a', 'hidden', 'sub/', 'b', 'other/'] }).keys

describe('filterList', () => {
  it('keeps names that may be read and folders that may be listed', () => {
    expect(keysOf('{{ .path }}{{ .key }}')).toEqual(['a', 'sub/', 'b'])
    expect(keysOf('kv/list/{{.key}}')).toEqual(['a', 'sub/', 'b'])
    expect(keysOf('kv/none/{{ .key }}')).toEqual([])
  })

  it('shows nothing where the template says what is not understood', () => {
    expect(keysOf('{{ .path }}{{ .key | upper }}')).toEqual([])
    expect(keysOf('{{ .path }}{{ .key }}{{ .other }}')).toEqual([])
    expect(keysOf('{{ .path }}{{ .key }}{{')).toEqual([])
  })

  it('filters what is said about the names too', () => {
    const info = { a: 1, hidden: 2, ['__proto__']: 3 }
    const data = { keys: ['a', 'hidden', '__proto__'], key_info: info }
    const shown = filterList(acl, '{{ .path }}{{ .key }}', place, data)
    expect(JSON.stringify(shown)).toBe(
      '{"key_info":{"a":1,"__proto__":3},"keys":["a","__proto__"]}',
    )
  })
})
