// What is stored of a key at keys/<name>: its settings and the range of its versions, without any key
// material, so that it stays small however often the key was rotated. Each version is an entry of its own.
// Invariant: whatever changes a version writes this record too, in the same commit; so the record's
// storage version covers all that was built from the key.
import type { KeyType } from './key-types.ts'
import { keyTypeOf } from './key-types.ts'

/** When the key was last backed up or restored, and its latest version then. */
export interface KeyEvent {
  readonly time: string
  readonly version: number
}

export type Kdf = 'hkdf_sha256' | 'hmac-sha256-counter'

export interface KeyRecord {
  /** Random; names the entries of its versions, so that a key made anew never meets old ones. */
  readonly id: string
  readonly name: string
  readonly type: string
  /** Of post-quantum types: 65, slh-dsa-sha2-128s; '' for other types. */
  readonly parameterSet: string
  readonly derived: boolean
  readonly kdf: Kdf
  readonly convergent: boolean
  /** -1: each version says by itself; else for versions that don't. */
  readonly convergentVersion: number
  readonly exportable: boolean
  readonly deletionAllowed: boolean
  readonly allowPlaintextBackup: boolean
  readonly minDecryptionVersion: number
  /** 0: only the latest is used unless the caller says otherwise. */
  readonly minEncryptionVersion: number
  readonly latestVersion: number
  /** 0: nothing was trimmed; else the first version that still exists. */
  readonly minAvailableVersion: number
  readonly autoRotateSeconds: number
  readonly imported: boolean
  readonly allowImportedRotation: boolean
  readonly softDeleted: boolean
  /** Of hmac keys, bytes; 0 for other types. */
  readonly keySize: number
  readonly backupInfo: KeyEvent | null
  readonly restoreInfo: KeyEvent | null
  /** '' for "vault:v{{version}}:"; others come with restored backups. */
  readonly versionTemplate: string
  readonly storagePrefix: string
}

/** A post-quantum algorithm as OpenSSL names it. */
export const pqAlgorithm = (record: Pick<KeyRecord, 'type' | 'parameterSet'>): string =>
  record.type === 'ml-dsa' ? `ml-dsa-${record.parameterSet}` : record.parameterSet

export const typeOf = (record: KeyRecord): KeyType => keyTypeOf(record.type)

/** The scheme of convergent encryption that is served; older ones repeat nonces. */
export const CONVERGENT_VERSION = 3

export function newKeyRecord(of: {
  readonly id: string
  readonly name: string
  readonly type: KeyType
  readonly derived?: boolean
  readonly convergent?: boolean
  readonly exportable?: boolean
  readonly allowPlaintextBackup?: boolean
  readonly autoRotateSeconds?: number
  readonly imported?: boolean
  readonly allowImportedRotation?: boolean
  readonly keySize?: number
  readonly parameterSet?: string
}): KeyRecord {
  return {
    id: of.id,
    name: of.name,
    type: of.type.name,
    parameterSet: of.parameterSet ?? '',
    derived: of.derived ?? false,
    kdf: of.derived && !of.imported ? 'hkdf_sha256' : 'hmac-sha256-counter',
    convergent: of.convergent ?? false,
    convergentVersion: of.convergent ? -1 : 0,
    exportable: of.exportable ?? false,
    deletionAllowed: false,
    allowPlaintextBackup: of.allowPlaintextBackup ?? false,
    minDecryptionVersion: 1,
    minEncryptionVersion: 0,
    latestVersion: 0,
    minAvailableVersion: 0,
    autoRotateSeconds: of.autoRotateSeconds ?? 0,
    imported: of.imported ?? false,
    allowImportedRotation: of.allowImportedRotation ?? false,
    softDeleted: false,
    keySize: of.keySize ?? 0,
    backupInfo: null,
    restoreInfo: null,
    versionTemplate: '',
    storagePrefix: '',
  }
}

/** The first version that can be used at all: not trimmed, and not below the minimum for decryption. */
export const firstUsable = (record: KeyRecord): number =>
  Math.max(1, record.minAvailableVersion, record.minDecryptionVersion)

/** The first version that is stored. */
export const firstStored = (record: KeyRecord): number => Math.max(1, record.minAvailableVersion)

/** Whether a new version may be made here; imported keys say so themselves. */
export const mayRotate = (record: KeyRecord): boolean =>
  !record.imported || record.allowImportedRotation
