import { describe, expect, it } from 'vitest'
import { ApiError, unavailable } from '../base/errors.ts'
import { isUnreachable, Unreachable } from './unreachable.ts'

describe('Unreachable', () => {
  it('is told from a refusal, also as the cause of another error', () => {
    const silent = new Unreachable('no connection', { cause: new Error('ECONNREFUSED') })
    expect([silent.status, silent.messages]).toEqual([500, ['no connection']])
    expect(new Unreachable('x', { status: 503 }).status).toBe(503)
    const around = new ApiError(500, ['error creating user'], { cause: silent })
    expect([silent, around].map(isUnreachable)).toEqual([true, true])
    for (const other of [unavailable('busy'), new Error('x'), undefined, null, 'silent']) {
      expect(isUnreachable(other)).toBe(false)
    }
    // A cause that leads back to itself ends the search.
    const ring = new Error('ring')
    ring.cause = ring
    expect(isUnreachable(ring)).toBe(false)
  })
})
