// How what went wrong with a database reaches a caller: in Vault's statuses and words. A configuration that
// makes no sense is a 400; what the database did not do is a 500, and `Unreachable` where it gave no verdict,
// so that the queue of revocations waits for it instead of giving up.
import { type ApiError, badRequest, internal } from '../../base/errors.ts'
import { Unreachable } from '../../sdk/unreachable.ts'
import { DatabaseError } from './database-error.ts'

/** Vault's form of an error that is not the caller's. */
export const serverFault = (message: string, options?: { cause?: unknown }): ApiError =>
  internal(listed(message), options)

const listed = (message: string): string => `1 error occurred:\n\t* ${message}\n\n`

/** Runs the body; what a plugin throws becomes an ApiError. */
export async function withFaults<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body()
  } catch (error) {
    throw asApiError(error)
  }
}

export function asApiError(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error
  if (error.kind === 'settings') return badRequest(error.message, { cause: error })
  if (error.kind === 'statement' || error.kind === 'partial') {
    return serverFault(error.message, { cause: error })
  }
  // Our own login being refused says nothing about the thing that was asked for.
  return new Unreachable(listed(error.message), { cause: error })
}

/** The words of an error without the form of a list. */
export const plain = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .replace(/^1 error occurred:\n\t\* /, '')
    .trim()
