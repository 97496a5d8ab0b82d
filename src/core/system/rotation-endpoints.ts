// sys/rotation: every secret that rotates, over all mounts of the namespace. Our own API (Vault has none). A
// record is named by its mount's path, its kind and its id, 'database/static-roles/app', so that policies can
// name the records of a mount or a single one.
import { badRequest, notFound } from '../../base/errors.ts'
import {
  boolean,
  duration,
  integer,
  json,
  list as names,
  object,
  string,
} from '../../schema/field.ts'
import type { Answer, Data } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import { automatedData } from '../../sdk/rotation-fields.ts'
import type { Mount } from '../mounts/mount-table.ts'
import type { CoreContext } from '../request-context.ts'
import { readHistory } from '../rotations/rotation-history.ts'
import { listRotations, type RotationIndex } from '../rotations/rotation-lists.ts'
import { type RotationRecord, type RotationRef, statusOf } from '../rotations/rotation-record.ts'

const { read, write, list } = endpoints<CoreContext>()

const params = { path: string('Path of the mount, kind and name: "database/static-roles/app".') }
const pageInput = {
  after: string('The cursor of the page before.'),
  limit: integer('At most this many; 500 at most.'),
}
const listOutput = {
  keys: names('Paths of the records.'),
  key_info: object('What "records/<path>" shows, by path.'),
  cursor: string('Given as "after" it continues the list; empty at its end.'),
}

async function mountsOf(ctx: CoreContext): Promise<readonly Mount[]> {
  return (await ctx.view.table(ctx.place.namespace)).mounts
}

/** The record that a path names; null where no mount serves it. */
async function refOf(ctx: CoreContext, path: string): Promise<RotationRef | null> {
  const table = await ctx.view.table(ctx.place.namespace)
  const mount = table.match(path)
  if (!mount) return null
  const name = path.slice(mount.record.path.length)
  const slash = name.indexOf('/')
  if (slash < 1 || slash === name.length - 1) return null
  return {
    namespaceId: ctx.place.namespace.id,
    mountId: mount.record.id,
    kind: name.slice(0, slash),
    id: name.slice(slash + 1),
  }
}

const iso = (ms: number): string | null => (ms > 0 ? new Date(ms).toISOString() : null)

function viewOf(record: RotationRecord, mount: Mount, nowMs: number): Data {
  const status = statusOf(record, nowMs)
  const { hold } = status
  return {
    mount_path: mount.record.path,
    mount_type: mount.record.type,
    mount_accessor: mount.record.accessor,
    kind: status.kind,
    name: status.id,
    owner: status.owner,
    state: status.state,
    strategy: status.strategy,
    step: status.step,
    attempt: status.attempt,
    last_error: status.lastError,
    active_username: status.activeUsername,
    previous_username: status.previousUsername,
    grace_until: iso(status.graceUntilMs),
    rotation_grace: status.graceSeconds,
    ...automatedData(status.schedule),
    created_time: iso(status.createdAtMs),
    last_rotated: iso(status.lastRotatedAtMs),
    rotate_after: iso(status.rotateAfterMs),
    retry_after: iso(status.retryAtMs),
    overdue: status.isOverdue,
    hold: hold && {
      mode: hold.mode,
      by: hold.by,
      reason: hold.reason,
      since: iso(hold.sinceMs),
      until: iso(hold.untilMs),
    },
  }
}

/** Pages of nothing but records of disabled mounts that a list passes over before it gives up. */
const MOST_PAGES = 200

async function page(
  ctx: CoreContext,
  index: RotationIndex,
  of: { after: string | undefined; limit: number | undefined; mountId?: string },
): Promise<Answer> {
  const nowMs = ctx.clock.now()
  const namespaceId = ctx.place.namespace.id
  const mounts = new Map((await mountsOf(ctx)).map((mount) => [mount.record.id, mount]))
  let { after } = of
  // An empty list is a 404, which would end the paging: a page shows something unless it is the last.
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const wanted = { ...of, after, index, namespaceId, nowMs }
    const { records, cursor } = await listRotations(ctx.core.storage, wanted)
    const shown = records.flatMap((record): [string, Data][] => {
      const mount = mounts.get(record.mountId)
      if (!mount) return []
      return [[`${mount.record.path}${record.kind}/${record.id}`, viewOf(record, mount, nowMs)]]
    })
    if (shown.length > 0) {
      const keys = shown.map(([path]) => path)
      return { data: { keys, key_info: Object.fromEntries(shown), cursor } }
    }
    if (cursor === '') break
    after = cursor
  }
  return { empty: true }
}

async function show(ctx: CoreContext, record: RotationRecord | null): Promise<Answer> {
  const mount = record && (await mountsOf(ctx)).find((one) => one.record.id === record.mountId)
  return mount ? { data: viewOf(record, mount, ctx.clock.now()) } : { empty: true }
}

const actor = (ctx: CoreContext): string => ctx.auth?.displayName ?? ''

/** Reasons are shown in tables. */
const MAX_REASON_CHARS = 200

async function hold(
  ctx: CoreContext,
  path: string,
  of: { mode: 'paused' | 'frozen'; reason: string; seconds: number } | null,
): Promise<Answer> {
  if (of && of.reason.length > MAX_REASON_CHARS) throw badRequest('reason is too long')
  const ref = await refOf(ctx, path)
  const sinceMs = ctx.clock.now()
  const wanted = of && {
    mode: of.mode,
    by: actor(ctx),
    reason: of.reason,
    sinceMs,
    untilMs: of.seconds > 0 ? sinceMs + of.seconds * 1000 : 0,
  }
  const record = ref && (await ctx.core.rotations.hold(ref, wanted))
  if (!record) throw notFound(`nothing is rotated under "${path}"`)
  return show(ctx, record)
}

const holdInput = {
  reason: string('Why, for whoever reads it later.', { default: '' }),
  ttl: duration('Ends by itself after this; 0: when it is resumed.', { default: 0 }),
}

const lists = (
  [
    ['records', 'records', 'List what rotates, mount by mount.'],
    ['due', 'due', 'List what rotates, in order of the time at which it is to.'],
    ['overdue', 'overdue', 'List what should have rotated by now.'],
    ['failing', 'failing', 'List what could not be rotated at the last try.'],
  ] as const
).map(([pattern, index, about]) =>
  list(`rotation/${pattern}`, {
    about,
    input: pageInput,
    output: listOutput,
    effects: false,
    handle: (ctx, of) => page(ctx, index, of),
  }),
)

export const rotationEndpoints: readonly Row<CoreContext>[] = [
  ...lists,
  list('rotation/records/*path', {
    about: 'List what rotates in a mount.',
    params: { path: string('Path of the mount.') },
    input: pageInput,
    output: listOutput,
    effects: false,
    handle: async (ctx, { path, ...of }) => {
      const table = await ctx.view.table(ctx.place.namespace)
      const mount = table.at(path.endsWith('/') ? path : `${path}/`)
      return mount ? page(ctx, 'records', { ...of, mountId: mount.record.id }) : { empty: true }
    },
  }),
  read('rotation/records/*path', {
    about: 'Show when something rotated and when it will, and what went wrong.',
    params,
    effects: false,
    handle: async (ctx, { path }) => {
      const ref = await refOf(ctx, path)
      return show(ctx, ref && (await ctx.core.rotations.find(ref)))
    },
  }),
  read('rotation/history/*path', {
    about: 'Show its last rotations, newest last.',
    params,
    output: { events: json('Time, cause, who asked, outcome, error, tries and duration of each.') },
    effects: false,
    handle: async (ctx, { path }) => {
      const ref = await refOf(ctx, path)
      if (!ref || !(await ctx.core.rotations.find(ref))) return { empty: true }
      return { data: { events: await readHistory(ctx.core.storage, ref) } }
    },
  }),
  write('rotation/rotate/*path', {
    about: 'Rotate now, and wait for the outcome.',
    params,
    input: {
      force: boolean('Also where the previous secret is still in its grace time: that ends then.', {
        default: false,
      }),
    },
    handle: async (ctx, { path, force }) => {
      const ref = await refOf(ctx, path)
      const byHand = { by: actor(ctx), endsGrace: force }
      const record = ref && (await ctx.core.rotations.rotateNow(ref, byHand))
      if (!record) throw notFound(`nothing is rotated under "${path}"`)
      return show(ctx, record)
    },
  }),
  write('rotation/pause/*path', {
    about: 'Rotate it only by hand from now on.',
    params,
    input: holdInput,
    handle: (ctx, { path, reason, ttl }) =>
      hold(ctx, path, { mode: 'paused', reason, seconds: ttl }),
  }),
  write('rotation/freeze/*path', {
    about: 'Change nothing of it, neither by schedule nor by hand.',
    params,
    input: holdInput,
    handle: (ctx, { path, reason, ttl }) =>
      hold(ctx, path, { mode: 'frozen', reason, seconds: ttl }),
  }),
  write('rotation/resume/*path', {
    about: 'End a pause or a freeze.',
    params,
    handle: (ctx, { path }) => hold(ctx, path, null),
  }),
]
