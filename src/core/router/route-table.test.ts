import { describe, expect, it } from 'vitest'
import { string } from '../../schema/field.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { RouteTable } from './route-table.ts'

const { read, write, list } = endpoints<object>()
const handle = async () => ({ empty: true }) as const
const row = (pattern: string, ...names: string[]) =>
  read(pattern, {
    about: pattern,
    params: Object.fromEntries(names.map((name) => [name, string(name)])),
    handle,
  })

const table = new RouteTable([
  row('mounts'),
  row('mounts/*path', 'path'),
  row('mounts/*path/tune', 'path'),
  row('roles/:name', 'name'),
  row('roles/config'),
  row('roles/:role/id', 'role'),
  list('roles', { about: 'list', handle }),
  write('data/*path', { about: 'write', params: { path: string('path') }, handle }),
  row('', ...[]),
])

describe('RouteTable', () => {
  it.each([
    ['mounts', 'mounts', {}],
    ['mounts/a/b', 'mounts/*path', { path: 'a/b' }],
    ['mounts/a/b/tune', 'mounts/*path/tune', { path: 'a/b' }],
    ['mounts/tune', 'mounts/*path/tune', { path: '' }],
    ['roles/config', 'roles/config', {}],
    ['roles/x', 'roles/:name', { name: 'x' }],
    ['roles/x/', 'roles/:name', { name: 'x' }],
    ['roles/config/id', 'roles/:role/id', { role: 'config' }],
    ['', '', {}],
  ])('read %s is served by %s', (path, pattern, params) => {
    const match = table.match('read', path)
    expect(match?.row.pattern).toBe(pattern)
    expect(match?.params).toEqual(params)
  })

  it('tells a missing path from a wrong operation', () => {
    expect(table.match('read', 'nothing/here')).toBeNull()
    expect(table.operationsAt('nothing/here')).toEqual([])
    expect(table.operationsAt('roles')).toEqual(['list'])
  })

  it('keeps the trailing slash of a rest', () => {
    expect(table.match('write', 'data/a/')?.params).toEqual({ path: 'a/' })
  })

  it('refuses two rows of the same shape', () => {
    expect(() => new RouteTable([row('a/:x', 'x'), row('a/:y', 'y')])).toThrow(/two rows/)
  })
})
