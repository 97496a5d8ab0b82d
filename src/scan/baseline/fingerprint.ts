// What a finding is known by across commits, renames and moved lines: `sr1:RULE:HASH`, where HASH is the first 40 bits of
// a slow hash (scrypt) of the secret under the repository's salt. Nothing of the place takes part.
// A committed fingerprint must not help whoever guesses: each guess costs scrypt anew, because the salt alone yields no
// key that would make guessing fast, and 40 bits leave some 10^6 matches among 2^60 texts, so that a match proves no
// random secret. They are enough never to mistake one secret for another (1 in 10^12). What a dictionary holds can still
// be found, at about 12 ms a guess: whoever baselines a guessable password has to change it all the same. Nobody lists
// what a machine drew at random, so that a guess at it may cost less: trees full of test keys are scanned in their time.
import { Buffer } from 'node:buffer'
import { scrypt } from 'node:crypto'
import { SCAN_FINGERPRINTS_AT_ONCE } from '../../base/limits.ts'
import type { Finding } from '../finding.ts'
import { shannonEntropy } from '../match/shannon-entropy.ts'

const VERSION = 'sr1'
const HASH_BYTES = 5
/** 4 MiB and some 12 ms for each secret. Changing any of this needs another version. */
const COST = { N: 4096, r: 8, p: 1 }
/** 128 KiB and some 0.4 ms, for what is beyond guessing. */
const COST_BEYOND_GUESSING = { N: 128, r: 8, p: 1 }

const HEX_KEY = /^[0-9a-fA-F]{32,}$/
/** No colon, at sign or semicolon: a long URL may hold a short password. */
const LONG_TOKEN = /^[A-Za-z0-9+/=_.~-]{40,}$/
const PRIVATE_KEY = /^-----BEGIN [A-Z0-9 ]{1,40}-----[^:;@]{100,}$/
/** Bits a character: what repeats itself stays expensive. */
const LEAST_ENTROPY = 3

/** Whether a secret is long and random enough, as far as can be seen, that no list of guesses has it. */
function isBeyondGuessing(secret: string): boolean {
  const isMixed = /[0-9]/.test(secret) && /[A-Za-z]/.test(secret)
  if (!isMixed || shannonEntropy(secret) < LEAST_ENTROPY) return false
  return HEX_KEY.test(secret) || LONG_TOKEN.test(secret) || PRIVATE_KEY.test(secret)
}

/** The salt of repositories without a baseline: reports have to name findings alike on every machine. */
export const COMMON_SALT = Buffer.from('strongroom scan, no baseline')
export const SALT_BYTES = 16

export const FINGERPRINT = /^sr1:([^:\s]+):([0-9a-f]{10})$/

/** Makes the fingerprints of one run: the same secret is hashed once, a few are at work at a time. */
export class Fingerprints {
  private readonly salt: Uint8Array
  private readonly hashes = new Map<string, Promise<string>>()
  private free = SCAN_FINGERPRINTS_AT_ONCE
  private readonly waiting: (() => void)[] = []

  constructor(salt: Uint8Array) {
    this.salt = salt
  }

  async of(finding: Finding): Promise<string> {
    return `${VERSION}:${finding.ruleId}:${await this.hash(finding)}`
  }

  private hash(finding: Finding): Promise<string> {
    const text = hashedText(finding)
    let made = this.hashes.get(text)
    if (!made) {
      // A baseline names the path of a finding that has no secret.
      const isCheap = finding.secret === '' || isBeyondGuessing(finding.secret)
      made = this.compute(text, isCheap ? COST_BEYOND_GUESSING : COST)
      this.hashes.set(text, made)
    }
    return made
  }

  private async compute(text: string, cost: typeof COST): Promise<string> {
    if (this.free === 0) await new Promise<void>((resolve) => this.waiting.push(resolve))
    else this.free--
    try {
      return await new Promise<string>((resolve, reject) =>
        scrypt(Buffer.from(text, 'latin1'), this.salt, HASH_BYTES, cost, (error, hash) =>
          error ? reject(error) : resolve(hash.toString('hex')),
        ),
      )
    } finally {
      const next = this.waiting.shift()
      if (next) next()
      else this.free++
    }
  }
}

/** A rule about paths has no secret: its finding is the path. */
function hashedText(finding: Finding): string {
  return finding.secret === '' ? `path\0${finding.file}` : `secret\0${finding.secret}`
}
