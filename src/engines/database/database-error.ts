// What a database did not do, in words that may be shown: never a password, a connection string or the
// text of a statement with its values. The kind decides what becomes of it (try again, give up, 4xx).

export type DatabaseFailure =
  /** The settings make no sense: the caller's mistake. */
  | 'settings'
  /** No connection, or it broke, stalled or was cut: the same call may work later. */
  | 'unreachable'
  /** The server answered and refuses our own login. */
  | 'refused'
  /** The server answered and refuses a statement. */
  | 'statement'
  /** The server answered and refuses a statement after others of the same call that stay done. */
  | 'partial'

export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  readonly kind: DatabaseFailure
  /** It failed before anything was asked of the server: surely nothing was changed. */
  isUntouched = false

  constructor(kind: DatabaseFailure, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.kind = kind
  }
}

/** For what goes wrong up to the login: throws the error again, marked. */
export function untouched(error: unknown): never {
  if (error instanceof DatabaseError) error.isUntouched = true
  throw error
}

/** Takes secrets out of a text that a server or driver made (Vault's `[password]`). */
export function withoutSecrets(text: string, secrets: readonly (string | undefined)[]): string {
  let clean = text
  for (const secret of secrets) {
    if (secret) clean = clean.replaceAll(secret, '[password]')
  }
  return clean
}
