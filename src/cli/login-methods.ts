// How each auth method logs in: where the credentials are written to, and what is asked for when it is
// missing. A method that is not known here gets all K=V at its login path.

import type { Client } from './client.ts'
import { wrapText } from './columns.ts'
import { parseBoolean } from './environment.ts'
import { type Json, type JsonMap, JsonNumber, OrderedMap } from './exact-json.ts'
import { Failure, messageOf } from './failure.ts'
import { mapOf, type Secret, textOf, ZERO } from './secret.ts'
import type { StandardInput } from './standard-input.ts'
import type { Ui } from './ui.ts'

export interface LoginRequest {
  readonly method: string
  /** Where the method is enabled, below auth/. */
  readonly mount: string
  /** What was given as K=V. */
  readonly config: ReadonlyMap<string, string>
  readonly ui: Ui
  readonly input: StandardInput
}

/** Methods whose login path ends in the user's name and takes a password. */
const WITH_PASSWORD = new Set(['userpass', 'ldap', 'radius', 'okta'])

async function ask(request: LoginRequest, what: string): Promise<string> {
  request.ui.prompt(`${what} (will be hidden): `)
  try {
    return (await request.input.readHidden()).trim()
  } catch (error) {
    if (error instanceof Failure) throw error
    const advice =
      `The ${what.toLowerCase()} can only be typed on a terminal; elsewhere give it as ` +
      `${what.toLowerCase()}=- on standard input. The reason was: ${messageOf(error)}`
    throw new Failure(1, wrapText(advice))
  } finally {
    request.ui.prompt('\n')
  }
}

function secretWithAuth(auth: JsonMap): Secret {
  return {
    requestId: '',
    leaseId: '',
    leaseDuration: ZERO,
    renewable: false,
    data: null,
    warnings: null,
    auth,
    wrapInfo: null,
  }
}

function policiesOf(data: JsonMap, name: string): Json[] {
  const value = data.get(name)
  return Array.isArray(value) ? value : []
}

/** The auth answer that a lookup of the token amounts to. */
function authFromLookup(data: JsonMap): JsonMap {
  const own = policiesOf(data, 'policies')
  const identity = policiesOf(data, 'identity_policies')
  const all = [...new Set([...own, ...identity].map(String))].sort()
  const ttl = data.get('ttl')
  return new OrderedMap([
    ['client_token', textOf(data, 'id')],
    ['accessor', textOf(data, 'accessor')],
    ['policies', all],
    ['token_policies', own],
    ['identity_policies', data.get('identity_policies') ?? null],
    ['metadata', mapOf(data, 'meta')],
    ['orphan', false],
    ['entity_id', ''],
    ['lease_duration', ttl instanceof JsonNumber ? ttl : ZERO],
    ['renewable', data.get('renewable') === true],
    ['mfa_requirement', null],
  ])
}

async function withToken(client: Client, request: LoginRequest): Promise<Secret> {
  const lookup = parseBoolean(request.config.get('lookup') ?? 'true')
  if (lookup === null) throw new Error('Failed to parse "lookup" as boolean')
  const token = (request.config.get('token') ?? (await ask(request, 'Token'))).trim()
  if (token === '') throw new Error('a token is needed, and none was given')
  if (!lookup) return secretWithAuth(authFromLookup(new Map([['id', token]])))
  client.token = token
  const wrapTtl = client.wrapTtl
  client.wrapTtl = ''
  try {
    const secret = await client.secret('GET', 'auth/token/lookup-self')
    if (!secret?.data) throw new Error('empty response from lookup-self')
    return secretWithAuth(authFromLookup(secret.data))
  } catch (error) {
    if (error instanceof Error) error.message = `error looking up token: ${error.message}`
    throw error
  } finally {
    client.wrapTtl = wrapTtl
  }
}

async function withPassword(client: Client, request: LoginRequest): Promise<Secret | null> {
  const user = request.config.get('username') ?? ''
  if (user === '') throw new Error("'username' must be specified")
  const password = request.config.get('password') || (await ask(request, 'Password'))
  const body = new OrderedMap([['password', password]])
  for (const name of ['passcode', 'totp']) {
    const value = request.config.get(name)
    if (value !== undefined) body.set(name, value)
  }
  return client.write(`auth/${request.mount}/login/${user}`, body)
}

function withAll(client: Client, request: LoginRequest): Promise<Secret | null> {
  const body: JsonMap = new Map(request.config)
  body.delete('mount')
  return client.write(`auth/${request.mount}/login`, body)
}

/** Logs in; the answer holds an auth, a wrapped one, or a demand for a second factor. */
export async function authenticate(client: Client, request: LoginRequest): Promise<Secret | null> {
  if (request.method === 'token') return withToken(client, request)
  if (WITH_PASSWORD.has(request.method)) return withPassword(client, request)
  return withAll(client, request)
}
