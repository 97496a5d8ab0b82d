// Comparison of secrets in a time that says nothing about where they differ.
import { timingSafeEqual } from 'node:crypto'

/** Whether both are the same; text counts as its UTF-8. Only a difference in length shows in the time. */
export function equalSecrets(a: string | Uint8Array, b: string | Uint8Array): boolean {
  const left = typeof a === 'string' ? Buffer.from(a) : a
  const right = typeof b === 'string' ? Buffer.from(b) : b
  return left.length === right.length && timingSafeEqual(left, right)
}
