// The public part of a derived Ed25519 key, as answers show it.
import { createPublicKey, type KeyObject } from 'node:crypto'
import { ed25519Raw } from './ed25519-seed.ts'

/** Base64 of its 32 bytes. */
export const derivedPublicKey = (pair: KeyObject): string =>
  ed25519Raw(createPublicKey(pair).export({ type: 'spki', format: 'der' }).toString('base64'))
