// The OpenAPI document, made from the endpoint tables of the mounts. Source: OpenAPI 3.0.2 and the shape of
// Vault's sys/internal/specs/openapi (operation ids, x-vault extensions).
import { VERSION } from '../../base/version.ts'
import type { Field } from '../../schema/field.ts'
import type { Fields } from '../../schema/parse-fields.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { type Operation, openApiType, type Row } from '../../sdk/endpoints.ts'
import type { Mount } from '../mounts/mount-table.ts'

export interface DocumentedMount {
  /** The mount's path in the document: 'secret/', or '{secret_mount_path}/'. */
  readonly prefix: string
  readonly mount: Mount
  readonly rows: readonly Row<RequestContext>[]
}

const METHODS: Readonly<Record<Operation, string>> = {
  read: 'get',
  list: 'get',
  scan: 'get',
  head: 'head',
  write: 'post',
  patch: 'patch',
  remove: 'delete',
}

type Json = Record<string, unknown>

export function openApiDocument(mounts: readonly DocumentedMount[]): Json {
  const paths: Record<string, Json> = {}
  const ids = new Set<string>()
  for (const { prefix, mount, rows } of mounts) {
    for (const row of rows) {
      if (row.hidden) continue
      const isListing = row.operation === 'list' || row.operation === 'scan'
      const pattern = documentedPath(row.pattern)
      const path = `/${prefix}${pattern}${isListing && pattern !== '' ? '/' : ''}`
      const item = (paths[path] ??= itemOf(row))
      const method = METHODS[row.operation]
      const before = item[method] as Json | undefined
      const operation = operationOf(mount, row)
      operation.operationId = unique(ids, operation.operationId as string)
      item[method] = before && isListing ? eitherListing(before, operation) : operation
    }
  }
  return {
    openapi: '3.0.2',
    info: {
      title: 'Strongroom API',
      description: 'HTTP API of Strongroom. All API routes are prefixed with `/v1/`.',
      version: VERSION,
      license: { name: 'Apache License 2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: { schemas: {} },
  }
}

/** Several mounts of one type have the same rows: from the second on their ids carry a number. */
function unique(ids: Set<string>, id: string): string {
  let free = id
  for (let count = 2; ids.has(free); count++) free = `${id}-${count}`
  ids.add(free)
  return free
}

/** LIST and SCAN of one path are the same GET: one of their two parameters chooses. */
function eitherListing(first: Json, second: Json): Json {
  const all = [first, second].flatMap((one) => (one.parameters ?? []) as Json[])
  const byName = new Map(all.map((one) => [one.name, one]))
  const parameters = [...byName.values()].map((one) => {
    if (one.name !== 'list' && one.name !== 'scan') return one
    const { required: _, ...rest } = one
    return { ...rest, description: 'One of `list` and `scan` must be `true`' }
  })
  return { ...first, parameters }
}

/** ':name' and '*path' as '{name}' and '{path}'. */
const documentedPath = (pattern: string): string =>
  pattern
    .split('/')
    .map((segment) => (/^[:*]/.test(segment) ? `{${segment.slice(1)}}` : segment))
    .join('/')

function itemOf(row: Row<RequestContext>): Json {
  const parameters = Object.entries(row.params).map(([name, field]) => ({
    name,
    in: 'path',
    required: true,
    description: field.about,
    schema: schemaOf(field),
  }))
  return {
    description: row.about,
    ...(parameters.length > 0 ? { parameters } : undefined),
    ...(row.auth === 'sudo' ? { 'x-vault-sudo': true } : undefined),
    ...(row.auth === 'none' ? { 'x-vault-unauthenticated': true } : undefined),
  }
}

function operationOf(mount: Mount, row: Row<RequestContext>): Json {
  const takesBody = row.operation === 'write' || row.operation === 'patch'
  const isListing = row.operation === 'list' || row.operation === 'scan'
  const query = takesBody ? [] : queryOf(row.input)
  if (isListing) {
    query.unshift({
      name: row.operation,
      in: 'query',
      required: true,
      description: 'Must be set to `true`',
      schema: { type: 'string', enum: ['true'] },
    })
  }
  return {
    summary: row.about,
    operationId: operationId(mount, row),
    tags: [
      mount.record.class === 'auth'
        ? 'auth'
        : mount.record.type === 'system'
          ? 'system'
          : 'secrets',
    ],
    ...(row.deprecated ? { deprecated: true } : undefined),
    ...(query.length > 0 ? { parameters: query } : undefined),
    ...(takesBody && Object.keys(row.input).length > 0
      ? { requestBody: { required: true, content: jsonContent(row.input) } }
      : undefined),
    responses: {
      200: {
        description: 'OK',
        ...(row.output ? { content: jsonContent(row.output) } : undefined),
      },
    },
  }
}

const jsonContent = (fields: Fields): Json => ({
  'application/json': { schema: objectSchema(fields) },
})

function objectSchema(fields: Fields): Json {
  const required = Object.entries(fields)
    .filter(([, field]) => field.required)
    .map(([name]) => name)
  return {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [name, schemaOf(field)]),
    ),
    ...(required.length > 0 ? { required } : undefined),
  }
}

function queryOf(fields: Fields): Json[] {
  return Object.entries(fields).map(([name, field]) => ({
    name,
    in: 'query',
    description: field.about,
    ...(field.required ? { required: true } : undefined),
    schema: schemaOf(field),
  }))
}

function schemaOf(field: Field<unknown>): Json {
  const fallback = field.fallback ?? field.initial
  return {
    type: openApiType[field.type],
    description: field.about,
    ...(field.type === 'duration' || field.type === 'signedDuration'
      ? { format: 'seconds' }
      : undefined),
    ...(field.type === 'time' ? { format: 'date-time' } : undefined),
    ...(field.type === 'list' ? { items: { type: 'string' } } : undefined),
    ...(field.type === 'intList' ? { items: { type: 'integer' } } : undefined),
    ...(field.choices ? { enum: field.choices } : undefined),
    ...(fallback !== undefined ? { default: fallback } : undefined),
    ...(field.deprecated ? { deprecated: true } : undefined),
    ...(field.secret ? { 'x-vault-displayAttrs': { sensitive: true } } : undefined),
  }
}

/** 'kv-read-data-path': unique within the document's mounts of one type. */
function operationId(mount: Mount, row: Row<RequestContext>): string {
  const words = row.pattern.split(/[/:*]+/).filter((word) => word !== '')
  return [mount.record.type, row.operation, ...words].join('-').replaceAll('_', '-')
}
