// Help on a path (`GET path?help=1`, CLI `path-help`), made from the same rows that serve it.
import type { RequestContext } from '../../sdk/context.ts'
import type { Operation, Row } from '../../sdk/endpoints.ts'
import type { Engine } from '../../sdk/plugin.ts'
import type { Mount } from '../mounts/mount-table.ts'
import { openApiDocument } from './openapi.ts'

const VERBS: Readonly<Record<Operation, string>> = {
  read: 'GET',
  write: 'POST',
  patch: 'PATCH',
  remove: 'DELETE',
  list: 'LIST',
  scan: 'SCAN',
  head: 'HEAD',
}

export interface PathHelp {
  readonly help: string
  readonly see_also: null
  readonly openapi: unknown
}

/** null where no row serves the path. An empty path gives the engine's own page. */
export function pathHelp(mount: Mount, engine: Engine | undefined, path: string): PathHelp | null {
  const rows =
    path === ''
      ? []
      : mount.routes.operationsAt(path).map((operation) => mount.routes.match(operation, path)!.row)
  if (path !== '' && rows.length === 0) return null
  const help = path === '' ? engineHelp(mount, engine) : rowsHelp(path, rows)
  const shown = path === '' ? mount.routes.rows : rows
  return { help, see_also: null, openapi: openApiDocument([{ prefix: '', mount, rows: shown }]) }
}

function engineHelp(mount: Mount, engine: Engine | undefined): string {
  const lines = ['## DESCRIPTION', '', engine?.about ?? '', '', '## PATHS', '']
  lines.push(
    'The following paths are supported by this backend. To view help for',
    'any of the paths below, use the help command with any route matching',
    'the path pattern. Note that depending on the policy of your auth token,',
    'you may or may not be able to access certain paths.',
    '',
  )
  const abouts = new Map<string, string>()
  for (const row of mount.routes.rows) {
    if (!row.hidden && !abouts.has(row.pattern)) abouts.set(row.pattern, row.about)
  }
  for (const [pattern, about] of [...abouts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    lines.push(`    ${pattern === '' ? '/' : pattern}`, `        ${about}`, '')
  }
  return lines.join('\n')
}

function rowsHelp(path: string, rows: readonly Row<RequestContext>[]): string {
  const lines = [`Request:        ${path}`, `Matching Route: ${rows[0]!.pattern}`, '']
  for (const row of rows) {
    lines.push(`${VERBS[row.operation]}: ${row.about}`)
    if (row.help) lines.push('', row.help)
    lines.push('')
  }
  const fields = new Map<string, { type: string; about: string }>()
  for (const row of rows) {
    for (const [name, field] of Object.entries({ ...row.params, ...row.input })) {
      fields.set(name, field)
    }
  }
  if (fields.size > 0) {
    lines.push('## PARAMETERS', '')
    for (const [name, { type, about }] of [...fields].sort(([a], [b]) => (a < b ? -1 : 1))) {
      lines.push(`    ${name} (${type})`, '', `        ${about}`, '')
    }
  }
  return lines.join('\n')
}
