// What is answered when no audit device took a line: a 500 that says which device failed how, without naming
// its target, what became of the request, and how to recover.
import { ApiError } from '../../base/errors.ts'
import { DeviceTrouble } from './device-queue.ts'

/** What could not be recorded: a request before its work, its answer, or the error that it ended in. */
export type Unrecorded = 'request' | 'answer' | 'error'

const WORDS: Readonly<Record<Unrecorded, string>> = {
  request: 'no audit device could record the request, so it was refused',
  answer:
    'no audit device could record the answer: the request was carried out, but its answer is withheld',
  error:
    'no audit device could record the error that the request ended in, so what went wrong is withheld',
}

const ADVICE =
  'make room for the device or repair what it writes to; it is tried again by itself, and SIGHUP opens it anew'

export class AuditRefusal extends ApiError {
  /** The troubles alone, for the log. */
  readonly reason: string

  constructor(unrecorded: Unrecorded, reason: string) {
    super(500, [`${WORDS[unrecorded]}: ${reason} (${ADVICE})`])
    this.reason = reason
  }
}

/** The troubles of the devices in words; `paths` has their paths in the same order. */
export function reasonOf(paths: readonly string[], troubles: readonly unknown[]): string {
  const words = troubles.map((trouble, at) => {
    const why = trouble instanceof DeviceTrouble ? trouble.message : 'it failed'
    return `${paths[at]}: ${why}`
  })
  return words.join('; ')
}
