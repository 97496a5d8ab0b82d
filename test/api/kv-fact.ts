// The form of a fact about KV and the words in which the tables of facts are written; see kv-facts.ts.
export interface KvStep {
  readonly method: 'GET' | 'LIST' | 'SCAN' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the mount, with its query; encoded as in a URL. */
  readonly path: string
  /** JSON text. PATCH sends it as application/merge-patch+json. */
  readonly body?: string
  readonly expectStatus: number
  /** null: the reply has no body. Absent: not looked at. */
  readonly expectBody?: unknown
  /** Text that the reply contains exactly. */
  readonly expectText?: string
  readonly ours?: true
  /** Milliseconds to wait before the step. */
  readonly afterMs?: number
}

export interface KvFact {
  readonly name: string
  readonly mountVersion: '1' | '2'
  readonly steps: readonly KvStep[]
}

type Extra = Omit<KvStep, 'method' | 'path' | 'body' | 'expectStatus' | 'expectBody'>
const step =
  (method: KvStep['method']) =>
  (
    path: string,
    body: string | null,
    expectStatus: number,
    expectBody?: unknown,
    extra: Extra = {},
  ): KvStep => ({
    method,
    path,
    ...(body === null ? undefined : { body }),
    expectStatus,
    ...(expectBody === undefined ? undefined : { expectBody }),
    ...extra,
  })
export const get = step('GET')
export const list = step('LIST')
export const scan = step('SCAN')
export const post = step('POST')
export const put = step('PUT')
export const patch = step('PATCH')
export const remove = step('DELETE')

export const errors = (...errors: string[]) => ({ errors })
export const NOT_FOUND = errors()
export const OURS: Extra = { ours: true }
export const EMPTY_ENVELOPE = {
  lease_id: '',
  renewable: false,
  lease_duration: 0,
  wrap_info: null,
  warnings: null,
  auth: null,
}
/** The facts of a version that nobody deleted. */
export const facts = (version: number, custom_metadata: unknown = null) => ({
  created_time: '<time>',
  custom_metadata,
  deletion_time: '',
  destroyed: false,
  version,
})
export const written = (version: number) => ({ ...EMPTY_ENVELOPE, data: facts(version) })
export const secret = (data: unknown, version: number) => ({
  ...EMPTY_ENVELOPE,
  data: { data, metadata: facts(version) },
})
export const noVersion = (version: number, destroyed: boolean, deletion_time: string) => ({
  data: { data: null, metadata: { ...facts(version), deletion_time, destroyed } },
})
export const warned = (warning: string) => ({ ...EMPTY_ENVELOPE, data: null, warnings: [warning] })

export const CAS_MISMATCH = errors('check-and-set parameter did not match the current version')
export const CAS_REQUIRED = errors('check-and-set parameter required for this call')
export const METADATA_CAS_MISMATCH = errors(
  'metadata check-and-set parameter does not match the current version',
)
export const METADATA_CAS_REQUIRED = errors(
  'metadata check-and-set parameter required for this call',
)
export const UNSUPPORTED = errors('1 error occurred:\n\t* unsupported operation\n\n')
export const NO_ROOT = 'Non-listing operations on the root of a K/V v2 mount are not supported.'

const FORMS: Readonly<Record<string, RegExp>> = {
  '<time>': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
  '<any>': /./s,
}

/** Where the reply differs from what was expected, in words; null where it doesn't. */
export function differenceTo(expected: unknown, actual: unknown, at = 'body'): string | null {
  if (typeof expected === 'string' && FORMS[expected] && typeof actual === 'string')
    return FORMS[expected].test(actual) ? null : `${at} is ${JSON.stringify(actual)}`
  if (typeof expected !== 'object' || expected === null)
    return expected === actual
      ? null
      : `${at} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`
  if (typeof actual !== 'object' || actual === null) return `${at} is ${JSON.stringify(actual)}`
  if (Array.isArray(expected) !== Array.isArray(actual)) return `${at} is of another kind`
  if (Array.isArray(expected) && expected.length !== (actual as unknown[]).length)
    return `${at} is ${JSON.stringify(actual)}`
  for (const [name, value] of Object.entries(expected)) {
    const found = differenceTo(value, (actual as Record<string, unknown>)[name], `${at}.${name}`)
    if (found) return found
  }
  return null
}
