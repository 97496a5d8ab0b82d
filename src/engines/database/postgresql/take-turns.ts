// Transactions that change the grants of the same tables at once fail in PostgreSQL ("tuple concurrently
// updated"). What failed so is tried again, and from then on its like takes turns by an advisory lock of the
// server, which all our processes share; what never collides (most roles without grants) never waits.
// A turn must not last as long as the disk: such a transaction commits without waiting for it, and a record
// behind it does wait, with those of others. What is answered is on disk (PostgreSQL's manual:
// "Asynchronous Commit").
import type { Clock } from '../../../base/clock.ts'
import { MAX_TRANSACTION_TRIES } from '../../../base/limits.ts'
import type { Random } from '../../../base/random.ts'
import { PgFailure, type PgSession } from './pg-session.ts'

/** Serialization failure, deadlock, and the internal error that colliding changes of the catalogue give. */
const COLLISIONS = new Set(['40001', '40P01', 'XX000'])
/** The number is ours alone: the first bytes of the SHA-256 of "strongroom". */
const LOCK = 'SELECT pg_advisory_xact_lock(7310593858020254331)'
const WITHOUT_WAITING = 'SET LOCAL synchronous_commit = off'
/** Writes to the log on its own, so that it and all before it are on disk once it is answered. */
const ON_DISK = "SELECT pg_logical_emit_message(true, 'strongroom', '')"

/** What stands around the statements of a transaction: at its begin, and behind its end. */
export interface Around {
  readonly first: readonly string[]
  readonly behind: readonly string[]
}

const ALONE: Around = { first: [], behind: [] }
const IN_TURN: Around = { first: [LOCK], behind: [] }
const IN_SHORT_TURN: Around = { first: [WITHOUT_WAITING, LOCK], behind: [ON_DISK] }
const PAUSE_MS = 15
/** Kinds of transactions that are remembered; one more, and all are forgotten and found out again. */
const MOST_KINDS = 1000

export class Turns {
  readonly #clock: Clock
  readonly #random: Random
  readonly #colliding = new Set<string>()
  /** null until it was found out whether our user may write to the log. */
  #hasShortTurns: boolean | null = null

  constructor(of: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = of.clock
    this.#random = of.random
  }

  /**
   * Runs the attempt until it collides with nothing. `kind` is what transactions of this sort have in common
   * (the statements before they are filled in). What it is given comes first in the transaction.
   */
  async run(
    kind: string,
    signal: AbortSignal,
    session: PgSession,
    attempt: (around: Around) => Promise<unknown>,
  ): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await attempt(this.#colliding.has(kind) ? this.#inTurn() : ALONE)
        return
      } catch (error) {
        const isCollision = error instanceof PgFailure && COLLISIONS.has(error.code)
        if (!isCollision || tries >= MAX_TRANSACTION_TRIES || signal.aborted) throw error
        if (this.#colliding.size >= MOST_KINDS) this.#colliding.clear()
        this.#colliding.add(kind)
        this.#hasShortTurns ??= await mayWriteToLog(session, signal)
        await this.#clock.sleep(PAUSE_MS * tries * this.#random.fraction(), signal)
      }
    }
  }

  #inTurn(): Around {
    return this.#hasShortTurns ? IN_SHORT_TURN : IN_TURN
  }
}

async function mayWriteToLog(session: PgSession, signal: AbortSignal): Promise<boolean> {
  try {
    await session.batch([ON_DISK], signal)
    return true
  } catch (error) {
    if (error instanceof PgFailure) return false
    throw error
  }
}
