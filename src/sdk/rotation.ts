// Rotations as engines declare them: one record and one scheduler in core, for whatever secret is replaced by
// a newer one in its time. An engine says in a kind how a new secret is made, put to work outside, proven,
// made current and how the old one ends; core owns when, who, once, again, and what became of it.
//
// Steps are written ahead: the staged secret is stored (encrypted) before `set`; a crash anywhere is taken up
// by whoever is alive. So `set`, `test` and `retire` may run again and must be no error then.
import type { MountContext } from './context.ts'
import type { Tx } from './storage.ts'

/** What a step is told besides the engine's own item. */
export interface RotationCall {
  readonly id: string
  /** The user that gets the new secret ('' where the kind has none); for `retire` the one that ends. */
  readonly username: string
  /** 1 for the first try since the last success. */
  readonly attempt: number
  /** Aborts on seal and shutdown. */
  readonly signal: AbortSignal
}

/**
 * 'works': the new secret is in force outside. 'refused': it surely is not. 'unknown': it can't be told (a
 * user that may not log in); after a `set` that went well this counts as good.
 */
export type RotationProof = 'works' | 'refused' | 'unknown'

/** I: what the engine keeps with the record. S: the staged secret. O: what `retire` needs. All JSON. */
export interface RotationKind<I, S, O> {
  /** The first part of its API path, so that a record is named as the thing itself: 'static-roles'. */
  readonly name: string
  /**
   * Decides on the new secret; changes nothing anywhere. A throw is a failed attempt. What is thrown here and
   * below is shown to operators in its own words only if it is an ApiError or a RotationRefused: these hold
   * no secret. Every step ends in bounded time.
   */
  stage(mount: MountContext, item: I, call: RotationCall): Promise<S>
  /**
   * Puts it in force outside. Absent: the kind has no outside part (transit's keys) and goes from `stage`
   * to `promote` in one commit. May answer what it staged anew (an access key that the cloud made up): that
   * is stored before `test`. Throw RotationRefused where surely nothing was changed.
   */
  set?(mount: MountContext, item: I, staged: S, call: RotationCall): Promise<S | undefined>
  /** Whether the staged secret is in force. Asked after `set`, and before it where a try may have come through. */
  test?(mount: MountContext, item: I, staged: S, call: RotationCall): Promise<RotationProof>
  /**
   * Makes it current within the commit that ends the rotation; touches nothing but `tx`, may run several
   * times. What it answers is handed to `retire` once the grace time is over; undefined: nothing to retire.
   */
  promote(
    tx: Tx,
    item: I,
    staged: S,
    call: RotationCall & { readonly nowMs: number },
  ): Promise<O | undefined>
  /** Ends the old secret outside (locks the previous user, deletes the former access key). */
  retire?(mount: MountContext, item: I, old: O, call: RotationCall): Promise<void>
}

/** A kind whose payloads core does not look into. */
export interface AnyRotationKind {
  readonly name: string
  stage(mount: MountContext, item: never, call: RotationCall): Promise<unknown>
  set?(mount: MountContext, item: never, staged: never, call: RotationCall): Promise<unknown>
  test?(mount: MountContext, item: never, staged: never, call: RotationCall): Promise<RotationProof>
  promote(
    tx: Tx,
    item: never,
    staged: never,
    call: RotationCall & { readonly nowMs: number },
  ): Promise<unknown>
  retire?(mount: MountContext, item: never, old: never, call: RotationCall): Promise<void>
}

export function rotationKind<I, S, O = never>(
  name: string,
  of: Omit<RotationKind<I, S, O>, 'name'>,
): RotationKind<I, S, O> {
  return { name, ...of }
}

/**
 * The outside said no (or could not be reached at all) and surely changed nothing: the staged secret may be
 * forgotten and another be made at the next try. Its words are shown to operators: no secret in them.
 */
export class RotationRefused extends Error {
  override readonly name = 'RotationRefused'
}

/** When a secret is rotated. Neither period nor cron: only by hand. */
export interface RotationSchedule {
  /** Seconds from one rotation to the next; 0: none. Excludes `cron`. */
  readonly periodSeconds: number
  /** Five fields, as Vault reads them; '' for none. */
  readonly cron: string
  /** How long after its time a rotation may still begin, seconds; 0: any time. Only with `cron`. */
  readonly windowSeconds: number
  /** IANA name that the cron fields are read in; '' is UTC. */
  readonly timeZone: string
  /**
   * Shift in seconds, so that paired records never rotate together: with `cron` it is added to each time;
   * a period then runs on a grid (times that leave this remainder). null: a period counts from the last one.
   */
  readonly offsetSeconds: number | null
  /** No rotation on its own (disable_automated_rotation); by hand still. */
  readonly isDisabled: boolean
}

/** What `put` is given. Putting an existing id changes its settings and keeps its state and history. */
export interface RotationSpec<I> {
  /** Unique for mount and kind; may hold slashes. */
  readonly id: string
  readonly item: I
  readonly schedule: RotationSchedule
  /**
   * One or two names: with two the rotation alternates between them. Absent or empty: the kind has no users.
   * The first is active at the beginning.
   */
  readonly usernames?: readonly string[]
  /** How long the previous secret or user stays valid after a rotation, seconds; shorter than the period. */
  readonly graceSeconds?: number
  /** What stalls and waits together (a connection's name): one dead database then holds up only its own. */
  readonly lane?: string
  /** Who answers for it, for reports; '' or absent: nobody named. */
  readonly owner?: string
  /**
   * Only counts for one that is there: what is outside is reached elsewhere or otherwise from now on, so what
   * is staged is proven anew there, and set again if need be, before it becomes current.
   */
  readonly isMoved?: boolean
  /** Only counts for a new record: 'now' plans the first rotation at once, else at the schedule's next time. */
  readonly first?: 'now' | 'scheduled'
  /** Only counts for a new record: when the secret that is current was set; absent: now. */
  readonly lastRotatedAtMs?: number
}

export type RotationState =
  /** Waits for its time (or for nobody, without a schedule). */
  | 'idle'
  | 'running'
  /** A try failed and another is planned. */
  | 'retrying'
  /** Several tries failed; it is still tried, slowly. */
  | 'failed'
  | 'paused'
  | 'frozen'

/** 'stage': wanted, and nothing is staged yet. */
export type RotationStep = 'idle' | 'stage' | 'set' | 'test' | 'retire'

/** What may be shown of a record: never a secret. Times in ms since 1970, 0 where there is none. */
export interface RotationStatus {
  readonly kind: string
  readonly id: string
  readonly state: RotationState
  readonly strategy: 'single' | 'two-user'
  /** What is under way: 'retire' while the previous secret waits for its end. */
  readonly step: RotationStep
  readonly attempt: number
  /** Why the last try failed; '' after a success. */
  readonly lastError: string
  readonly activeUsername: string
  readonly previousUsername: string
  readonly graceUntilMs: number
  readonly schedule: RotationSchedule
  readonly graceSeconds: number
  readonly owner: string
  readonly createdAtMs: number
  readonly lastRotatedAtMs: number
  /** When it is (or was) to rotate by its schedule: in the past while overdue. */
  readonly rotateAfterMs: number
  /** The next try, where one failed. */
  readonly retryAtMs: number
  readonly isOverdue: boolean
  readonly hold: RotationHold | null
}

/** Paused: nothing on its own, by hand still. Frozen: nothing at all, not even a retry. */
export interface RotationHold {
  readonly mode: 'paused' | 'frozen'
  readonly by: string
  readonly reason: string
  readonly sinceMs: number
  /** Ends by itself then; 0: somebody has to resume it. */
  readonly untilMs: number
}

/** A staged secret that is forgotten although it may be in force outside: nobody knows it from then on. */
export interface GivenUp {
  readonly username: string
}

/** What a rotation that was removed may have left outside; both empty where it was at rest. */
export interface RotationRemains<S, O> {
  /** What was under way and is now known to the engine alone; null: nothing was. */
  readonly givenUp: GivenUp | null
  /** Staged secrets that may be in force. One whose `set` still runs is among them as it was before. */
  readonly staged: readonly S[]
  /** Former secrets that had yet to be ended. */
  readonly old: readonly O[]
}

/** The rotations of one mount, as handlers and jobs reach them: `ctx.rotation`. */
export interface Rotations {
  /**
   * Adds the record or changes its settings, in the engine's own commit. A rotation under way of a user that
   * is none of the record's any more is given up: logged, and to be told to the caller. Throws 400 on a bad
   * schedule.
   */
  put<I, S, O>(tx: Tx, kind: RotationKind<I, S, O>, spec: RotationSpec<I>): Promise<GivenUp | null>
  /**
   * Takes the record away with its history; one that runs right now changes nothing here any more. Answers
   * what of it may be left outside; what was under way is given up: logged, and to be told to the caller.
   */
  remove<I, S, O>(tx: Tx, kind: RotationKind<I, S, O>, id: string): Promise<RotationRemains<S, O>>
  /** null where there is none. Without `tx` outside of a transaction. */
  status(kind: Pick<AnyRotationKind, 'name'>, id: string, tx?: Tx): Promise<RotationStatus | null>
  /**
   * Rotates at once and waits for the outcome, also where another process is at it. `by` names who asked,
   * for the history. Throws the error of the step that failed (it is tried again by itself), 400 where it is
   * frozen or its grace time still runs (unless `endsGrace`).
   */
  rotateNow<I, S, O>(
    kind: RotationKind<I, S, O>,
    id: string,
    of: { readonly by: string; readonly endsGrace?: boolean },
  ): Promise<RotationStatus>
}
