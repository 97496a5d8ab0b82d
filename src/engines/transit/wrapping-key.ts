// The RSA-4096 pair of a mount that keys are wrapped with for import. Made when it is first asked for; of
// several processes that make one at once the first to commit wins, and all use that one.
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { badRequest } from '../../base/errors.ts'
import { oaepHash, UnwrapFault, unwrapKey } from '../../crypto/key-wrap.ts'
import type { MountContext } from '../../sdk/context.ts'
import { decodeBase64 } from './input-base64.ts'
import { newKeyRecord } from './key-record.ts'
import { keyTypeOf } from './key-types.ts'
import { makeVersion } from './make-key.ts'
import { decodeVersion, encodeVersion, type KeyVersion, wipeVersion } from './version-entry.ts'

const WRAPPING_KEY = 'wrapping-key'

/** The caller wipes it. */
export async function wrappingKey(mount: MountContext): Promise<KeyVersion> {
  const found = await mount.storage.get(WRAPPING_KEY)
  if (found) return decodeVersion(found.bytes())
  const spec = newKeyRecord({ id: '', name: WRAPPING_KEY, type: keyTypeOf('rsa-4096') })
  const made = await makeVersion(spec, mount.random, mount.clock.now())
  return mount.storage.transaction(async (tx) => {
    const other = await tx.get(WRAPPING_KEY)
    if (other) return decodeVersion(other.bytes())
    tx.put(WRAPPING_KEY, encodeVersion(made))
    return made
  })
}

/** The key inside a wrapped blob; the caller wipes it. Throws 400. */
export async function unwrapImported(
  mount: MountContext,
  ciphertext: string,
  hashFunction: string,
): Promise<Buffer> {
  const hash = oaepHash(hashFunction)
  if (hash === undefined) throw badRequest(`unknown hash function: ${hashFunction}`)
  const blob = decodeBase64(ciphertext)
  const version = await wrappingKey(mount)
  const key = privateKey(version)
  try {
    return unwrapKey(key, hash, blob)
  } catch (error) {
    if (!(error instanceof UnwrapFault)) throw error
    throw badRequest(error.message)
  }
}

function privateKey(version: KeyVersion): KeyObject {
  const key = createPrivateKey({ key: version.key, format: 'der', type: 'pkcs8' })
  wipeVersion(version)
  return key
}
