// The chain through one writer's audit lines. A writer is one device in one process: it has a random id,
// numbers its lines from 1 and gives each the hash of the one before, so a line that is changed, removed,
// inserted or moved breaks what follows. The first line pins an Ed25519 key; checkpoints sign the hash, so
// that nobody without the key can write the chain anew. The chain is the last member of a line:
//   "chain":{"w":writer,"n":number,"p":hash of the line before,"h":hash of this line[,"s":signature]}
// h covers the line's text up to and including p. Hashes are SHA-256 in base64url.
import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'
import type { LineBuffer } from './line-buffer.ts'

/** Where a writer's chain stands: what storage keeps about it. */
export interface ChainHead {
  readonly writer: string
  /** Number of its last line; 0 before the first. */
  readonly n: number
  /** Hash of that line. */
  readonly hash: string
}

/** `hash` of a writer's line number 0, which doesn't exist. */
export const CHAIN_START = ''

/** The signing half of a server's audit key. */
export interface ChainSigner {
  readonly privateKey: KeyObject
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string
}

/** Appends the chain to entries, in order. Entries come without their closing brace. */
export class ChainWriter {
  readonly writer: string
  readonly #signer: ChainSigner
  readonly #prefix: string
  #n = 0
  #hash = CHAIN_START

  /** `prefix` stands in front of each line and is covered by its hash. */
  constructor(writer: string, signer: ChainSigner, prefix: string) {
    this.writer = writer
    this.#signer = signer
    this.#prefix = prefix
  }

  get head(): ChainHead {
    return { writer: this.writer, n: this.#n, hash: this.#hash }
  }

  /** Writes the whole line, with its newline. */
  line(openEntry: string, into: LineBuffer): void {
    this.#covered(openEntry, into)
    into.add(`,"h":"${this.#hash}"}}\n`)
    into.endLine()
  }

  /** The same, with the server's signature of the chain up to here. */
  signedLine(openEntry: string, into: LineBuffer): void {
    this.#covered(openEntry, into)
    const signature = sign(null, signedBytes(this.head), this.#signer.privateKey)
    into.add(`,"h":"${this.#hash}","s":"${signature.toString('base64url')}"}}\n`)
    into.endLine()
  }

  #covered(openEntry: string, into: LineBuffer): void {
    this.#n++
    const start = into.length
    into.add(
      `${this.#prefix}${openEntry},"chain":{"w":"${this.writer}","n":${this.#n},"p":"${this.#hash}"`,
    )
    this.#hash = hash('sha256', into.since(start), 'base64url')
  }
}

/** What a checkpoint signs: it names the writer and the place, so that it fits nowhere else. */
function signedBytes(head: ChainHead): Buffer {
  return Buffer.from(`strongroom audit chain 1\n${head.writer}\n${head.n}\n${head.hash}\n`)
}

/** True if `signature` (base64url) is that key's for the chain up to this head. */
export function isSignedBy(publicKey: string, head: ChainHead, signature: string): boolean {
  try {
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: publicKey },
      format: 'jwk',
    })
    const bytes = Buffer.from(signature, 'base64url')
    // The last character has spare bits: one signature has one spelling.
    return bytes.toString('base64url') === signature && verify(null, signedBytes(head), key, bytes)
  } catch {
    return false
  }
}

/** The chain's members as found at the end of a line. */
export interface ChainLink {
  readonly writer: string
  readonly n: number
  readonly previous: string
  readonly hash: string
  readonly signature: string | undefined
  /** The bytes that `hash` covers, still those of the line. */
  readonly covered: Uint8Array
}

const LINK =
  /,"chain":\{"w":"([\w-]{1,64})","n":([1-9]\d{0,15}),"p":"([\w-]{43})?","h":"([\w-]{43})"(?:,"s":"([\w-]{86})")?\}\}$/
/** A link is at most some 330 characters long: no need to search the rest of a line for it. */
const LINK_BYTES = 400

/** The link at the end of a line (without newline); undefined where the line carries none. */
export function readLink(line: Buffer): ChainLink | undefined {
  const tailAt = Math.max(0, line.length - LINK_BYTES)
  const tail = line.toString('latin1', tailAt)
  const match = LINK.exec(tail)
  if (match === null) return undefined
  return {
    writer: match[1]!,
    n: Number(match[2]),
    previous: match[3] ?? CHAIN_START,
    hash: match[4]!,
    signature: match[5],
    covered: line.subarray(0, tailAt + tail.indexOf(',"h":"', match.index)),
  }
}

/** True if the line's own hash is that of its text. */
export const isIntact = (link: ChainLink): boolean =>
  hash('sha256', link.covered, 'base64url') === link.hash
