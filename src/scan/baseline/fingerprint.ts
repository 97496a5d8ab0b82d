// What a finding is known by across commits, renames and moved lines: `sr1:RULE:HASH`, where HASH is the first 40 bits of
// a slow hash (scrypt) of the secret under the repository's salt. Nothing of the place takes part.
// A committed fingerprint must not help whoever guesses: each guess costs scrypt anew, because the salt alone yields no
// key that would make guessing fast, and 40 bits leave some 10^6 matches among 2^60 texts, so that a match proves no
// random secret. They are enough never to mistake one secret for another (1 in 10^12). What a dictionary holds can still
// be found, at about 12 ms a guess: whoever baselines a guessable password has to change it all the same.
import { Buffer } from 'node:buffer'
import { scrypt } from 'node:crypto'
import { SCAN_FINGERPRINTS_AT_ONCE } from '../../base/limits.ts'
import type { Finding } from '../finding.ts'

const VERSION = 'sr1'
const HASH_BYTES = 5
/** 4 MiB and some 12 ms for each secret. Changing this needs another version. */
const COST = { N: 4096, r: 8, p: 1 }

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
    return `${VERSION}:${finding.ruleId}:${await this.hash(hashedText(finding))}`
  }

  private hash(text: string): Promise<string> {
    let made = this.hashes.get(text)
    if (!made) this.hashes.set(text, (made = this.compute(text)))
    return made
  }

  private async compute(text: string): Promise<string> {
    if (this.free === 0) await new Promise<void>((resolve) => this.waiting.push(resolve))
    else this.free--
    try {
      return await new Promise<string>((resolve, reject) =>
        scrypt(Buffer.from(text, 'latin1'), this.salt, HASH_BYTES, COST, (error, hash) =>
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
