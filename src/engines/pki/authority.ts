// The mount's directory: which issuers and keys there are, their names, who signed whom and which are the
// defaults. It is one entry that every change of the set expects, so that a name is never given twice, and
// so that a reference is resolved, or a chain built, without reading each issuer.
import { badRequest } from '../../base/errors.ts'
import { MAX_PKI_ISSUERS } from '../../base/limits.ts'
import type { KeyType } from '../../crypto/x509/key-algorithms.ts'
import type { ReadStorage, Tx } from '../../sdk/storage.ts'

export interface KeyInfo {
  readonly id: string
  /** '' where it has none. */
  readonly name: string
  readonly type: KeyType
  readonly bits: number
  /** SHA-256 of the SubjectPublicKeyInfo, base64: tells whether a certificate is this key's. */
  readonly publicHash: string
}

export interface IssuerInfo {
  readonly id: string
  readonly name: string
  /** '' while the mount doesn't have the key. */
  readonly keyId: string
  /** 'aa:bb:…' */
  readonly serial: string
  readonly publicHash: string
  /** SHA-256 of the certificate, of its subject and of its issuer's name, base64. */
  readonly certificateHash: string
  readonly subjectHash: string
  readonly issuerHash: string
  readonly notAfterMs: number
  /** Ids of the other issuers whose key verified this certificate's signature. */
  readonly parents: readonly string[]
  /** Its own signature is by its own key. */
  readonly isSelfSigned: boolean
  /** Ids, itself first; empty: the chain is built from `parents`. */
  readonly manualChain: readonly string[]
}

export interface Directory {
  /** By id, in byte order. */
  readonly issuers: readonly IssuerInfo[]
  readonly keys: readonly KeyInfo[]
  /** Ids; '' for none. */
  readonly defaultIssuer: string
  readonly defaultKey: string
  readonly followsLatest: boolean
}

export const DIRECTORY_KEY = 'authority'

export const EMPTY_DIRECTORY: Directory = {
  issuers: [],
  keys: [],
  defaultIssuer: '',
  defaultKey: '',
  followsLatest: false,
}

export async function readDirectory(storage: ReadStorage): Promise<Directory> {
  return (await storage.get(DIRECTORY_KEY))?.json<Directory>() ?? EMPTY_DIRECTORY
}

/** Throws 400 where the set would outgrow its entry. */
export function putDirectory(tx: Tx, directory: Directory): void {
  const count = Math.max(directory.issuers.length, directory.keys.length)
  if (count > MAX_PKI_ISSUERS)
    throw badRequest(`a mount holds at most ${MAX_PKI_ISSUERS} issuers and keys`)
  tx.put(DIRECTORY_KEY, { json: directory })
}

/** 'Default' in any case is the default, as in Vault. */
const isDefault = (ref: string): boolean => ref.toLowerCase() === 'default'

/** By 'default', id or name; null where there is none. */
export function findIssuer(directory: Directory, ref: string): IssuerInfo | null {
  const wanted = ref.trim()
  const id = isDefault(wanted) ? directory.defaultIssuer : wanted
  const byId = directory.issuers.find((issuer) => issuer.id === id)
  if (byId || isDefault(wanted) || wanted === '') return byId ?? null
  return directory.issuers.find((issuer) => issuer.name === wanted) ?? null
}

export function findKey(directory: Directory, ref: string): KeyInfo | null {
  const wanted = ref.trim()
  const id = isDefault(wanted) ? directory.defaultKey : wanted
  const byId = directory.keys.find((key) => key.id === id)
  if (byId || isDefault(wanted) || wanted === '') return byId ?? null
  return directory.keys.find((key) => key.name === wanted) ?? null
}

/** Throws 400 in Vault's words. */
export function issuerOf(directory: Directory, ref: string): IssuerInfo {
  const found = findIssuer(directory, ref)
  if (found) return found
  throw badRequest(unresolvedIssuer(ref))
}

export const unresolvedIssuer = (ref: string): string =>
  ref.trim() === ''
    ? 'missing issuer reference'
    : isDefault(ref.trim())
      ? 'no default issuer currently configured'
      : `unable to find PKI issuer for reference: ${ref.trim()}`

export function keyOf(directory: Directory, ref: string): KeyInfo {
  const found = findKey(directory, ref)
  if (found) return found
  throw badRequest(unresolvedKey(ref))
}

export const unresolvedKey = (ref: string): string =>
  ref.trim() === ''
    ? 'missing key reference'
    : isDefault(ref.trim())
      ? 'no default key currently configured'
      : `unable to find PKI key for reference: ${ref.trim()}`

/** Vault's names of issuers, keys and roles. */
export const NAME = /^\w(?:[\w.-]*\w)?$/

/** The name to give to an issuer; '' for none. Throws 400 for one that is taken or no name. */
export function newIssuerName(directory: Directory, sent: string | undefined): string {
  if (sent === undefined) return ''
  const name = sent.trim()
  if (name === '') throw badRequest('expected non-empty issuer name')
  if (isDefault(name)) throw badRequest("reserved keyword 'default' can not be used as issuer name")
  if (!NAME.test(name)) throw badRequest('issuer name contained invalid characters')
  if (findIssuer(directory, name)) throw badRequest('issuer name already in use')
  return name
}

export function newKeyName(directory: Directory, sent: string | undefined): string {
  if (sent === undefined) return ''
  const name = sent.trim()
  if (isDefault(name)) throw badRequest("reserved keyword 'default' can not be used as key name")
  if (!NAME.test(name)) throw badRequest('key name contained invalid characters')
  if (findKey(directory, name)) throw badRequest('key name already in use')
  return name
}

type WithId = { readonly id: string }

/** The list with this one in place of the one with its id, or added, in order. */
export function withEntry<T extends WithId>(list: readonly T[], entry: T): readonly T[] {
  const others = list.filter(({ id }) => id !== entry.id)
  return [...others, entry].sort((a, b) => (a.id < b.id ? -1 : 1))
}
