// Writes the API reference from the endpoint tables, one page for each kind of mount; the pages are committed
// and a test compares them with what this gives.

import { coreEngines } from '../src/core/system/system-engine.ts'
import { engines } from '../src/registry.ts'
import type { Field } from '../src/schema/field.ts'
import type { RequestContext } from '../src/sdk/context.ts'
import type { Row } from '../src/sdk/endpoints.ts'
import type { Engine } from '../src/sdk/plugin.ts'
import { scannerRulesPage } from './scanner-rules-page.ts'

const MOUNTED_AT: Readonly<Record<string, string>> = {
  system: 'sys/',
  token: 'auth/token/',
  cubbyhole: 'cubbyhole/',
}

const VERBS = {
  read: 'GET',
  write: 'POST',
  patch: 'PATCH',
  remove: 'DELETE',
  list: 'LIST',
  scan: 'SCAN',
  head: 'HEAD',
} as const

/** File name to text. */
export function referencePages(): ReadonlyMap<string, string> {
  const pages = new Map<string, string>()
  for (const engine of [...coreEngines, ...engines]) {
    for (const [name, rows] of tablesOf(engine))
      pages.set(`api-${name}.md`, page(engine, name, rows))
  }
  pages.set('scanner-rules.md', scannerRulesPage())
  return pages
}

function tablesOf(engine: Engine): [string, readonly Row<RequestContext>[]][] {
  if (!engine.variants) return [[engine.type, engine.endpoints]]
  return ['1', '2'].map((version) => [`${engine.type}-v${version}`, engine.variants!({ version })])
}

function page(engine: Engine, name: string, rows: readonly Row<RequestContext>[]): string {
  const prefix = MOUNTED_AT[engine.type] ?? `${engine.class === 'auth' ? 'auth/' : ''}<mount>/`
  const shown = rows.filter((row) => !row.hidden)
  const sections = shown
    .toSorted((a, b) => (a.pattern < b.pattern ? -1 : a.pattern > b.pattern ? 1 : 0))
    .map((row) => section(prefix, row))
  return `# ${name}\n\n${engine.about}\n\n<!-- Written by "npm run docs". -->\n\n${sections.join('\n')}`
}

function section(prefix: string, row: Row<RequestContext>): string {
  const notes = [
    row.auth === 'none' ? 'no token' : row.auth === 'sudo' ? 'needs `sudo`' : '',
    row.whenSealed ? 'also while sealed' : '',
    row.rootOnly ? 'root namespace only' : '',
    row.deprecated ? 'deprecated' : '',
  ].filter((note) => note !== '')
  const lines = [`## ${VERBS[row.operation]} /v1/${prefix}${row.pattern}`, '', row.about]
  if (notes.length > 0) lines.push('', `(${notes.join(', ')})`)
  const fields = Object.entries({ ...row.params, ...row.input })
  if (fields.length > 0) {
    lines.push('', '| field | type | |', '|---|---|---|')
    for (const [name, field] of fields) lines.push(fieldLine(name, field, name in row.params))
  }
  return `${lines.join('\n')}\n`
}

function fieldLine(name: string, field: Field<unknown>, isParam: boolean): string {
  const fallback = field.fallback ?? field.initial
  const notes = [
    isParam ? 'in the path' : field.required ? 'required' : '',
    fallback !== undefined && fallback !== '' ? `default \`${JSON.stringify(fallback)}\`` : '',
    field.choices ? `one of ${field.choices.map((one) => `\`${one}\``).join(', ')}` : '',
    field.secret ? 'secret' : '',
    field.deprecated ? 'deprecated' : '',
  ].filter((note) => note !== '')
  const text = [field.about, ...notes].join(' · ').replaceAll('|', '\\|')
  return `| \`${name}\` | ${field.type} | ${text} |`
}
