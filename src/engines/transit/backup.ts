// Backups in OpenBao's format: base64 of {"policy": …, "archived_keys": …}, with every version that is
// stored in the archive and the usable ones in the policy too. What it restores, this restores, and the
// other way round. A restore writes the versions under a new id first; the last commit makes them the key.
import { badRequest } from '../../base/errors.ts'
import {
  getOwn,
  isJsonObject,
  type Json,
  type JsonObject,
  parseJson,
  RawNumber,
  stringifyJson,
} from '../../base/json.ts'
import { MAX_KEY_VERSIONS } from '../../base/limits.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { planRotation } from './auto-rotation.ts'
import { eachVersion } from './describe-key.ts'
import { EMPTY_VERSION, numberOf, versionFromGo, versionToGo } from './go-key-json.ts'
import { decodeBase64 } from './input-base64.ts'
import { checkName, isName } from './key-name.ts'
import { firstStored, firstUsable, type KeyEvent, type KeyRecord, typeOf } from './key-record.ts'
import { checkDerivation, checkParameterSet, checkPeriod, checkSize } from './key-request.ts'
import { newKeyId, scheduleSweep, sweepVersions } from './key-store.ts'
import { keyTypeByNumber } from './key-types.ts'
import { putRecord, readRecord } from './rotate-key.ts'
import { encodeVersion, type KeyVersion, versionPath, wipeVersion } from './version-entry.ts'

const NANOSECONDS = 1_000_000_000n

/** The backup of the key as it stands, which is noted in its record. */
export async function backUpKey(ctx: RequestContext, name: string): Promise<string> {
  const time = new Date(ctx.clock.now()).toISOString()
  const record = await ctx.storage.transaction(async (tx) => {
    const found = await readRecord(tx, name)
    if (!found) throw badRequest(`key ${JSON.stringify(name)} not found`)
    if (found.softDeleted) throw badRequest('refusing to use soft-deleted key')
    if (!found.exportable) throw badRequest('exporting is disallowed on the policy')
    if (!found.allowPlaintextBackup)
      throw badRequest('plaintext backup is disallowed on the policy')
    return putRecord(tx, { ...found, backupInfo: { time, version: found.latestVersion } })
  })
  const type = typeOf(record)
  const keys: Record<string, unknown> = {}
  // Index 0 is the version min_available_version, and nothing where that is 0.
  const archived: unknown[] = record.minAvailableVersion === 0 ? [EMPTY_VERSION] : []
  await eachVersion(ctx, record, firstStored(record), (number, version) => {
    const shown = versionToGo(type, version)
    archived.push(shown)
    if (number >= firstUsable(record)) keys[number] = shown
  })
  const policy = policyToGo(record, keys)
  const text = stringifyJson({ policy, archived_keys: { keys: archived } })
  return Buffer.from(`${text}\n`).toString('base64')
}

function policyToGo(record: KeyRecord, keys: Record<string, unknown>): Record<string, unknown> {
  return {
    name: record.name,
    key_size: record.keySize || undefined,
    keys,
    derived: record.derived,
    kdf: record.kdf === 'hkdf_sha256' ? 1 : 0,
    convergent_encryption: record.convergent,
    exportable: record.exportable,
    min_decryption_version: record.minDecryptionVersion,
    min_encryption_version: record.minEncryptionVersion,
    latest_version: record.latestVersion,
    archive_version: record.latestVersion,
    archive_min_version: record.minAvailableVersion,
    min_available_version: record.minAvailableVersion,
    deletion_allowed: record.deletionAllowed,
    convergent_version: record.convergentVersion,
    type: typeOf(record).number,
    parameter_set: record.parameterSet || undefined,
    backup_info: record.backupInfo,
    restore_info: record.restoreInfo,
    allow_plaintext_backup: record.allowPlaintextBackup,
    version_template: record.versionTemplate,
    storage_prefix: record.storagePrefix,
    auto_rotate_period: new RawNumber((BigInt(record.autoRotateSeconds) * NANOSECONDS).toString()),
    Imported: record.imported,
    AllowImportedKeyRotation: record.allowImportedRotation,
    soft_deleted: record.softDeleted,
  }
}

const damaged = (what: string): Error => badRequest(`the backup is damaged: ${what}`)

interface Restored {
  readonly record: KeyRecord
  /** By version, from the first that is stored to the latest. */
  readonly versions: ReadonlyMap<number, KeyVersion>
}

/** How long a restore may take before what it wrote is taken for abandoned. */
const RESTORE_MS = 15 * 60_000
const VERSIONS_PER_COMMIT = 50

/** Makes the key of a backup. `name` '' is the backup's. Throws 400 where it is there already, without `force`. */
export async function restoreKey(
  ctx: RequestContext,
  name: string,
  backup: string,
  force: boolean,
): Promise<void> {
  const restored = readBackup(ctx, name, backup)
  const { record, versions } = restored
  const exists = badRequest(`key ${JSON.stringify(record.name)} already exists`)
  try {
    if (!force && (await readRecord(ctx.storage, record.name))) throw exists
    const numbers = [...versions.keys()]
    const last = numbers.splice(-VERSIONS_PER_COMMIT)
    for (let at = 0; at < numbers.length; at += VERSIONS_PER_COMMIT) {
      await ctx.storage.transaction(async (tx) => {
        if (at === 0) await scheduleSweep(ctx, tx, record, RESTORE_MS)
        for (const number of numbers.slice(at, at + VERSIONS_PER_COMMIT))
          tx.put(versionPath(record.id, number), encodeVersion(versions.get(number)!))
      })
    }
    await ctx.storage.transaction(async (tx) => {
      const before = await readRecord(tx, record.name)
      if (before && !force) throw exists
      for (const number of last)
        tx.put(versionPath(record.id, number), encodeVersion(versions.get(number)!))
      if (numbers.length > 0) await ctx.unschedule(tx, sweepVersions, record.id)
      if (before) await scheduleSweep(ctx, tx, before, 0)
      await planRotation(ctx, tx, before, record)
      putRecord(tx, record)
    })
  } finally {
    for (const version of versions.values()) wipeVersion(version)
  }
}

function readBackup(ctx: RequestContext, name: string, backup: string): Restored {
  const bytes = decodeBase64(backup)
  const sent = parseJson(bytes.toString())
  bytes.fill(0)
  const policy = isJsonObject(sent) ? getOwn(sent, 'policy') : undefined
  if (!isJsonObject(policy)) throw damaged('there is no policy in it')
  const archive = getOwn(sent as JsonObject, 'archived_keys')
  const archived = isJsonObject(archive) ? getOwn(archive, 'keys') : null
  const record = recordFromGo(ctx, name, policy)
  const versions = versionsFromGo(
    ctx,
    record,
    policy,
    Array.isArray(archived) ? (archived as readonly Json[]) : [],
  )
  return { record, versions }
}

const flag = (sent: JsonObject, name: string): boolean => getOwn(sent, name) === true
const text = (sent: JsonObject, name: string): string => {
  const value = getOwn(sent, name) ?? ''
  if (typeof value !== 'string') throw damaged(`${name} is no text`)
  return value
}

function recordFromGo(ctx: RequestContext, name: string, policy: JsonObject): KeyRecord {
  const type = keyTypeByNumber(numberOf(policy, 'type'))
  if (!type) throw damaged('a key of an unknown type')
  const sentKeys = getOwn(policy, 'keys')
  const count = isJsonObject(sentKeys) ? Object.keys(sentKeys).length : 0
  const latestVersion = numberOf(policy, 'latest_version') || count || 1
  const minAvailableVersion = numberOf(policy, 'min_available_version')
  const minDecryptionVersion = numberOf(policy, 'min_decryption_version') || 1
  const minEncryptionVersion = numberOf(policy, 'min_encryption_version')
  if (latestVersion < 1 || latestVersion > MAX_KEY_VERSIONS) throw damaged('its latest version')
  if (minAvailableVersion < 0 || minAvailableVersion > minDecryptionVersion)
    throw damaged('min_available_version is above min_decryption_version')
  if (minDecryptionVersion < 1 || minDecryptionVersion > latestVersion)
    throw damaged('min_decryption_version is not one of its versions')
  if (minEncryptionVersion < 0 || minEncryptionVersion > latestVersion)
    throw damaged('min_encryption_version is not one of its versions')
  const versionTemplate = text(policy, 'version_template')
  if (versionTemplate !== '' && !/^[^{}]+\{\{version\}\}[^{}\d]+$/.test(versionTemplate))
    throw damaged('error parsing version template')
  const derived = flag(policy, 'derived')
  const convergent = flag(policy, 'convergent_encryption')
  const autoRotateSeconds = secondsOf(getOwn(policy, 'auto_rotate_period'))
  // What a request could not ask for: the next rotation would fail over it, or never stop.
  checkDerivation(type, derived, convergent)
  checkPeriod(autoRotateSeconds)
  const keySize = checkSize(type, numberOf(policy, 'key_size'))
  const parameterSet = checkParameterSet(type, text(policy, 'parameter_set'))
  return {
    id: newKeyId(ctx),
    name: nameFor(name, policy),
    type: type.name,
    ...{ parameterSet, derived },
    kdf: numberOf(policy, 'kdf') === 1 ? 'hkdf_sha256' : 'hmac-sha256-counter',
    convergent,
    convergentVersion: numberOf(policy, 'convergent_version') || (convergent ? 1 : 0),
    exportable: flag(policy, 'exportable'),
    deletionAllowed: flag(policy, 'deletion_allowed'),
    allowPlaintextBackup: flag(policy, 'allow_plaintext_backup'),
    ...{ minDecryptionVersion, minEncryptionVersion, latestVersion, minAvailableVersion },
    autoRotateSeconds,
    imported: flag(policy, 'Imported'),
    allowImportedRotation: flag(policy, 'AllowImportedKeyRotation'),
    softDeleted: flag(policy, 'soft_deleted'),
    keySize,
    backupInfo: eventOf(getOwn(policy, 'backup_info')),
    restoreInfo: { time: new Date(ctx.clock.now()).toISOString(), version: latestVersion },
    versionTemplate,
    storagePrefix: text(policy, 'storage_prefix'),
  }
}

function nameFor(asked: string, policy: JsonObject): string {
  if (asked !== '') return checkName(asked)
  const own = text(policy, 'name')
  if (!isName(own)) throw damaged('its name is none of a key')
  return own
}

function secondsOf(value: Json | undefined): number {
  const digits = value instanceof RawNumber ? value.text : String(value ?? 0)
  if (!/^\d{1,19}$/.test(digits)) throw damaged('auto_rotate_period is no whole number')
  return Number(BigInt(digits) / NANOSECONDS)
}

function eventOf(value: Json | undefined): KeyEvent | null {
  if (!isJsonObject(value)) return null
  return { time: text(value, 'time'), version: numberOf(value, 'version') }
}

function versionsFromGo(
  ctx: RequestContext,
  record: KeyRecord,
  policy: JsonObject,
  archived: readonly Json[],
): Map<number, KeyVersion> {
  const type = typeOf(record)
  const sent = getOwn(policy, 'keys')
  const current = isJsonObject(sent) ? sent : {}
  const oldest = getOwn(policy, 'key')
  const versions = new Map<number, KeyVersion>()
  for (let number = firstStored(record); number <= record.latestVersion; number++) {
    const at = archived[number - record.minAvailableVersion]
    const legacy = number === 1 && oldest ? { key: oldest } : undefined
    const version =
      versionFromGo(type, getOwn(current, String(number)) ?? legacy) ?? versionFromGo(type, at)
    if (version) versions.set(number, version)
    else if (number >= firstUsable(record)) throw damaged(`version ${number} is not in it`)
  }
  const latest = versions.get(record.latestVersion)!
  if (latest.hmacKey.length === 0)
    versions.set(record.latestVersion, { ...latest, hmacKey: ctx.random.bytes(32) })
  return versions
}
