// What a plugin throws when the other side gave no verdict: it could not be connected to, timed out, cut the
// line, or had no connection to spare. A refusal (a wrong statement, a missing right) is any other error.
// The queue of revocations spends no try of a lease on it: it waits until the other side answers again.
import { ApiError } from '../base/errors.ts'

/** Callers of a request get the status, 500 unless told (as Vault answers), and the message. */
export class Unreachable extends ApiError {
  constructor(
    message: string,
    options: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(options.status ?? 500, [message], { cause: options.cause })
  }
}

/** Also where it is the cause of another error. */
export function isUnreachable(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    if (at instanceof Unreachable) return true
  }
  return false
}
