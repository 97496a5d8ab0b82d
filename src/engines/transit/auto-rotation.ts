// Automatic rotation of keys (auto_rotate_period): each key that has a period is a record of core's
// rotations, kept in step by the commits that change the key. Transit has nothing outside, so a rotation is
// one commit. A key that is soft-deleted waits; an imported one that may not be rotated here has no record.
import type { MountContext, RequestContext } from '../../sdk/context.ts'
import { type RotationSchedule, rotationKind } from '../../sdk/rotation.ts'
import type { Tx } from '../../sdk/storage.ts'
import { type KeyRecord, mayRotate } from './key-record.ts'
import { makeVersion } from './make-key.ts'
import { addVersion, checkRotatable, readRecord, rotateKey } from './rotate-key.ts'
import { decodeVersion, encodeVersion, versionPath, wipeVersion } from './version-entry.ts'

interface KeyItem {
  readonly name: string
}

interface StagedVersion {
  /** Of the key that it was made for: one made anew under that name is another. */
  readonly keyId: string
  /** The version as it is stored, base64. */
  readonly entry: string
}

export const keyRotation = rotationKind<KeyItem, StagedVersion>('keys', {
  async stage(mount, { name }) {
    const record = await readRecord(mount.storage, name)
    if (!record) throw new Error('the key is gone')
    checkRotatable(record)
    const version = await makeVersion(record, mount.random, mount.clock.now())
    const entry = encodeVersion(version)
    wipeVersion(version)
    const staged = { keyId: record.id, entry: entry.toString('base64') }
    entry.fill(0)
    return staged
  },
  async promote(tx, { name }, staged) {
    const record = await readRecord(tx, name)
    if (record?.id !== staged.keyId) return undefined
    const version = decodeVersion(Buffer.from(staged.entry, 'base64'))
    addVersion(tx, { ...record, imported: false }, version)
    wipeVersion(version)
    return undefined
  },
})

const hasPlan = (record: KeyRecord | null): record is KeyRecord =>
  record !== null && record.autoRotateSeconds > 0 && mayRotate(record)

const scheduleOf = (record: KeyRecord): RotationSchedule => ({
  periodSeconds: record.autoRotateSeconds,
  cron: '',
  windowSeconds: 0,
  timeZone: '',
  offsetSeconds: null,
  isDisabled: record.softDeleted,
})

/** Keeps the plan in step with the record; null before: the key is new, null after: it goes. */
export async function planRotation(
  mount: MountContext,
  tx: Tx,
  before: KeyRecord | null,
  after: KeyRecord | null,
): Promise<void> {
  if (!hasPlan(after)) {
    if (hasPlan(before)) await mount.rotation.remove(tx, keyRotation, before.name)
    return
  }
  const isSame =
    hasPlan(before) && JSON.stringify(scheduleOf(before)) === JSON.stringify(scheduleOf(after))
  if (isSame && before.id === after.id) return
  const { name } = after
  await mount.rotation.put(tx, keyRotation, {
    ...{ id: name, item: { name }, schedule: scheduleOf(after) },
    lastRotatedAtMs: await madeAtMs(mount, tx, after),
  })
}

/** When the latest version was made: the period counts from there. */
async function madeAtMs(mount: MountContext, tx: Tx, record: KeyRecord): Promise<number> {
  const entry = await tx.get(versionPath(record.id, record.latestVersion))
  if (!entry) return mount.clock.now()
  const version = decodeVersion(entry.bytes())
  wipeVersion(version)
  return Date.parse(version.createdAt)
}

/** A rotation that somebody asked for; null where there is no such key. */
export async function rotateByHand(ctx: RequestContext, name: string): Promise<KeyRecord | null> {
  const record = await readRecord(ctx.storage, name)
  if (!record) return null
  checkRotatable(record)
  if (!hasPlan(record)) return rotateKey(ctx, name)
  await ctx.rotation.rotateNow(keyRotation, name, { by: ctx.auth?.displayName ?? '' })
  return readRecord(ctx.storage, name)
}
