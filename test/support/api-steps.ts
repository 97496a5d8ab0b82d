// What most stories of the API suite begin with: a policy, a token, a mount; each checks that it worked.
import { expect } from 'vitest'
import type { Called, CallOptions, InProcess } from './in-process.ts'

type Caller = Pick<InProcess, 'call'>

/** The call must be answered with this status; its reply. */
export async function call(
  server: Caller,
  status: number,
  method: string,
  path: string,
  body?: unknown,
  options?: CallOptions,
): Promise<Called> {
  const reply = await server.call(method, path, body, options)
  expect(reply.status, `${method} ${path} -> ${reply.text}`).toBe(status)
  return reply
}

export interface NewToken {
  readonly token: string
  readonly accessor: string
  // biome-ignore lint/suspicious/noExplicitAny: the auth block in the shapes that tests look at
  readonly auth: any
}

export async function newToken(
  server: Caller,
  fields: Readonly<Record<string, unknown>> = {},
  options?: CallOptions,
  path = 'auth/token/create',
): Promise<NewToken> {
  const { body } = await call(server, 200, 'POST', path, fields, options)
  return { token: body.auth.client_token, accessor: body.auth.accessor, auth: body.auth }
}

export async function writePolicy(
  server: Caller,
  name: string,
  policy: string,
  options?: CallOptions,
): Promise<void> {
  await call(server, 204, 'POST', `sys/policies/acl/${name}`, { policy }, options)
}

let count = 0
/** A name that no other story uses. */
export const fresh = (word: string): string => `${word}${++count}`

/** A new KV mount; its path without a slash. */
export async function mountKv(
  server: Caller,
  version: '1' | '2' = '2',
  options?: CallOptions,
): Promise<string> {
  const path = fresh('kv')
  const body = { type: 'kv', options: { version } }
  await call(server, 204, 'POST', `sys/mounts/${path}`, body, options)
  return path
}

/** Asks until the answer is as wanted; fails with the last answer after a while. */
export async function eventually<T>(
  ask: () => Promise<T>,
  isWanted: (value: T) => boolean,
  tries = 400,
): Promise<T> {
  for (let left = tries; ; left--) {
    const value = await ask()
    if (isWanted(value)) return value
    if (left === 0) throw new Error(`still ${JSON.stringify(value)}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
