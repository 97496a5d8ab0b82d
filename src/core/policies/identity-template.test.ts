// What templates are replaced by, and that a value which could widen a path is none.
import { describe, expect, it } from 'vitest'
import {
  NO_IDENTITY,
  parseTemplate,
  resolveTemplate,
  type TemplateIdentity,
} from './identity-template.ts'

const identity: TemplateIdentity = {
  entity: {
    id: 'e-1',
    name: 'ada',
    metadata: { team: 'core', 'a.b': 'dotted', star: 'a*', plus: '+', slash: 'a/b', empty: '' },
    aliases: [
      {
        mountAccessor: 'auth_userpass_1',
        id: 'al-1',
        name: 'ada@example',
        metadata: { m: 'meta' },
        customMetadata: { c: 'custom' },
      },
    ],
  },
  groups: [
    { id: 'g-9', name: 'ops', namespaceId: 'other', metadata: { x: 'stranger' } },
    { id: 'g-1', name: 'ops', namespaceId: 'root', metadata: { x: 'y' } },
  ],
}
const rules = { namespaceId: 'root', allowWildcards: false, allowSlashes: false }
const resolve = (text: string, who = identity, how = rules): string | null =>
  resolveTemplate(parseTemplate(text)!, who, how)

describe('resolveTemplate', () => {
  it.each([
    ['{{identity.entity.id}}', 'e-1'],
    ['a/{{ identity.entity.name }}/b', 'a/ada/b'],
    ['{{identity.entity.metadata.team}}', 'core'],
    ['{{identity.entity.metadata.a.b}}', 'dotted'],
    ['{{identity.entity.aliases.auth_userpass_1.name}}', 'ada@example'],
    ['{{identity.entity.aliases.auth_userpass_1.id}}', 'al-1'],
    ['{{identity.entity.aliases.auth_userpass_1.metadata.m}}', 'meta'],
    ['{{identity.entity.aliases.auth_userpass_1.custom_metadata.c}}', 'custom'],
    ['{{identity.groups.ids.g-1.name}}', 'ops'],
    ['{{identity.groups.ids.g-9.id}}', 'g-9'],
    ['{{identity.groups.names.ops.id}}', 'g-1'],
    ['{{identity.groups.names.ops.metadata.x}}', 'y'],
    ['{{identity.entity.name}}-{{identity.entity.id}}', 'ada-e-1'],
    ['{{identity.entity.metadata.none}}', null],
    ['{{identity.entity.metadata.empty}}', null],
    ['{{identity.entity.metadata.constructor}}', null],
    ['{{identity.entity.metadata.star}}', null],
    ['{{identity.entity.metadata.plus}}', null],
    ['{{identity.entity.metadata.slash}}', null],
    ['{{identity.entity.aliases.auth_ldap_2.name}}', null],
    ['{{identity.groups.names.dev.id}}', null],
  ])('%s', (text, value) => expect(resolve(text)).toBe(value))

  it('lets wildcards and slashes in only where the policy says so', () => {
    const wild = { ...rules, allowWildcards: true }
    expect(resolve('{{identity.entity.metadata.star}}', identity, wild)).toBe('a*')
    expect(resolve('{{identity.entity.metadata.slash}}', identity, wild)).toBeNull()
    const slashes = { ...rules, allowSlashes: true }
    expect(resolve('{{identity.entity.metadata.slash}}', identity, slashes)).toBe('a/b')
    expect(resolve('{{identity.entity.metadata.plus}}', identity, slashes)).toBeNull()
  })

  it('resolves nothing for a token without an entity', () => {
    expect(resolve('a/{{identity.entity.id}}', NO_IDENTITY)).toBeNull()
    expect(resolve('a/{{identity.groups.ids.g-1.id}}', NO_IDENTITY)).toBeNull()
  })
})

describe('parseTemplate', () => {
  it('finds no template where there is none', () => {
    expect(parseTemplate('secret/{a}/$b')).toBeNull()
  })
  it.each([
    'a}}',
    '{{a',
    '{{identity.entity.id',
    '{{identity.entity.id}}}}',
    '{{a{{identity.entity.id}}',
  ])('refuses %s', (text) =>
    expect(() => parseTemplate(text)).toThrow('unbalanced templating characters'),
  )
  it.each([
    '{{}}',
    '{{identity}}',
    '{{identity.entity.policies}}',
    '{{identity.entity.metadata}}',
    '{{identity.entity.custom_metadata.a}}',
    '{{identity.entity.aliases.name}}',
    '{{identity.groups.id}}',
    '{{time.now}}',
  ])('refuses %s', (text) => expect(() => parseTemplate(text)).toThrow('unknown template'))
})
