// What rekeying and the making of a root token have in common: an attempt under a nonce that collects key
// shares. It is an encrypted record in storage that ends by itself, so any worker can take the next share,
// and two shares that come at once are both counted: each is a transaction of its own.
import { badRequest } from '../../base/errors.ts'
import { CEREMONY_SECONDS } from '../../base/limits.ts'
import { equalSecrets } from '../../crypto/timing.ts'
import type { ReadStorage, Tx } from '../../sdk/storage.ts'

/** The shares given so far under a nonce. */
export interface Collected {
  readonly nonce: string
  /** base64 */
  readonly shares: readonly string[]
}

export interface Ceremony extends Collected {
  readonly expiresAtMs: number
}

/** The attempt in progress; null where there is none or its time is over. */
export async function readCeremony<C extends Ceremony>(
  storage: ReadStorage,
  key: string,
  nowMs: number,
): Promise<C | null> {
  const ceremony = (await storage.get(key))?.json<C>() ?? null
  return ceremony && ceremony.expiresAtMs > nowMs ? ceremony : null
}

/** Starts one or keeps one alive: each step gives the others their time anew. */
export function writeCeremony<C extends Ceremony>(
  tx: Tx,
  key: string,
  ceremony: Omit<C, 'expiresAtMs'>,
  nowMs: number,
): void {
  tx.put(key, { json: { ...ceremony, expiresAtMs: nowMs + CEREMONY_SECONDS * 1000 } })
}

export interface ShareGiven {
  /** Every share, when this was the last one needed; the caller wipes them. Else null. */
  readonly all: readonly Buffer[] | null
  /** What is to be stored: with the last share the collection begins anew. */
  readonly next: readonly string[]
}

/** Adds a share. Throws 400 for another nonce or a share that is there already. */
export function giveShare(
  to: Collected,
  of: { readonly nonce: string; readonly share: Buffer; readonly threshold: number },
  words: { readonly nonce: string; readonly during: string },
): ShareGiven {
  if (of.nonce !== to.nonce) {
    throw badRequest(
      `incorrect nonce supplied; nonce for ${words.nonce} is ${JSON.stringify(to.nonce)}`,
    )
  }
  const text = of.share.toString('base64')
  if (to.shares.some((known) => equalSecrets(known, text))) {
    throw badRequest(`given key has already been provided during this ${words.during}`)
  }
  const shares = [...to.shares, text]
  if (shares.length < of.threshold) return { all: null, next: shares }
  return { all: shares.map((share) => Buffer.from(share, 'base64')), next: [] }
}

/** Cancelling asks for the nonce: nobody is to end what others began without having looked at it. */
export function assertMayCancel(ceremony: Collected | null, nonce: string | null): void {
  if (!ceremony || nonce === null || nonce === ceremony.nonce) return
  throw badRequest(
    nonce === ''
      ? 'the nonce of the operation is needed to cancel it, or a token with sudo on this path'
      : 'incorrect nonce supplied',
  )
}
