// The path parameter of KV v2 and the answers that depend on the path alone.
import { string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'

export const pathParam = { path: string('Where the secret stands.', { required: true }) }

/** For data, metadata and their like without a path. */
export const ROOT_ANSWER: Answer = {
  data: null,
  status: 404,
  warnings: ['Non-listing operations on the root of a K/V v2 mount are not supported.'],
}

/** What patching something that isn't there answers: 404 without a body. */
export const NO_BODY = { raw: { status: 404, headers: [], body: null } } as const satisfies Answer
