// The standard envelope of an answer: lease, data, warnings, auth and wrapping, with the members and the
// order that Vault's command prints. A body without any of them is itself the data.
import { type Json, type JsonMap, JsonNumber, OrderedMap, parseExactJson } from './exact-json.ts'

export interface Secret {
  readonly requestId: string
  readonly leaseId: string
  readonly leaseDuration: JsonNumber
  readonly renewable: boolean
  readonly data: JsonMap | null
  readonly warnings: readonly string[] | null
  readonly auth: JsonMap | null
  readonly wrapInfo: JsonMap | null
}

export const ZERO = new JsonNumber('0')
const ENVELOPE = [
  'request_id',
  'lease_id',
  'lease_duration',
  'renewable',
  'data',
  'warnings',
  'auth',
  'wrap_info',
]

/** The members of an answer that are printed, in order, with what stands for an absent one. */
export type Shape = readonly (readonly [name: string, absent: Json | undefined])[]

const AUTH: Shape = [
  ['client_token', ''],
  ['accessor', ''],
  ['policies', null],
  ['token_policies', null],
  ['identity_policies', null],
  ['metadata', null],
  ['orphan', false],
  ['entity_id', ''],
  ['lease_duration', ZERO],
  ['renewable', false],
  ['mfa_requirement', null],
]

const WRAP: Shape = [
  ['token', ''],
  ['accessor', ''],
  ['ttl', ZERO],
  ['creation_time', '0001-01-01T00:00:00Z'],
  ['creation_path', ''],
  ['wrapped_accessor', ''],
]

function isZero(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true
  if (Array.isArray(value)) return value.length === 0
  if (value instanceof Map) return value.size === 0
  return value instanceof JsonNumber && Number(value.text) === 0
}

/** The members of a shape, in its order; one whose absence is undefined is left out when it is zero. */
export function shaped(from: JsonMap, shape: Shape): OrderedMap {
  const out = new OrderedMap()
  for (const [name, absent] of shape) {
    const value = from.get(name)
    if (absent === undefined) {
      if (!isZero(value)) out.set(name, value!)
    } else out.set(name, value ?? absent)
  }
  return out
}

function shapedOrNull(from: Json | undefined, shape: Shape): OrderedMap | null {
  return from instanceof Map ? shaped(from, shape) : null
}

/** A text member of a map; '' where it is absent or of another kind. */
export function textOf(map: JsonMap | null | undefined, name: string): string {
  const value = map?.get(name)
  return typeof value === 'string' ? value : ''
}

/** A whole number of a map; 0 where it is absent or of another kind. */
export function numberOf(map: JsonMap | null | undefined, name: string): number {
  const value = map?.get(name)
  return value instanceof JsonNumber ? Number(value.text) : 0
}

/** A map inside a map; null where it is absent or of another kind. */
export function mapOf(map: JsonMap | null | undefined, name: string): JsonMap | null {
  const value = map?.get(name)
  return value instanceof Map ? value : null
}

/** The members of an answer, which some paths send bare and others inside data. */
export function membersOf(answer: JsonMap): JsonMap {
  return mapOf(answer, 'data') ?? answer
}

/** The strings of a list member; null where it is absent or no list of strings. */
export function textsOf(map: JsonMap | null | undefined, name: string): string[] | null {
  const value = map?.get(name)
  if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) return null
  return value as string[]
}

/** The secret of a body; null for an empty body or one that holds nothing but errors. */
export function parseSecret(body: string): Secret | null {
  if (body.trim() === '') return null
  const value = parseExactJson(body)
  if (!(value instanceof Map)) throw new SyntaxError('the server did not answer a JSON object')
  const known = ENVELOPE.some((name) => !isZero(value.get(name)))
  if (!known) {
    const errors = value.get('errors')
    if (errors !== undefined && value.size === 1) return null
    if (Array.isArray(errors)) throw new Error(errors.map(String).join(' '))
    if (ENVELOPE.some((name) => value.has(name))) for (const name of ENVELOPE) value.delete(name)
  }
  const warnings = textsOf(value, 'warnings')
  const duration = value.get('lease_duration')
  return {
    requestId: textOf(value, 'request_id'),
    leaseId: textOf(value, 'lease_id'),
    leaseDuration: duration instanceof JsonNumber ? duration : ZERO,
    renewable: value.get('renewable') === true,
    data: known ? mapOf(value, 'data') : value.size > 0 ? value : null,
    warnings: warnings && warnings.length > 0 ? warnings : null,
    auth: shapedOrNull(value.get('auth'), AUTH),
    wrapInfo: shapedOrNull(value.get('wrap_info'), WRAP),
  }
}

/** Whether the answer was wrapped on request, so that it holds a wrapping token and nothing else. */
export function isWrapped(secret: Secret | null): boolean {
  return numberOf(secret?.wrapInfo, 'ttl') !== 0
}

/** The envelope as -format=json prints it. */
export function secretJson(secret: Secret): OrderedMap {
  const out = new OrderedMap([
    ['request_id', secret.requestId],
    ['lease_id', secret.leaseId],
    ['lease_duration', secret.leaseDuration],
    ['renewable', secret.renewable],
    ['data', secret.data],
    ['warnings', secret.warnings as string[] | null],
  ])
  if (secret.auth) out.set('auth', secret.auth)
  if (secret.wrapInfo) out.set('wrap_info', secret.wrapInfo)
  return out
}
