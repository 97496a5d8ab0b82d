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

/** What patching something that isn't there answers: 404 in the shape of every other one. */
export const NOT_THERE = {
  raw: {
    status: 404,
    headers: ['Content-Type', 'application/json', 'Cache-Control', 'no-store'],
    body: '{"errors":[]}\n',
  },
} as const satisfies Answer
