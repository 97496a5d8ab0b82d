// Identity templates in policy paths: {{identity.entity.id}}, .name, .metadata.K,
// .aliases.ACCESSOR.(id|name|metadata.K|custom_metadata.K) and {{identity.groups.ids.ID.…}},
// {{identity.groups.names.NAME.…}} with id, name and metadata.K.
// A value is data that callers can influence, so it must not widen a path: an empty one, and by default
// one that holds `*`, `+` or `/`, counts as not resolved. A group named here is one of the policy's own
// namespace; a group of the same name elsewhere is another group.

export interface TemplateAlias {
  readonly mountAccessor: string
  readonly id: string
  readonly name: string
  readonly metadata: Readonly<Record<string, string>>
  readonly customMetadata: Readonly<Record<string, string>>
}
export interface TemplateIdentity {
  /** null where the token belongs to no entity. */
  readonly entity: {
    readonly id: string
    readonly name: string
    readonly metadata: Readonly<Record<string, string>>
    readonly aliases: readonly TemplateAlias[]
  } | null
  /** All groups that the entity is a member of, directly or through other groups. */
  readonly groups: readonly {
    readonly id: string
    readonly name: string
    readonly namespaceId: string
    readonly metadata: Readonly<Record<string, string>>
  }[]
}
export const NO_IDENTITY: TemplateIdentity = { entity: null, groups: [] }

/** Text as it is, or a selector: the named parts of the expression between the braces. */
export type Template = readonly (string | Selector)[]
interface Selector {
  readonly source: 'entity' | 'aliases' | 'ids' | 'names'
  /** Accessor of an alias, id or name of a group; '' for the entity itself. */
  readonly key: string
  readonly field: 'id' | 'name' | 'metadata' | 'custom_metadata'
  /** Of metadata. */
  readonly entry: string
}

export interface TemplateRules {
  /** The policy's own namespace: groups are looked up by name only there. */
  readonly namespaceId: string
  readonly allowWildcards: boolean
  readonly allowSlashes: boolean
}

const EXPRESSION =
  /^identity\.(?:entity(?:\.aliases\.([^.]+))?|groups\.(ids|names)\.([^.]+))\.(id|name|metadata\.(.+)|custom_metadata\.(.+))$/s

/** The parts of a path, or null where it holds no template. Throws Error in words that follow the path. */
export function parseTemplate(text: string): Template | null {
  if (!text.includes('{{') && !text.includes('}}')) return null
  const parts: (string | Selector)[] = []
  let at = 0
  while (at < text.length) {
    const open = text.indexOf('{{', at)
    const plain = text.slice(at, open < 0 ? text.length : open)
    if (plain.includes('}}')) throw new Error('unbalanced templating characters')
    if (plain !== '') parts.push(plain)
    if (open < 0) break
    const close = text.indexOf('}}', open)
    const inner = close < 0 ? '{{' : text.slice(open + 2, close)
    if (inner.includes('{{')) throw new Error('unbalanced templating characters')
    parts.push(parseSelector(inner.trim()))
    at = close + 2
  }
  return parts
}

function parseSelector(text: string): Selector {
  const match = EXPRESSION.exec(text)
  const [, accessor, by, group, field = '', metadata, custom] = match ?? []
  const isAlias = accessor !== undefined
  if (!match || (custom !== undefined && !isAlias)) {
    throw new Error(
      `unknown template ${JSON.stringify(text)}: expected identity.entity.… or identity.groups.…, ` +
        'ending in id, name or metadata.KEY',
    )
  }
  return {
    source: isAlias ? 'aliases' : by === undefined ? 'entity' : (by as 'ids' | 'names'),
    key: accessor ?? group ?? '',
    field: field.split('.', 1)[0] as Selector['field'],
    entry: metadata ?? custom ?? '',
  }
}

/** The path, or null where a value is missing or not allowed to stand in a path. */
export function resolveTemplate(
  template: Template,
  identity: TemplateIdentity,
  rules: TemplateRules,
): string | null {
  let path = ''
  for (const part of template) {
    if (typeof part === 'string') {
      path += part
      continue
    }
    const value = select(part, identity, rules.namespaceId)
    if (value === undefined || value === '') return null
    if (!rules.allowWildcards && /[*+]/.test(value)) return null
    if (!rules.allowSlashes && value.includes('/')) return null
    path += value
  }
  return path
}

function select(
  selector: Selector,
  identity: TemplateIdentity,
  namespaceId: string,
): string | undefined {
  const { source, key, field, entry } = selector
  const { entity, groups } = identity
  if (source === 'ids' || source === 'names') {
    const group = groups.find((one) =>
      source === 'ids' ? one.id === key : one.name === key && one.namespaceId === namespaceId,
    )
    if (!group) return undefined
    return field === 'metadata' ? own(group.metadata, entry) : group[field === 'id' ? 'id' : 'name']
  }
  if (!entity) return undefined
  if (source === 'aliases') {
    const alias = entity.aliases.find((one) => one.mountAccessor === key)
    if (!alias) return undefined
    if (field === 'custom_metadata') return own(alias.customMetadata, entry)
    return field === 'metadata' ? own(alias.metadata, entry) : alias[field]
  }
  return field === 'metadata' ? own(entity.metadata, entry) : entity[field === 'id' ? 'id' : 'name']
}

function own(pairs: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(pairs, name) ? pairs[name] : undefined
}
