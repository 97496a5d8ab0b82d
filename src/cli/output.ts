// Results in the formats table, json, yaml and raw. What each format prints for a secret, a list, a map
// or one field is fixed by Vault's command; golden files in the tests hold the facts.
import { compareUtf8 } from '../base/utf8-order.ts'
import { formatTable, wrapIndented } from './columns.ts'
import { type Json, type JsonMap, JsonNumber, OrderedMap, printExactJson } from './exact-json.ts'
import { formatTime, formatValue, humanSeconds, looksLikeDuration, quoteList } from './go-format.ts'
import { mapOf, numberOf, type Secret, secretJson, textOf } from './secret.ts'
import type { Ui } from './ui.ts'

export const FORMATS = ['table', 'json', 'yaml', 'yml', 'pretty', 'raw'] as const

/** The text of a value in a format other than table; null where the format can't show it. */
async function formatted(format: string, value: Json): Promise<string | null> {
  if (format === 'json') return printExactJson(value, '  ')
  if (format === 'yaml' || format === 'yml') return (await import('./yaml-output.ts')).toYaml(value)
  return null
}

async function printData(ui: Ui, value: Json): Promise<number> {
  const text = await formatted(ui.format, value)
  if (text === null) {
    ui.error(`Could not parse output: the ${ui.format} format can't show this result`)
    return 1
  }
  ui.out(ui.format === 'json' ? text : text.trim())
  return 0
}

/** Warnings of an answer, in table format only. */
export function printWarnings(ui: Ui, secret: Secret | null): void {
  if (!secret?.warnings) return
  ui.warn('WARNING! The following warnings were returned from Vault:\n')
  for (const warning of secret.warnings) {
    ui.warn(wrapIndented(`* ${warning}`, 2))
    ui.warn('')
  }
}

function dataRows(data: JsonMap): string[][] {
  const keys = [...data.keys()].sort(compareUtf8)
  return keys.map((key) => {
    const value = data.get(key)
    return [key, looksLikeDuration(key) ? humanSeconds(value) : formatValue(value)]
  })
}

function authRows(auth: JsonMap): string[][] {
  const mfa = mapOf(auth, 'mfa_requirement')
  if (mfa) return mfaRows(mfa)
  const seconds = numberOf(auth, 'lease_duration')
  const rows = [
    ['token', textOf(auth, 'client_token')],
    ['token_accessor', textOf(auth, 'accessor')],
    ['token_duration', seconds === 0 ? '∞' : humanSeconds(auth.get('lease_duration'))],
    ['token_renewable', formatValue(auth.get('renewable'))],
    ['token_policies', quoteList(auth.get('token_policies'))],
    ['identity_policies', quoteList(auth.get('identity_policies'))],
    ['policies', quoteList(auth.get('policies'))],
  ]
  const metadata = mapOf(auth, 'metadata') ?? new Map<string, Json>()
  for (const key of [...metadata.keys()].sort(compareUtf8)) {
    rows.push([`token_meta_${key}`, formatValue(metadata.get(key))])
  }
  return rows
}

function mfaRows(mfa: JsonMap): string[][] {
  const rows = [['mfa_request_id', textOf(mfa, 'mfa_request_id')]]
  for (const [name, set] of mapOf(mfa, 'mfa_constraints') ?? []) {
    const any = set instanceof Map ? set.get('any') : null
    for (const one of Array.isArray(any) ? any : []) {
      if (!(one instanceof Map)) continue
      const head = `mfa_constraint_${name}_${textOf(one, 'type')}`
      rows.push([`${head}_id`, textOf(one, 'id')])
      rows.push([`${head}_uses_passcode`, String(one.get('uses_passcode') === true)])
      if (textOf(one, 'name')) rows.push([`${head}_name`, textOf(one, 'name')])
    }
  }
  return rows
}

function wrapRows(wrap: JsonMap): string[][] {
  const rows = [
    ['wrapping_token:', textOf(wrap, 'token')],
    ['wrapping_accessor:', textOf(wrap, 'accessor')],
    ['wrapping_token_ttl:', humanSeconds(wrap.get('ttl'))],
    ['wrapping_token_creation_time:', formatTime(textOf(wrap, 'creation_time'))],
    ['wrapping_token_creation_path:', textOf(wrap, 'creation_path')],
  ]
  const wrapped = textOf(wrap, 'wrapped_accessor')
  if (wrapped) rows.push(['wrapped_accessor:', wrapped])
  return rows
}

function printRows(ui: Ui, rows: readonly string[][]): void {
  if (rows.length > 0) ui.out(formatTable([['Key', 'Value'], ...rows]))
}

function printSecretTable(ui: Ui, secret: Secret): void {
  printWarnings(ui, secret)
  const rows: string[][] = []
  if (Number(secret.leaseDuration.text) > 0) {
    const life = humanSeconds(secret.leaseDuration)
    if (secret.leaseId === '') rows.push(['refresh_interval', life])
    else {
      rows.push(['lease_id', secret.leaseId], ['lease_duration', life])
      rows.push(['lease_renewable', String(secret.renewable)])
    }
  }
  if (secret.auth) rows.push(...authRows(secret.auth))
  if (secret.wrapInfo) rows.push(...wrapRows(secret.wrapInfo))
  if (secret.data) rows.push(...dataRows(secret.data))
  printRows(ui, rows)
}

/** Prints a whole answer; the result is the exit code. */
export async function outputSecret(ui: Ui, secret: Secret): Promise<number> {
  if (ui.format !== 'table') return printData(ui, secretJson(secret))
  printSecretTable(ui, secret)
  return 0
}

/** Prints a map (as key and value) or a list of keys. */
export async function outputData(ui: Ui, value: Json): Promise<number> {
  if (ui.format !== 'table') return printData(ui, value)
  if (value instanceof Map) {
    printRows(ui, dataRows(value))
    return 0
  }
  if (Array.isArray(value)) return printKeys(ui, null, value)
  ui.error('Could not parse output: cannot use the table formatter for this type')
  return 1
}

/** The keys of a list answer; null where it is none. */
export function keysOf(secret: Secret | null): Json[] | null {
  const keys = secret?.data?.get('keys')
  return Array.isArray(keys) ? keys : null
}

/** Prints the keys of a list answer, with what is known of each under -detailed. */
export async function outputList(ui: Ui, secret: Secret): Promise<number> {
  const keys = keysOf(secret) ?? []
  if (ui.format === 'json' && ui.detailed) return printData(ui, secretJson(secret))
  if (ui.format !== 'table') return printData(ui, keys)
  return printKeys(ui, secret, keys)
}

function printKeys(ui: Ui, secret: Secret | null, list: readonly Json[]): number {
  printWarnings(ui, secret)
  if (list.length === 0) return 0
  const wrong = list.find((key) => typeof key !== 'string')
  if (wrong !== undefined) {
    ui.error(`Could not parse output: ${formatValue(wrong)} is not a string`)
    return 1
  }
  const keys = (list as string[]).toSorted(compareUtf8)
  const info = ui.detailed ? mapOf(secret?.data, 'key_info') : null
  const names = new Set<string>()
  for (const key of keys) for (const name of mapOf(info, key)?.keys() ?? []) names.add(name)
  const head = [...names].sort(compareUtf8)
  const rows = keys.map((key) => {
    const known = mapOf(info, key)
    if (!known) return [key]
    return [key, ...head.map((name) => detailCell(known, name))]
  })
  ui.out(formatTable([['Keys', ...head], ...rows]))
  return 0
}

function detailCell(known: JsonMap, name: string): string {
  if (!known.has(name)) return 'n/a'
  const value = known.get(name)
  return looksLikeDuration(name) ? humanSeconds(value) : formatValue(value)
}

const AUTH_FIELDS: Readonly<Record<string, string>> = {
  token: 'client_token',
  token_accessor: 'accessor',
  token_duration: 'lease_duration',
  token_renewable: 'renewable',
  token_policies: 'token_policies',
  identity_policies: 'identity_policies',
  policies: 'policies',
}
const WRAP_FIELDS: Readonly<Record<string, string>> = {
  wrapping_token: 'token',
  wrapping_accessor: 'accessor',
  wrapping_token_ttl: 'ttl',
  wrapping_token_creation_time: 'creation_time',
  wrapping_token_creation_path: 'creation_path',
  wrapped_accessor: 'wrapped_accessor',
}

function plainField(secret: Secret, field: string): Json | undefined {
  switch (field) {
    case 'lease_duration':
    case 'refresh_interval':
      return secret.leaseDuration
    case 'lease_id':
      return secret.leaseId
    case 'request_id':
      return secret.requestId
    case 'renewable':
      return secret.renewable
    case 'data':
      return secret.data?.has('data') ? secret.data.get('data') : secret.data
    default:
      return secret.data?.get(field)
  }
}

/** The value that -field names in an answer. */
export function fieldOf(secret: Secret, field: string): Json | undefined {
  if (secret.auth) {
    const name = Object.hasOwn(AUTH_FIELDS, field) ? AUTH_FIELDS[field]! : null
    if (name === null) return secret.data?.get(field)
    // A list that a token does without is an empty one, not an absence.
    return secret.auth.get(name) ?? (name.endsWith('policies') ? [] : null)
  }
  if (secret.wrapInfo) {
    const name = Object.hasOwn(WRAP_FIELDS, field) ? WRAP_FIELDS[field]! : null
    return name === null ? secret.data?.get(field) : secret.wrapInfo.get(name)
  }
  return plainField(secret, field)
}

/** Prints one value bare (or in the format asked for); an absent one is an error. */
export async function printField(ui: Ui, value: Json | undefined, field: string): Promise<number> {
  if (value === undefined || value === null) {
    ui.error(`Field "${field}" not present in secret`)
    return 1
  }
  const text = await formatted(ui.format, value)
  ui.raw(text ?? formatValue(value))
  return 0
}

/** A map from plain values, in the order given, for results that the command puts together. */
export function result(members: Readonly<Record<string, Json | number>>): OrderedMap {
  const out = new OrderedMap()
  for (const [name, value] of Object.entries(members)) {
    out.set(name, typeof value === 'number' ? new JsonNumber(String(value)) : value)
  }
  return out
}
