// What rotations tell the operator: one line per outcome, in words that hold no secret. A plugin's error is
// shown in its own words only where the plugin meant them for that; of any other error only where it arose
// is logged, since a driver's message may quote a statement with a password in it.
import { ApiError } from '../../base/errors.ts'
import { MAX_ROTATION_ERROR_CHARS } from '../../base/limits.ts'
import type { Log } from '../../sdk/log.ts'
import { RotationRefused } from '../../sdk/rotation.ts'
import type { RotationRecord } from './rotation-record.ts'

type Fields = Readonly<Record<string, unknown>>

export class RotationLog {
  readonly #log: Log

  constructor(log: Log) {
    this.#log = log
  }

  info(message: string, fields: Fields): void {
    this.#log.info(message, fields)
  }

  warn(message: string, fields: Fields): void {
    this.#log.warn(message, fields)
  }

  repair(fields: Fields): void {
    this.#log.warn(
      'a rotation was taken over while it ran: what it did late is being settled',
      fields,
    )
  }

  /** Before the commit that forgets a staged secret: what may be in force is never dropped in silence. */
  givenUp({ mountId, kind, id, step, staging }: RotationRecord, why: string): void {
    this.#log.warn(
      'a rotation under way is given up: the new secret may be in force outside, and nobody knows it',
      { mount: mountId, kind, id, username: staging?.username ?? '', step, why },
    )
  }

  failed(fields: Fields, error: unknown): void {
    const isMeant = error instanceof ApiError || error instanceof RotationRefused
    this.#log.warn('rotation failed', isMeant ? fields : { ...fields, where: placesOf(error) })
  }

  /** An error as the record shows it. */
  wordsOf(error: unknown): string {
    const words =
      error instanceof ApiError
        ? error.messages.join('; ')
        : error instanceof RotationRefused
          ? error.message
          : 'internal error'
    return words.length <= MAX_ROTATION_ERROR_CHARS
      ? words
      : `${words.slice(0, MAX_ROTATION_ERROR_CHARS - 1)}…`
  }
}

function placesOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return [error.name, ...frames.slice(0, 4).map((line) => line.trim())].join(' ')
}
