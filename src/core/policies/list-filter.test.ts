import { describe, expect, it } from 'vitest'
import { compileAcl } from './compile-acl.ts'
import { filterKeys, listFilterFault } from './list-filter.ts'
import { parsePolicy } from './parse-policy.ts'

const FILTER = '{{ .path }}{{ .key }}'
const acl = compileAcl(
  [
    {
      policy: parsePolicy(
        'p',
        `path "kv/a*" { capabilities = ["read", "list"] }
         path "kv/secret" { capabilities = ["deny"] }`,
      ),
      namespace: { id: 'root', path: '' },
    },
  ],
  0,
)

describe('list filters', () => {
  it('keep the keys that may be read, and their details', () => {
    const data = { keys: ['a1', 'afolder/', 'b', 'secret'], key_info: { a1: 1, b: 2 } }
    expect(filterKeys(acl, FILTER, { prefix: '', path: 'kv/' }, data)).toEqual({
      keys: ['a1', 'afolder/'],
      key_info: { a1: 1 },
    })
  })

  it('show nothing of an answer that has no keys', () => {
    expect(filterKeys(acl, FILTER, { prefix: '', path: 'kv/' }, { other: ['a1'] })).toEqual({})
  })

  it.each(['{{ .key | upper }}', '{{ .name }}{{ .key }}', '{{ .key }'])('refuse %s', (text) => {
    expect(listFilterFault(text)).not.toBeNull()
    expect(() =>
      parsePolicy(
        'p',
        `path "kv/" { capabilities = ["list"] list_scan_response_keys_filter_path = "${text}" }`,
      ),
    ).toThrow()
  })
})
