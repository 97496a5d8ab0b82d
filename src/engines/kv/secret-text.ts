// The text under which a secret is stored.
import { tooLarge } from '../../base/errors.ts'
import { type Json, stringifyJson } from '../../base/json.ts'
import { MAX_SECRET_BYTES } from '../../base/limits.ts'

/** The secret as JSON text, every number as it was sent. Throws 413 where it is too large to store. */
export function secretText(data: Json): string {
  const text = stringifyJson(data)
  if (isLargerThan(text, MAX_SECRET_BYTES))
    throw tooLarge(
      `put failed due to value being too large; got ${Buffer.byteLength(text)} bytes, max: ${MAX_SECRET_BYTES} bytes`,
    )
  return text
}

/** Whether the text is longer than that in UTF-8. */
export const isLargerThan = (text: string, bytes: number): boolean =>
  // A UTF-16 unit takes at most three bytes, so most texts need no count.
  text.length * 3 > bytes && (text.length > bytes || Buffer.byteLength(text) > bytes)
