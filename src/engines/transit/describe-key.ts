// What reading a key answers: its settings, and of each version that can be used the time of its creation
// or its public key. Nothing secret, and no key is parsed for it but where a context asks for a derived
// public key.
import { createSecretKey } from 'node:crypto'
import { atEndOfTick } from '../../base/tick.ts'
import type { Data } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { deriveBytes } from './derive-key.ts'
import { derivedPublicKey } from './derived-public-key.ts'
import { ed25519FromSeed, ed25519Raw } from './ed25519-seed.ts'
import { certificatesPem, spkiPem } from './key-pem.ts'
import { firstUsable, type KeyRecord, pqAlgorithm, typeOf } from './key-record.ts'
import type { KeyType } from './key-types.ts'
import { decodeVersion, type KeyVersion, versionPath, wipeVersion } from './version-entry.ts'

/** Versions in one read; others get a turn between two. */
const PAGE = 64

/** Calls `body` with each version from `first` to the latest, in order; wiped afterwards. */
export async function eachVersion(
  ctx: Pick<RequestContext, 'storage'>,
  record: KeyRecord,
  first: number,
  body: (number: number, version: KeyVersion) => void,
): Promise<void> {
  for (let from = first; from <= record.latestVersion; from += PAGE) {
    const end = Math.min(record.latestVersion + 1, from + PAGE)
    const numbers = Array.from({ length: end - from }, (_, at) => from + at)
    const found = await ctx.storage.read(numbers.map((number) => versionPath(record.id, number)))
    for (const number of numbers) {
      const entry = found.get(versionPath(record.id, number))
      if (!entry) continue
      const version = decodeVersion(entry.bytes())
      try {
        body(number, version)
      } finally {
        wipeVersion(version)
      }
    }
    if (end <= record.latestVersion) await new Promise<void>((resolve) => atEndOfTick(resolve))
  }
}

export async function describeKey(
  ctx: RequestContext,
  record: KeyRecord,
  context: Uint8Array | null = null,
): Promise<Data> {
  const type = typeOf(record)
  const keys: Record<string, unknown> = {}
  if (type.kind !== 'hmac' && type.kind !== 'cmac')
    await eachVersion(ctx, record, firstUsable(record), (number, version) => {
      keys[number] = shownVersion(record, type, version, context)
    })
  return {
    allow_plaintext_backup: record.allowPlaintextBackup,
    auto_rotate_period: record.autoRotateSeconds,
    backup_info: record.backupInfo ?? undefined,
    ...(record.derived ? describeDerivation(record) : {}),
    deletion_allowed: record.deletionAllowed,
    derived: record.derived,
    exportable: record.exportable,
    imported_key: record.imported,
    imported_key_allow_rotation: record.imported ? record.allowImportedRotation : undefined,
    key_size: record.keySize === 0 ? undefined : record.keySize,
    keys: type.kind === 'hmac' || type.kind === 'cmac' ? undefined : keys,
    latest_version: record.latestVersion,
    min_available_version: record.minAvailableVersion,
    min_decryption_version: record.minDecryptionVersion,
    min_encryption_version: record.minEncryptionVersion,
    name: record.name,
    parameter_set: record.parameterSet === '' ? undefined : record.parameterSet,
    restore_info: record.restoreInfo ?? undefined,
    soft_deleted: record.softDeleted,
    supports_decryption: type.encrypts,
    supports_derivation: type.derives,
    supports_encryption: type.encrypts,
    supports_signing: type.signs,
    type: type.name,
  }
}

function describeDerivation(record: KeyRecord): Data {
  return {
    convergent_encryption: record.convergent,
    convergent_encryption_version: record.convergent ? record.convergentVersion : undefined,
    kdf: record.kdf,
    kdf_mode: record.kdf === 'hmac-sha256-counter' ? record.kdf : undefined,
  }
}

function shownVersion(
  record: KeyRecord,
  type: KeyType,
  version: KeyVersion,
  context: Uint8Array | null,
): unknown {
  if (type.kind === 'aead') return Math.floor(Date.parse(version.createdAt) / 1000)
  return {
    certificate_chain: certificatesPem(version.certificates),
    creation_time: version.createdAt,
    name: type.kind === 'pq' ? pqAlgorithm(record) : type.shownName,
    public_key:
      type.kind !== 'ed25519'
        ? spkiPem(version.publicKey)
        : record.derived
          ? publicKeyFor(record, version, context)
          : ed25519Raw(version.publicKey),
  }
}

/** Base64; '' without a context: the pair below a derived key is none of its keys. */
function publicKeyFor(record: KeyRecord, version: KeyVersion, context: Uint8Array | null): string {
  if (context === null) return ''
  const seed = deriveBytes(record.kdf, createSecretKey(version.key), context, 32)
  const pair = ed25519FromSeed(seed)
  seed.fill(0)
  return derivedPublicKey(pair)
}
