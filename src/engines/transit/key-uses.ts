// How often a version has encrypted, counted over all processes without a write per message: random 96-bit
// nonces may serve 2^32 messages under one key (NIST SP 800-38D, 8.3: a repeat is then less likely than
// 2^-32). One message in 65,536 is counted, for 65,536: the one whose nonce, which is random and public
// anyway, ends in two zero bytes. So nothing is kept in memory or lost in a crash, processes need not know
// of each other, and at 2^32 the count is right to about half a percent.
// From half of the limit on answers carry a warning; shortly before it the key is rotated.
import type { RequestContext } from '../../sdk/context.ts'
import { mayRotate } from './key-record.ts'
import type { LoadedKey, LoadedVersion } from './loaded-key.ts'
import { rotateKey } from './rotate-key.ts'
import { usesPath } from './version-entry.ts'

const SAMPLE = 2 ** 16
export const MOST_USES = 2 ** 32
const WARN_FROM = MOST_USES / 2
/** Some room for what other processes do meanwhile and for the count's uncertainty. */
const ROTATE_FROM = MOST_USES * 0.9

/** Whether the message with this nonce is one that is counted. */
export const isCounted = (nonce: Uint8Array): boolean =>
  nonce[nonce.length - 1] === 0 && nonce[nonce.length - 2] === 0

/** Counts for a message whose nonce is a sample. Rotates the key where its latest version is worn out. */
export async function countUses(
  ctx: RequestContext,
  key: LoadedKey,
  version: LoadedVersion,
): Promise<void> {
  const { record } = key
  const at = usesPath(record.id, version.number)
  version.uses = await ctx.storage.transaction(async (tx) => {
    const uses = ((await tx.get(at))?.json<number>() ?? 0) + SAMPLE
    tx.put(at, { json: uses })
    return uses
  })
  if (version.uses < ROTATE_FROM || version.number !== record.latestVersion) return
  if (!mayRotate(record) || record.softDeleted) return
  ctx.log.warn('a key has encrypted as often as its nonces allow and is rotated', {
    key: record.name,
    version: version.number,
  })
  await rotateKey(ctx, record.name, { onlyFrom: version.number })
}

/** A warning for the caller, null while there is no need. */
export function usesWarning(key: LoadedKey, version: LoadedVersion): string | null {
  if (version.uses < WARN_FROM) return null
  return (
    `version ${version.number} of key ${key.record.name} has encrypted about ${version.uses} times; ` +
    `rotate it before ${MOST_USES}, or nonces may repeat`
  )
}
