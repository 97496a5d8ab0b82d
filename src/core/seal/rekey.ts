// Rekeying: enough of the present shares make new ones, of another number if wanted, and a new root key. With
// verification the new shares count only after enough of them were entered again. Nothing stops meanwhile.
// Source: Vault's API page "sys/rekey"; sys/rotate/root/* is the same under OpenBao's names.
import { badRequest } from '../../base/errors.ts'
import { AEAD_KEY_BYTES } from '../../crypto/aead.ts'
import { splitSecret } from '../../crypto/shamir.ts'
import { equalSecrets } from '../../crypto/timing.ts'
import type { Log } from '../../sdk/log.ts'
import { REKEY_KEY } from '../keys.ts'
import {
  assertMayCancel,
  type Ceremony,
  type Collected,
  giveShare,
  readCeremony,
  writeCeremony,
} from './ceremony.ts'
import { areRightShares, changeRootKey, type SealStore } from './root-key-change.ts'
import { unsealKeyOf } from './root-key-wrap.ts'
import type { SharesWanted } from './seal.ts'
import { readSealRecord } from './seal-record.ts'
import { splitFault } from './share-text.ts'

/** The new shares that were entered again, and the key they have to make (base64). */
interface Verification extends Collected {
  readonly unsealKey: string
}

interface RekeyRecord extends Ceremony {
  readonly wanted: SharesWanted
  readonly mustVerify: boolean
  /** null until the new shares were made. */
  readonly verification: Verification | null
}

/** How the two families of paths say what is the same. */
export interface RekeyWords {
  /** "rekey", "rotation" */
  readonly name: string
  /** "no barrier rekey in progress" */
  readonly none: string
  /** "this rekey operation" */
  readonly nonce: string
  readonly during: string
}

export interface RekeyStatus {
  /** '' where none is in progress. */
  readonly nonce: string
  readonly wanted: SharesWanted
  readonly progress: number
  readonly required: number
  readonly mustVerify: boolean
  /** '' unless the new shares wait to be verified. */
  readonly verificationNonce: string
}

export interface VerifyStatus {
  readonly nonce: string
  readonly wanted: SharesWanted
  readonly progress: number
}

export interface Rekeyed {
  readonly shares: readonly Buffer[]
  /** '' where the new shares count already. */
  readonly verificationNonce: string
}

export interface RekeyParts extends SealStore {
  readonly log: Log
  now(): number
}

export class Rekey {
  readonly #parts: RekeyParts
  readonly #words: RekeyWords

  constructor(parts: RekeyParts, words: RekeyWords) {
    this.#parts = parts
    this.#words = words
  }

  async status(): Promise<RekeyStatus> {
    const record = await this.#record()
    return {
      nonce: record?.nonce ?? '',
      wanted: record?.wanted ?? { shares: 0, threshold: 0 },
      progress: record?.shares.length ?? 0,
      required: await this.#threshold(),
      mustVerify: record?.mustVerify ?? false,
      verificationNonce: record?.verification?.nonce ?? '',
    }
  }

  async start(wanted: SharesWanted, mustVerify: boolean): Promise<void> {
    const { storage, random, log } = this.#parts
    const { name } = this.#words
    const fault = splitFault(wanted)
    if (fault) throw badRequest(`invalid ${name} seal configuration: ${fault}`)
    const nonce = random.uuid()
    const verification = null
    await storage.transaction(async (tx) => {
      const now = this.#parts.now()
      const before = await readCeremony<RekeyRecord>(tx, REKEY_KEY, now)
      if (before) throw badRequest(`${name} already in progress`)
      const record = { nonce, shares: [], wanted, mustVerify, verification }
      writeCeremony<RekeyRecord>(tx, REKEY_KEY, record, now)
    })
    log.info('rekey started', { nonce, ...wanted })
  }

  /** `nonce` null: the caller may cancel what it likes. */
  async cancel(nonce: string | null): Promise<void> {
    await this.#parts.storage.transaction(async (tx) => {
      assertMayCancel(await readCeremony<RekeyRecord>(tx, REKEY_KEY, this.#parts.now()), nonce)
      tx.delete(REKEY_KEY)
    })
  }

  /** Takes one of the present shares; with the last one needed the new shares, else null. */
  async update(share: Buffer, nonce: string): Promise<Rekeyed | null> {
    const { random } = this.#parts
    const threshold = await this.#threshold()
    const { all, wanted, mustVerify } = await this.#change((record) => {
      if (record.verification) throw this.#alreadyDone(record.verification)
      const { all, next } = giveShare(record, { nonce, share, threshold }, this.#words)
      return [
        { ...record, shares: next },
        { all, ...record },
      ]
    })
    if (!all) return null
    if (!(await areRightShares(this.#parts, all))) {
      throw badRequest(
        `${this.#words.name} failed: invalid key: the shares given do not make the unseal key; give them again`,
      )
    }
    const unsealKey = random.bytes(AEAD_KEY_BYTES)
    const shares = splitSecret(unsealKey, wanted.shares, wanted.threshold, random)
    try {
      if (!mustVerify) {
        await this.#adopt(nonce, unsealKey)
        return { shares, verificationNonce: '' }
      }
      const verification = {
        nonce: random.uuid(),
        shares: [],
        unsealKey: unsealKey.toString('base64'),
      }
      await this.#change((record) => {
        if (record.nonce !== nonce || record.verification) throw badRequest(this.#words.none)
        return [{ ...record, verification }, null]
      })
      return { shares, verificationNonce: verification.nonce }
    } finally {
      unsealKey.fill(0)
    }
  }

  async verifyStatus(): Promise<VerifyStatus> {
    const record = await this.#record()
    if (!record) throw badRequest(`no ${this.#words.name} configuration found`)
    return {
      nonce: record.verification?.nonce ?? '',
      wanted: record.wanted,
      progress: record.verification?.shares.length ?? 0,
    }
  }

  /** Takes one of the new shares; true with the last one needed, which makes them count. */
  async verify(share: Buffer, nonce: string): Promise<boolean> {
    const words = { nonce: 'this verify operation', during: 'verify operation' }
    const { all, wanted, wantedKey, attempt } = await this.#change((record) => {
      const { wanted, verification } = record
      if (!verification) {
        throw badRequest(`no ${this.#words.name} verification in progress`)
      }
      const { threshold } = wanted
      const { all, next } = giveShare(verification, { nonce, share, threshold }, words)
      return [
        { ...record, verification: { ...verification, shares: next } },
        { all, wanted, wantedKey: verification.unsealKey, attempt: record.nonce },
      ]
    })
    if (!all) return false
    const unsealKey = unsealKeyOf(wanted, all)
    const isRight = unsealKey !== null && equalSecrets(unsealKey.toString('base64'), wantedKey)
    if (!unsealKey || !isRight) {
      await this.restartVerification(null)
      throw badRequest('rekey verification failed; incorrect key shares supplied')
    }
    await this.#adopt(attempt, unsealKey)
    unsealKey.fill(0)
    return true
  }

  /**
   * Forgets the new shares that were entered; they come under a new nonce. `given` is the nonce so far, or
   * null where the caller needs none.
   */
  async restartVerification(given: string | null): Promise<void> {
    const nonce = this.#parts.random.uuid()
    await this.#change((record) => {
      const { verification } = record
      if (!verification) return [record, null]
      assertMayCancel(verification, given)
      return [{ ...record, verification: { ...verification, nonce, shares: [] } }, null]
    })
  }

  async #adopt(nonce: string, unsealKey: Buffer): Promise<void> {
    const { storage, log } = this.#parts
    const entry = await storage.get(REKEY_KEY)
    const record = entry?.json<RekeyRecord>()
    if (!entry || !record || record.nonce !== nonce) throw badRequest(this.#words.none)
    const { wanted } = record
    await changeRootKey(this.#parts, {
      ...wanted,
      unsealKey,
      record: { key: REKEY_KEY, version: entry.version },
    })
    log.info('rekey finished: the new shares count', { nonce, ...wanted })
  }

  #alreadyDone({ nonce }: Verification): Error {
    return badRequest(
      `${this.#words.name} operation already finished; verification must be performed; nonce for the verification operation is ${JSON.stringify(nonce)}`,
    )
  }

  #record(): Promise<RekeyRecord | null> {
    return readCeremony<RekeyRecord>(this.#parts.storage, REKEY_KEY, this.#parts.now())
  }

  /** One step of the record that is there; throws 400 where there is none. */
  #change<T>(step: (record: RekeyRecord) => readonly [RekeyRecord, T]): Promise<T> {
    return this.#parts.storage.transaction(async (tx) => {
      const now = this.#parts.now()
      const record = await readCeremony<RekeyRecord>(tx, REKEY_KEY, now)
      if (!record) throw badRequest(this.#words.none)
      const [next, result] = step(record)
      writeCeremony<RekeyRecord>(tx, REKEY_KEY, next, now)
      return result
    })
  }

  async #threshold(): Promise<number> {
    const stored = await readSealRecord(this.#parts.backend)
    if (!stored) throw badRequest('server is not yet initialized')
    return stored.record.threshold
  }
}
