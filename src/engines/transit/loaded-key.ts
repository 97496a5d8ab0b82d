// A key as requests use it: its record and, on demand, its versions with parsed KeyObjects. It is kept while
// the record's storage version stands (see key-record.ts), also when another process changed it, and only
// versions that are asked for are loaded, so that a key with 10,000 of them costs what one costs. Secrets
// are held in KeyObjects alone, whose memory is OpenSSL's and is wiped when they go; the bytes that they
// are made from are wiped at once.
import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import { badRequest } from '../../base/errors.ts'
import { MAX_LOADED_KEY_VERSIONS } from '../../base/limits.ts'
import type { MountContext } from '../../sdk/context.ts'
import { resourceKind } from '../../sdk/resource.ts'
import type { Awaitable, ReadStorage } from '../../sdk/storage.ts'
import { ed25519FromSeed } from './ed25519-seed.ts'
import { isName } from './key-name.ts'
import { firstUsable, type KeyRecord, typeOf } from './key-record.ts'
import type { KeyType } from './key-types.ts'
import { ED25519_SEED_BYTES } from './make-key.ts'
import {
  decodeVersion,
  hasPrivate,
  type KeyVersion,
  keyPath,
  usesPath,
  type VersionFacts,
  versionPath,
  wipeVersion,
} from './version-entry.ts'

/** A version ready for use. What its type has no use for is null. */
export interface LoadedVersion {
  readonly number: number
  readonly facts: VersionFacts
  /** Symmetric key, or what keys are derived from. */
  readonly secret: KeyObject | null
  readonly hmacKey: KeyObject | null
  readonly privateKey: KeyObject | null
  readonly publicKey: KeyObject | null
  /** Messages encrypted so far, as far as this process knows; see key-uses.ts. */
  uses: number
}

export class LoadedKey {
  readonly record: KeyRecord
  readonly type: KeyType
  /** What stands before and after the version's number in what the key made. */
  readonly prefix: readonly [string, string]
  /** Oldest load first. */
  readonly #versions = new Map<number, LoadedVersion>()

  constructor(record: KeyRecord) {
    this.record = record
    this.type = typeOf(record)
    const [before = '', after = ''] = (record.versionTemplate || 'vault:v{{version}}:').split(
      '{{version}}',
    )
    this.prefix = [before, after]
  }

  /** Throws 400 where that version is not there or below the minimum for decryption. */
  version(storage: ReadStorage, number: number): Awaitable<LoadedVersion> {
    const known = this.#versions.get(number)
    if (known === undefined) return this.#load(storage, number)
    return known
  }

  async #load(storage: ReadStorage, number: number): Promise<LoadedVersion> {
    const { record } = this
    if (number < firstUsable(record) || number > record.latestVersion) throw noSuchVersion()
    const at = versionPath(record.id, number)
    const usesAt = usesPath(record.id, number)
    const found = await storage.read([at, usesAt])
    const entry = found.get(at)
    if (!entry) throw noSuchVersion()
    const version = decodeVersion(entry.bytes())
    const uses = found.get(usesAt)?.json<number>() ?? 0
    const loaded: LoadedVersion = { number, facts: version, ...keysOf(this.type, version), uses }
    wipeVersion(version)
    if (this.#versions.size >= MAX_LOADED_KEY_VERSIONS) {
      const [oldest] = this.#versions.keys()
      this.#versions.delete(oldest!)
    }
    this.#versions.set(number, loaded)
    return loaded
  }

  /** Forgets all keys; requests that still use one hold it themselves. */
  drop(): void {
    this.#versions.clear()
  }
}

export const noSuchVersion = (): Error => badRequest('no such key version')

function keysOf(
  type: KeyType,
  version: KeyVersion,
): Pick<LoadedVersion, 'secret' | 'hmacKey' | 'privateKey' | 'publicKey'> {
  const hmacKey = version.hmacKey.length > 0 ? createSecretKey(version.hmacKey) : null
  const isPrivate = hasPrivate(version)
  const isPair = version.publicKey !== ''
  return {
    hmacKey,
    secret: isPrivate && (!isPair || type.kind === 'ed25519') ? createSecretKey(version.key) : null,
    privateKey: isPrivate && isPair ? privateKeyOf(type, version.key) : null,
    publicKey: isPair ? publicKeyOf(version.publicKey) : null,
  }
}

/** From the stored form of a private key. */
export const privateKeyOf = (type: KeyType, stored: Buffer): KeyObject =>
  type.kind === 'ed25519'
    ? ed25519FromSeed(stored.subarray(0, ED25519_SEED_BYTES))
    : createPrivateKey({ key: stored, format: 'der', type: 'pkcs8' })

export const publicKeyOf = (spki: string): KeyObject =>
  createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' })

class KeyAbsent extends Error {}

/** Longer than most pauses between two requests of one application. */
const IDLE_MS = 10 * 60_000

const loadedKeys = resourceKind<LoadedKey>('transit-key', {
  idleMs: IDLE_MS,
  async build(mount, name) {
    const entry = isName(name) ? await mount.storage.get(keyPath(name)) : null
    // Not kept: whoever asks for names that are not there must not fill the memory.
    if (!entry) throw new KeyAbsent()
    return new LoadedKey(entry.json<KeyRecord>())
  },
  async dispose(key) {
    key.drop()
  },
})

/** Runs the body with the key as it stands now; null where there is none. */
export async function useKey<T>(
  ctx: MountContext,
  name: string,
  body: (key: LoadedKey) => Promise<T>,
): Promise<T | null> {
  try {
    return await ctx.use(loadedKeys, name, body)
  } catch (error) {
    if (error instanceof KeyAbsent) return null
    throw error
  }
}
