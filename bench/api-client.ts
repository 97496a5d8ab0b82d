// The few API calls that prepare a server for the bench; speed does not matter here.

export interface Reply {
  readonly status: number
  readonly body: Record<string, unknown>
}

export interface ApiClient {
  /** Base address, http://HOST:PORT. */
  readonly base: string
  /** Answers with any status in `accept` (default: 200 and 204); throws on others. */
  call(method: string, path: string, body?: unknown, accept?: readonly number[]): Promise<Reply>
}

export function apiClient(base: string, token: string): ApiClient {
  return {
    base,
    async call(method, path, body, accept = [200, 204]) {
      const headers: Record<string, string> = { 'Content-Type': 'application/json' }
      if (token !== '') headers['X-Vault-Token'] = token
      const response = await fetch(`${base}/v1/${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (!accept.includes(response.status)) {
        throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`)
      }
      return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
    },
  }
}

/** A member that must be an object, else {}. */
export function objectIn(value: unknown, key: string): Record<string, unknown> {
  const member = (value as Record<string, unknown> | undefined)?.[key]
  return typeof member === 'object' && member !== null ? (member as Record<string, unknown>) : {}
}

export function textIn(value: unknown, key: string): string {
  const member = (value as Record<string, unknown> | undefined)?.[key]
  return typeof member === 'string' ? member : ''
}
