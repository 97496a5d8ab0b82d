// Keys derived from a key and a context (base64 in the API): HKDF-SHA256 (RFC 5869) without salt and the
// context as info, or, for keys that came from very old backups and for imported ones, the counter mode of
// NIST SP 800-108 with HMAC-SHA256. Byte for byte what OpenBao derives.
import { createHmac, hkdfSync, type KeyObject } from 'node:crypto'
import { badRequest } from '../../base/errors.ts'
import type { Kdf } from './key-record.ts'

const NO_SALT = Buffer.alloc(0)
const COUNTER_BITS = 256

export const NO_CONTEXT =
  "missing 'context' for key derivation; the key was created using a derived key, which means " +
  'additional, per-request information must be included in order to perform operations with the key'

/** `bytes` of a derived key; the caller wipes them. Counter mode always gives 32. */
export function deriveBytes(kdf: Kdf, key: KeyObject, context: Uint8Array, bytes: number): Buffer {
  if (context.length === 0) throw badRequest(NO_CONTEXT)
  if (kdf === 'hmac-sha256-counter') return counterMode(key, context)
  // node:crypto takes at most 1024 bytes of info; HKDF itself has no such limit.
  if (context.length > 1024) return hkdfByHand(key, context, bytes)
  return Buffer.from(hkdfSync('sha256', key, NO_SALT, context, bytes))
}

/** One block is all that 256 bits take; the counter begins at 0. */
function counterMode(key: KeyObject, context: Uint8Array): Buffer {
  const frame = Buffer.alloc(4)
  frame.writeUInt32BE(COUNTER_BITS)
  return createHmac('sha256', key).update(Buffer.alloc(4)).update(context).update(frame).digest()
}

function hkdfByHand(key: KeyObject, info: Uint8Array, bytes: number): Buffer {
  const secret = key.export()
  const extracted = createHmac('sha256', Buffer.alloc(32)).update(secret).digest()
  secret.fill(0)
  const blocks: Buffer[] = []
  let last: Buffer = Buffer.alloc(0)
  for (let count = 1; blocks.length * 32 < bytes; count++) {
    last = createHmac('sha256', extracted)
      .update(last)
      .update(info)
      .update(Buffer.of(count))
      .digest()
    blocks.push(last)
  }
  extracted.fill(0)
  return Buffer.concat(blocks).subarray(0, bytes)
}
