// Changes of the set of issuers and keys. A draft is made from the directory as it was read, with whatever
// reading and checking of signatures that takes; it is committed only if the directory is still the same, else
// made anew. So relations between certificates never rest on a set that has changed.
import { createHash, type KeyObject } from 'node:crypto'
import { badRequest, unavailable } from '../../base/errors.ts'
import { MAX_BATCH_KEYS, MAX_TRANSACTION_TRIES } from '../../base/limits.ts'
import { serialText } from '../../crypto/x509/build-certificate.ts'
import { type Certificate, isIssuedBy } from '../../crypto/x509/certificate.ts'
import { findExtension } from '../../crypto/x509/extension.ts'
import { KEY_USAGE, OID } from '../../crypto/x509/oids.ts'
import { privateKeyPem } from '../../crypto/x509/private-key.ts'
import { publicKeyOf } from '../../crypto/x509/public-key.ts'
import { keyKindOf } from '../../crypto/x509/signer.ts'
import type { MountContext } from '../../sdk/context.ts'
import type { ReadStorage, Tx } from '../../sdk/storage.ts'
import {
  DIRECTORY_KEY,
  type Directory,
  EMPTY_DIRECTORY,
  type IssuerInfo,
  type KeyInfo,
  putDirectory,
  withEntry,
} from './authority.ts'
import {
  type IssuerRecord,
  issuerKey,
  type KeyRecord,
  putIssuer,
  putKey,
  readIssuer,
  USAGES,
} from './issuer-record.ts'
import { certificateOf } from './issuing-ca.ts'

export const hashText = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('base64')

/** Whether it was there before. */
export interface Added<T> {
  readonly info: T
  readonly existed: boolean
}

export class AuthorityDraft {
  directory: Directory
  readonly #storage: ReadStorage
  readonly #nowMs: number
  readonly #newId: () => string
  readonly #issuers = new Map<string, IssuerRecord>()
  readonly #keys = new Map<string, KeyRecord>()

  constructor(of: { directory: Directory; storage: ReadStorage; nowMs: number; newId(): string }) {
    this.directory = of.directory
    this.#storage = of.storage
    this.#nowMs = of.nowMs
    this.#newId = of.newId
  }

  /** The key with this public half, or the given one as a new key. Throws 400 where the name is taken. */
  async addKey(key: KeyObject, name: string): Promise<Added<KeyInfo>> {
    const kind = keyKindOf(key)
    if (kind === null) throw badRequest('unsupported private key type within pem bundle')
    const publicHash = hashText(publicKeyOf(key).spki)
    const { keys, issuers } = this.directory
    const known = keys.find((one) => one.publicHash === publicHash)
    if (known) return { info: known, existed: true }
    if (name !== '' && keys.some((one) => one.name === name))
      throw badRequest(`an existing key is using the requested key name value: ${name}`)
    const info: KeyInfo = { id: this.#newId(), name, ...kind, publicHash }
    this.#keys.set(info.id, { id: info.id, ...kind, pem: privateKeyPem(key, 'traditional') })
    const isOurs = (one: IssuerInfo): boolean => one.keyId === '' && one.publicHash === publicHash
    this.directory = {
      ...this.directory,
      keys: withEntry(keys, info),
      issuers: issuers.map((one) => (isOurs(one) ? { ...one, keyId: info.id } : one)),
      defaultKey: this.directory.defaultKey || info.id,
    }
    const attached = issuers.find(isOurs)
    if (attached && this.directory.defaultIssuer === '') await this.setDefaultIssuer(attached.id)
    return { info, existed: false }
  }

  /** The issuer with this certificate, or a new one. Throws 400 for what is no CA's certificate. */
  async addIssuer(certificate: Certificate, name: string): Promise<Added<IssuerInfo>> {
    assertIssuer(certificate)
    const certificateHash = hashText(certificate.der)
    const known = this.directory.issuers.find((one) => one.certificateHash === certificateHash)
    if (known) return { info: known, existed: true }
    if (name !== '' && this.directory.issuers.some((one) => one.name === name))
      throw badRequest(`another issuer is using the requested name: ${name}`)
    const info = await this.#link(certificate, {
      id: this.#newId(),
      name,
      certificateHash,
      publicHash: hashText(certificate.publicKey.spki),
      subjectHash: hashText(certificate.subject.der),
      issuerHash: hashText(certificate.issuer.der),
    })
    this.#issuers.set(info.id, {
      id: info.id,
      certificate: certificate.der.toString('base64'),
      leafNotAfter: 'err',
      usages: USAGES.filter((usage) => usage !== 'crl-signing' || maySignCrls(certificate)),
      revocationSignatureAlgorithm: '',
      revokedAtMs: null,
      aia: null,
      changedAtMs: this.#nowMs,
    })
    if (this.directory.defaultIssuer === '' && info.keyId !== '')
      await this.setDefaultIssuer(info.id)
    return { info, existed: false }
  }

  /** Adds the issuer to the directory with who signed it, and it to those that it has signed. */
  async #link(
    certificate: Certificate,
    of: Pick<
      IssuerInfo,
      'certificateHash' | 'id' | 'issuerHash' | 'name' | 'publicHash' | 'subjectHash'
    >,
  ): Promise<IssuerInfo> {
    const { issuers, keys } = this.directory
    const mayBeParents = issuers.filter((one) => one.subjectHash === of.issuerHash)
    const mayBeChildren = issuers.filter((one) => one.issuerHash === of.subjectHash)
    const certificates = await this.#certificates([...mayBeParents, ...mayBeChildren])
    const parents = mayBeParents.filter(({ id }) => isIssuedBy(certificate, certificates.get(id)!))
    const children = new Set(
      mayBeChildren.filter(({ id }) => isIssuedBy(certificates.get(id)!, certificate)),
    )
    const info: IssuerInfo = {
      ...of,
      keyId: keys.find((key) => key.publicHash === of.publicHash)?.id ?? '',
      serial: serialText(certificate.serial),
      notAfterMs: certificate.notAfterMs,
      parents: parents.map(({ id }) => id),
      isSelfSigned: of.subjectHash === of.issuerHash && isIssuedBy(certificate, certificate),
      manualChain: [],
    }
    const linked = issuers.map((one) =>
      children.has(one) ? { ...one, parents: [...one.parents, of.id] } : one,
    )
    this.directory = { ...this.directory, issuers: withEntry(linked, info) }
    return info
  }

  /** Of issuers that are stored, and of those that this draft adds. */
  async #certificates(of: readonly IssuerInfo[]): Promise<ReadonlyMap<string, Certificate>> {
    const found = new Map<string, Certificate>()
    const ids = [...new Set(of.map(({ id }) => id))]
    const stored = ids.filter((id) => !this.#issuers.has(id))
    for (const id of ids) {
      const record = this.#issuers.get(id)
      if (record) found.set(id, certificateOf(record))
    }
    for (let at = 0; at < stored.length; at += MAX_BATCH_KEYS) {
      const some = stored.slice(at, at + MAX_BATCH_KEYS)
      const entries = await this.#storage.read(some.map(issuerKey))
      for (const id of some)
        found.set(id, certificateOf(entries.get(issuerKey(id))!.json<IssuerRecord>()))
    }
    return found
  }

  /** Both the old and the new default count as changed: 'default' answers something else now. */
  async setDefaultIssuer(id: string): Promise<void> {
    const before = this.directory.defaultIssuer
    if (before === id) return
    this.directory = { ...this.directory, defaultIssuer: id }
    for (const one of [before, id]) {
      const record = this.#issuers.get(one) ?? (await readIssuer(this.#storage, one))
      if (record) this.#issuers.set(one, { ...record, changedAtMs: this.#nowMs })
    }
  }

  /** Changes what is kept of an issuer that this draft has or that is stored. */
  async changeIssuer(id: string, change: (old: IssuerRecord) => IssuerRecord): Promise<void> {
    const old = this.#issuers.get(id) ?? (await readIssuer(this.#storage, id))
    if (old) this.#issuers.set(id, change(old))
  }

  /** Part of the commit. */
  write(tx: Tx): void {
    putDirectory(tx, this.directory)
    for (const record of this.#issuers.values()) putIssuer(tx, record)
    for (const record of this.#keys.values()) putKey(tx, record)
  }
}

function assertIssuer(certificate: Certificate): void {
  if (!certificate.isCa) throw badRequest('Refusing to import non-CA certificate')
  if (certificate.publicKey.type === null)
    throw badRequest(
      'Refusing to import CA certificate with empty PublicKey. This usually means the SubjectPublicKeyInfo field has an OID not recognized by Go, such as 1.2.840.113549.1.1.10 for rsaPSS.',
    )
}

/** Vault asks for the key usage to be there and to say so. */
export const maySignCrls = (certificate: Certificate): boolean =>
  findExtension(certificate.extensions, OID.keyUsage) !== undefined &&
  (certificate.keyUsage & KEY_USAGE.CRLSign) !== 0

/**
 * Runs `make` on a draft and commits it, with what `alsoWrite` adds to the commit. Both may run again when
 * the directory changes meanwhile. Throws 503 where it keeps changing.
 */
export async function changeAuthority<T>(
  ctx: MountContext,
  make: (draft: AuthorityDraft) => Promise<T>,
  alsoWrite: (tx: Tx, made: T) => void | Promise<void> = () => {},
): Promise<T> {
  for (let round = 0; round < MAX_TRANSACTION_TRIES; round++) {
    const entry = await ctx.storage.get(DIRECTORY_KEY)
    const draft = new AuthorityDraft({
      directory: entry?.json<Directory>() ?? EMPTY_DIRECTORY,
      storage: ctx.storage,
      nowMs: ctx.clock.now(),
      newId: () => ctx.random.uuid(),
    })
    const made = await make(draft)
    const isDone = await ctx.storage.transaction(async (tx) => {
      const now = await tx.get(DIRECTORY_KEY)
      if ((now?.version ?? null) !== (entry?.version ?? null)) return false
      draft.write(tx)
      await alsoWrite(tx, made)
      return true
    })
    if (isDone) return made
  }
  throw unavailable('the issuers of this mount kept changing; try again')
}
