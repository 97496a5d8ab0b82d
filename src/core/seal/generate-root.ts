// A new root token from enough key shares. It is answered XORed with a one-time password that whoever began
// has, so that the one who enters the last share does not learn it. Source: Vault's API page
// "sys/generate-root".
import { badRequest } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import type { Log } from '../../sdk/log.ts'
import type { Core } from '../core.ts'
import { GENERATE_ROOT_KEY, ROOT_NAMESPACE_ID } from '../keys.ts'
import { mintRootToken } from './bootstrap.ts'
import {
  assertMayCancel,
  type Ceremony,
  giveShare,
  readCeremony,
  writeCeremony,
} from './ceremony.ts'
import { areRightShares, type SealStore } from './root-key-change.ts'
import { readSealRecord } from './seal-record.ts'

interface GenerateRootRecord extends Ceremony {
  readonly otp: string
}

export interface GenerateRootStatus {
  /** '' where no attempt is in progress. */
  readonly nonce: string
  readonly progress: number
  readonly required: number
  readonly otpLength: number
}

export interface GenerateRootStep {
  readonly progress: number
  readonly required: number
  /** '' until the last share. */
  readonly encodedToken: string
}

export interface GenerateRootParts extends SealStore {
  readonly core: Core
  readonly log: Log
  now(): number
}

const NONE = 'no root generation in progress'
const WORDS = { nonce: 'this root generation operation', during: 'generation operation' }

export class GenerateRoot {
  readonly #parts: GenerateRootParts

  constructor(parts: GenerateRootParts) {
    this.#parts = parts
  }

  async status(): Promise<GenerateRootStatus> {
    const { storage } = this.#parts
    const now = this.#parts.now()
    const record = await readCeremony<GenerateRootRecord>(storage, GENERATE_ROOT_KEY, now)
    return {
      nonce: record?.nonce ?? '',
      progress: record?.shares.length ?? 0,
      required: await this.#threshold(),
      otpLength: this.#newText().length,
    }
  }

  /** Begins with a password of the caller's, or ('') one that is made and answered. */
  async start(wanted: string): Promise<string> {
    const { storage, random, log } = this.#parts
    const { length } = this.#newText()
    const otp = wanted === '' ? oneTimePassword(length, random) : wanted
    if (Buffer.byteLength(otp) !== length) throw badRequest('OTP string has incorrect length')
    const nonce = random.uuid()
    await storage.transaction(async (tx) => {
      const now = this.#parts.now()
      if (await readCeremony<GenerateRootRecord>(tx, GENERATE_ROOT_KEY, now)) {
        throw badRequest('root generation already in progress')
      }
      writeCeremony<GenerateRootRecord>(tx, GENERATE_ROOT_KEY, { nonce, shares: [], otp }, now)
    })
    log.info('root generation started', { nonce })
    return otp
  }

  /** `nonce` null: the caller may cancel what it likes. */
  async cancel(nonce: string | null): Promise<void> {
    await this.#parts.storage.transaction(async (tx) => {
      const now = this.#parts.now()
      const record = await readCeremony<GenerateRootRecord>(tx, GENERATE_ROOT_KEY, now)
      assertMayCancel(record, nonce)
      tx.delete(GENERATE_ROOT_KEY)
    })
  }

  async update(share: Buffer, nonce: string): Promise<GenerateRootStep> {
    const { storage, core, log } = this.#parts
    const required = await this.#threshold()
    const { all, otp, progress } = await storage.transaction(async (tx) => {
      const now = this.#parts.now()
      const record = await readCeremony<GenerateRootRecord>(tx, GENERATE_ROOT_KEY, now)
      if (!record) throw badRequest(NONE)
      const { all, next } = giveShare(record, { nonce, share, threshold: required }, WORDS)
      writeCeremony<GenerateRootRecord>(tx, GENERATE_ROOT_KEY, { ...record, shares: next }, now)
      return { all, otp: record.otp, progress: record.shares.length + 1 }
    })
    if (!all) return { progress, required, encodedToken: '' }
    if (!(await areRightShares(this.#parts, all))) {
      throw badRequest(
        'root generation aborted: invalid key: the shares given do not make the unseal key; give them again',
      )
    }
    // Gone before the token is made, so that the same shares never make two.
    await storage.transaction(async (tx) => {
      const record = await readCeremony<GenerateRootRecord>(tx, GENERATE_ROOT_KEY, 0)
      if (record?.nonce !== nonce) throw badRequest(NONE)
      tx.delete(GENERATE_ROOT_KEY)
    })
    const token = await mintRootToken(core, { text: this.#newText() })
    log.info('root generation finished', { nonce })
    return { progress, required, encodedToken: encodeToken(token, otp) }
  }

  #newText(): string {
    return this.#parts.core.tokens.newText(ROOT_NAMESPACE_ID)
  }

  async #threshold(): Promise<number> {
    return (await readSealRecord(this.#parts.backend))?.record.threshold ?? 0
  }
}

/** XOR of both, in base64 without padding. */
export function encodeToken(token: string, otp: string): string {
  const pad = Buffer.from(otp)
  const bytes = Buffer.from(token).map((byte, at) => byte ^ pad[at]!)
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '')
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const LARGEST_FAIR_BYTE = 256 - (256 % ALPHABET.length)

/** Letters and digits, each as likely as the other. */
function oneTimePassword(length: number, random: Random): string {
  let password = ''
  while (password.length < length) {
    for (const byte of random.bytes(length)) {
      if (byte < LARGEST_FAIR_BYTE && password.length < length) {
        password += ALPHABET[byte % ALPHABET.length]
      }
    }
  }
  return password
}
