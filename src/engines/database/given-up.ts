// What a caller is told where a rotation under way was given up: its new password may be in force, and nobody
// knows it from then on.
import type { Answer } from '../../sdk/answer.ts'
import type { GivenUp } from '../../sdk/rotation.ts'

export const givenUpWarnings = (of: GivenUp | null): readonly string[] =>
  of === null
    ? []
    : [
        `a rotation of the user ${JSON.stringify(of.username)} was under way and was given up: the database may ` +
          'have its new password already, which nobody knows now; set another one there before the user logs in',
      ]

/** An answer without data: with warnings it needs a body. */
export const emptyWith = (warnings: readonly string[]): Answer =>
  warnings.length === 0 ? { empty: true } : { data: null, status: 200, warnings }
