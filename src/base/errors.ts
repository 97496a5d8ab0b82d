// The one error class that reaches a client. Its body is always {"errors": messages}, in the wording
// that Vault's clients match on. Anything else that is thrown is a bug: 500, logged, never shown.

export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly messages: readonly string[]

  /** `cause` is for the log only and never leaves the server. */
  constructor(status: number, messages: readonly string[], options?: { cause?: unknown }) {
    super(messages.join('; '), options)
    this.status = status
    this.messages = messages
  }
}

type Options = { cause?: unknown }
type ErrorMaker = (message: string, options?: Options) => ApiError

const maker =
  (status: number): ErrorMaker =>
  (message, options) =>
    new ApiError(status, [message], options)

export const badRequest = maker(400)
/** For use where Vault words an absence; a plain absence is the answer `{ empty: true }`. */
export const notFound = maker(404)
export const methodNotAllowed = maker(405)
export const conflict = maker(409)
export const preconditionFailed = maker(412)
export const tooLarge = maker(413)
export const unsupportedMediaType = maker(415)
export const tooMany = maker(429)
export const internal = maker(500)
export const unavailable = maker(503)

/** The refusal of a caller: it never says which rule refused. */
export const denied = (message = 'permission denied', options?: Options): ApiError =>
  new ApiError(403, [message], options)

/** The answer of a sealed server, with what to do next. */
export const sealed = (): ApiError =>
  new ApiError(503, [
    'Vault is sealed',
    'enter the key shares with "operator unseal" (a new store: "operator init" first); ' +
      '"status" tells how many are missing',
  ])
