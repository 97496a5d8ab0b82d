// What changing a key's settings and trimming its versions do to its record. Pure; texts are the original's.
import { badRequest } from '../../base/errors.ts'
import type { KeyRecord } from './key-record.ts'
import { checkPeriod } from './key-request.ts'

export interface KeyConfigInput {
  readonly min_decryption_version: number | undefined
  readonly min_encryption_version: number | undefined
  readonly deletion_allowed: boolean | undefined
  readonly exportable: boolean | undefined
  readonly allow_plaintext_backup: boolean | undefined
  readonly auto_rotate_period: number | undefined
}

/** The record with the settings that were sent; the same object where nothing changes. Throws 400. */
export function configureKey(
  before: KeyRecord,
  input: KeyConfigInput,
  warnings: string[],
): KeyRecord {
  const minDecryptionVersion = minimum(before, 'decryption', input.min_decryption_version, warnings)
  const minEncryptionVersion = minimum(before, 'encryption', input.min_encryption_version, warnings)
  if (minEncryptionVersion > 0 && minEncryptionVersion < minDecryptionVersion)
    throw badRequest(
      'cannot set min encryption/decryption values; min encryption version of ' +
        `${minEncryptionVersion} must be greater than or equal to min decryption version of ` +
        `${minDecryptionVersion}`,
    )
  const autoRotateSeconds = input.auto_rotate_period ?? before.autoRotateSeconds
  checkPeriod(autoRotateSeconds)
  const after: KeyRecord = {
    ...before,
    ...{ minDecryptionVersion, minEncryptionVersion, autoRotateSeconds },
    deletionAllowed: input.deletion_allowed ?? before.deletionAllowed,
    // Once allowed these stay allowed: what may have been copied can't be called back.
    exportable: before.exportable || (input.exportable ?? false),
    allowPlaintextBackup: before.allowPlaintextBackup || (input.allow_plaintext_backup ?? false),
  }
  if (JSON.stringify(after) === JSON.stringify(before)) return before
  if (after.minAvailableVersion > minEncryptionVersion)
    throw badRequest('min encryption version should not be less than min available version')
  if (after.minAvailableVersion > minDecryptionVersion)
    throw badRequest('min decryption version should not be less then min available version')
  return after
}

function minimum(
  record: KeyRecord,
  kind: 'decryption' | 'encryption',
  sent: number | undefined,
  warnings: string[],
): number {
  const current = kind === 'decryption' ? record.minDecryptionVersion : record.minEncryptionVersion
  if (sent === undefined) return current
  if (sent < 0) throw badRequest(`min ${kind} version cannot be negative`)
  if (sent > record.latestVersion)
    throw badRequest(
      `cannot set min ${kind} version of ${sent}, latest key version is ${record.latestVersion}`,
    )
  if (sent > 0 || kind === 'encryption') return sent
  warnings.push(
    'since Vault 0.3 (prior to the OpenBao fork), transit key numbering starts at 1; forcing minimum to 1',
  )
  return 1
}

/** The record after trimming. Throws 400 where the minimums don't allow it. */
export function trimKey(before: KeyRecord, sent: number | undefined): KeyRecord {
  if (sent === undefined) throw badRequest('missing min_available_version')
  if (sent < before.minAvailableVersion)
    throw badRequest('minimum available version cannot be decremented')
  if (before.minEncryptionVersion === 0)
    throw badRequest(
      'minimum available version cannot be set when minimum encryption version is not set',
    )
  if (sent > before.minEncryptionVersion)
    throw badRequest('minimum available version cannot be greater than minmum encryption version')
  if (sent > before.minDecryptionVersion)
    throw badRequest('minimum available version cannot be greater than minimum decryption version')
  if (sent < 0) throw badRequest('minimum available version cannot be negative')
  if (sent === 0) throw badRequest('minimum available version should be positive')
  return { ...before, minAvailableVersion: sent }
}
