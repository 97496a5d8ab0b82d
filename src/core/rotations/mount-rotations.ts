// The rotations of one mount, as its engine sees them: ctx.rotation. Settings are checked here, once for all
// engines; the engine's commit carries the record.
import type { Clock } from '../../base/clock.ts'
import { badRequest, notFound } from '../../base/errors.ts'
import type {
  AnyRotationKind,
  GivenUp,
  RotationKind,
  RotationRemains,
  RotationSpec,
  RotationStatus,
  Rotations,
} from '../../sdk/rotation.ts'
import { assertSchedule } from '../../sdk/rotation-schedule.ts'
import type { Tx } from '../../sdk/storage.ts'
import { wholeOf } from '../barrier/transaction.ts'
import { wellEnded } from './rotation-outcome.ts'
import { rotateAfter } from './rotation-plan.ts'
import {
  isOwnUser,
  type RotationRecord,
  type RotationRef,
  recordKey,
  statusOf,
} from './rotation-record.ts'
import type { RotationService } from './rotation-service.ts'

/** What an id may have, in bytes as it stands in a storage key. */
const MAX_ID_BYTES = 512

type Kind<I, S, O> = Pick<RotationKind<I, S, O>, 'name'>

export class MountRotations implements Rotations {
  readonly #service: Pick<RotationService, 'change' | 'remove' | 'find' | 'rotateNow'>
  readonly #clock: Clock
  readonly #namespaceId: string
  readonly #mountId: string

  constructor(
    service: Pick<RotationService, 'change' | 'remove' | 'find' | 'rotateNow'>,
    of: { readonly clock: Clock; readonly namespaceId: string; readonly mountId: string },
  ) {
    this.#service = service
    this.#clock = of.clock
    this.#namespaceId = of.namespaceId
    this.#mountId = of.mountId
  }

  async put<I, S, O>(tx: Tx, kind: Kind<I, S, O>, spec: RotationSpec<I>): Promise<GivenUp | null> {
    const nowMs = this.#clock.now()
    await assertSpec(spec, nowMs)
    const ref = this.#ref(kind.name, spec.id)
    return this.#service.change(wholeOf(tx), ref, async (before) =>
      before ? changed(before, spec, nowMs) : created(ref, spec, nowMs),
    )
  }

  async remove<I, S, O>(tx: Tx, kind: Kind<I, S, O>, id: string): Promise<RotationRemains<S, O>> {
    const record = await this.#service.remove(wholeOf(tx), this.#ref(kind.name, id))
    const staged = [record?.staging, record?.repair?.staging].filter((it) => it != null)
    return {
      givenUp: record?.staging ? { username: record.staging.username } : null,
      staged: staged.map(({ secret }) => secret as S),
      old: (record?.retiring ?? []).map(({ old }) => old as O),
    }
  }

  async status(
    kind: Pick<AnyRotationKind, 'name'>,
    id: string,
    tx?: Tx,
  ): Promise<RotationStatus | null> {
    const ref = this.#ref(kind.name, id)
    const record = tx
      ? (await wholeOf(tx).get(recordKey(ref)))?.json<RotationRecord>()
      : await this.#service.find(ref)
    return record ? statusOf(record, this.#clock.now()) : null
  }

  async rotateNow<I, S, O>(
    kind: Kind<I, S, O>,
    id: string,
    of: { readonly by: string; readonly endsGrace?: boolean },
  ): Promise<RotationStatus> {
    const byHand = { by: of.by, endsGrace: of.endsGrace ?? false }
    const record = await this.#service.rotateNow(this.#ref(kind.name, id), byHand)
    if (!record) throw notFound(`nothing is rotated under "${kind.name}/${id}"`)
    return statusOf(record, this.#clock.now())
  }

  #ref(kind: string, id: string): RotationRef {
    return { namespaceId: this.#namespaceId, mountId: this.#mountId, kind, id }
  }
}

async function assertSpec(spec: RotationSpec<unknown>, nowMs: number): Promise<void> {
  const { id, schedule, usernames = [], graceSeconds = 0, lane = '' } = spec
  if (id === '' || encodeURIComponent(id).length + encodeURIComponent(lane).length > MAX_ID_BYTES) {
    throw badRequest('the name of what rotates is empty or too long')
  }
  await assertSchedule(schedule, nowMs)
  if (usernames.length > 2 || new Set(usernames).size !== usernames.length) {
    throw badRequest('a rotation has one user or two different ones')
  }
  if (schedule.periodSeconds > 0 && graceSeconds >= schedule.periodSeconds) {
    throw badRequest('rotation_grace must be shorter than rotation_period')
  }
}

async function created(
  ref: RotationRef,
  spec: RotationSpec<unknown>,
  nowMs: number,
): Promise<RotationRecord> {
  const lastRotatedAtMs = spec.lastRotatedAtMs ?? nowMs
  const isNow = spec.first === 'now'
  return {
    ...ref,
    ...settingsOf(spec),
    createdAtMs: nowMs,
    activeUsername: spec.usernames?.[0] ?? '',
    previousUsername: '',
    lastRotatedAtMs: isNow ? 0 : lastRotatedAtMs,
    count: 0,
    rotateAfterMs: isNow ? nowMs : await rotateAfter(spec.schedule, lastRotatedAtMs, nowMs),
    step: isNow ? 'stage' : 'idle',
    staging: null,
    cause: isNow ? 'created' : 'scheduled',
    by: '',
    retiring: [],
    graceUntilMs: 0,
    repair: null,
    claim: null,
    failures: 0,
    lastError: '',
    failingSinceMs: 0,
    retryAtMs: 0,
    hold: null,
    dueAtMs: 0,
  }
}

const settingsOf = (spec: RotationSpec<unknown>) => ({
  item: spec.item,
  schedule: spec.schedule,
  usernames: spec.usernames ?? [],
  graceSeconds: spec.graceSeconds ?? 0,
  lane: spec.lane ?? '',
  owner: spec.owner ?? '',
})

/**
 * New settings; what has happened so far and what is under way stay. A staged secret of a user that is no
 * longer one of the record's is given up.
 */
async function changed(
  before: RotationRecord,
  spec: RotationSpec<unknown>,
  nowMs: number,
): Promise<RotationRecord> {
  const settings = settingsOf(spec)
  const isRescheduled = JSON.stringify(before.schedule) !== JSON.stringify(spec.schedule)
  const names = settings.usernames
  return {
    ...interrupted({ ...before, ...settings }, spec.isMoved ?? false),
    activeUsername: names.includes(before.activeUsername)
      ? before.activeUsername
      : (names[0] ?? ''),
    rotateAfterMs: isRescheduled
      ? await rotateAfter(spec.schedule, before.lastRotatedAtMs, nowMs)
      : before.rotateAfterMs,
  }
}

/** Takes what is under way from the run that has it, where it can't end as it began. */
function interrupted(record: RotationRecord, isMoved: boolean): RotationRecord {
  const { staging } = record
  if (!staging) return record
  if (isOwnUser(record, staging.username)) {
    return isMoved ? { ...record, claim: null, step: 'set' } : record
  }
  return {
    ...record,
    ...wellEnded,
    claim: null,
    staging: null,
    repair: null,
    step: record.retiring.length > 0 ? 'retire' : 'idle',
  }
}
