// Answers that are bytes and not JSON: certificates and lists as they are. Nothing to answer is 204, as in
// Vault, whose raw paths have no errors.
import type { Answer } from '../../sdk/answer.ts'

export function rawAnswer(contentType: string, body: Uint8Array | string | null): Answer {
  const isEmpty = body === null || body.length === 0
  return {
    raw: {
      status: isEmpty ? 204 : 200,
      headers: ['Content-Type', contentType],
      body: isEmpty ? null : body,
    },
  }
}
