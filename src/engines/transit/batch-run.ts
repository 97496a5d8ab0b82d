// Runs the items of a batch one after the other. A 400 of one item is that item's error and stops no other;
// anything else fails the request. Others get a turn every few milliseconds, whatever the batch's size.
import { ApiError, badRequest } from '../../base/errors.ts'
import { MAX_TURN_MS } from '../../base/limits.ts'
import { atEndOfTick } from '../../base/tick.ts'
import { integer } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import type { Awaitable } from '../../sdk/storage.ts'

export interface BatchRun<R> {
  readonly results: readonly (R | { readonly error: string })[]
  readonly failures: number
}

export async function runBatch<I, R>(
  ctx: RequestContext,
  items: readonly I[],
  body: (item: I, at: number) => Awaitable<R>,
): Promise<BatchRun<R>> {
  const results: (R | { readonly error: string })[] = []
  let failures = 0
  let turnEndsAt = ctx.clock.monotonic() + MAX_TURN_MS
  for (let at = 0; at < items.length; at++) {
    try {
      const result = body(items[at]!, at)
      results.push(result instanceof Promise ? await result : result)
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 400) throw error
      results.push({ error: error.messages.join('; ') })
      failures += 1
    }
    if (ctx.clock.monotonic() < turnEndsAt) continue
    await new Promise<void>((resolve) => atEndOfTick(resolve))
    if (ctx.signal.aborted) throw badRequest('the request was given up')
    turnEndsAt = ctx.clock.monotonic() + MAX_TURN_MS
  }
  return { results, failures }
}

export const partialFailureField = integer(
  'The status to answer with where some items failed and others did not; 400 unless given.',
)

/** The answer of encrypt and decrypt batches, whose status tells of failed items. */
export function statusAnswer<R>(
  run: BatchRun<R>,
  partialStatus: number | undefined,
  warnings: readonly string[] = [],
): Answer {
  const data = { batch_results: run.results }
  if (run.failures === 0) return { data, warnings }
  const isPartial = partialStatus !== undefined && run.failures < run.results.length
  if (!isPartial) return { data, status: 400, warnings }
  if (carriesBody(partialStatus)) return { data, status: partialStatus, warnings }
  const invalid =
    'invalid HTTP response code override from partial_failure_response_code, reverting to 400'
  return { data, status: 400, warnings: [...warnings, invalid] }
}

/** An informational answer, or one without a body, would not reach the caller as what it is. */
const carriesBody = (status: number): boolean =>
  status >= 200 && status <= 599 && status !== 204 && status !== 205 && status !== 304
