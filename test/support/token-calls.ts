// Calls of the token mount on a test server, with the parts of the reply at hand.
import type { AuthBlock } from '../../src/sdk/answer.ts'
import type { CoreServer } from './core-server.ts'
import type { CallOptions } from './in-process.ts'

export interface TokenReply {
  readonly status: number
  readonly auth: AuthBlock | null
  readonly data: Record<string, unknown> | null
  readonly warnings: readonly string[] | null
  readonly errors: readonly string[] | null
}

export type MadeToken = AuthBlock & {
  readonly text: string
  readonly warnings: readonly string[] | null
}

export interface TokenCalls {
  call(path: string, body?: unknown, options?: CallOptions, method?: string): Promise<TokenReply>
  /** Makes a token, called by `token`; throws where that is refused. */
  create(body?: unknown, token?: string, path?: string): Promise<MadeToken>
  /** The data of a look-up by root; null where there is no such token. */
  lookup(token: string): Promise<Record<string, unknown> | null>
}

/** Also writes the policies `maker`, `sudo` and `app`. */
export async function tokenCalls(server: CoreServer): Promise<TokenCalls> {
  const policy = (name: string, text: string) =>
    server.call('PUT', `sys/policies/acl/${name}`, { policy: text })
  await policy('maker', 'path "auth/token/*" { capabilities = ["create","update","read","list"] }')
  await policy('sudo', 'path "auth/token/*" { capabilities = ["update","sudo"] }')
  await policy('app', 'path "secret/*" { capabilities = ["read"] }')
  const call: TokenCalls['call'] = async (path, body = {}, options = {}, method = 'POST') => {
    const { status, body: reply } = await server.call(method, `auth/token/${path}`, body, options)
    return {
      status,
      auth: (reply?.auth as AuthBlock | null | undefined) ?? null,
      data: reply?.data ?? null,
      warnings: reply?.warnings ?? null,
      errors: reply?.errors ?? null,
    }
  }
  return {
    call,
    async create(body = {}, token, path = 'create') {
      const { auth, warnings, status, errors } = await call(
        path,
        body,
        token === undefined ? {} : { token },
      )
      if (!auth) throw new Error(`${status} ${errors}`)
      return { ...auth, text: auth.client_token, warnings }
    },
    lookup: async (token) => (await call('lookup', { token })).data,
  }
}
