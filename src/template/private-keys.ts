// New private keys as PEM, in the forms that sprig's genPrivateKey answers, and keys read from PEM for certificates.
import { Buffer } from 'node:buffer'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { DerReader, readOnly } from '../crypto/x509/der-reader.ts'
import { integer, sequence } from '../crypto/x509/der-writer.ts'
import { parsePem, toPem } from '../crypto/x509/pem.ts'
import { parsePrivateKeyBlock, privateKeyPem } from '../crypto/x509/private-key.ts'
import { X509Error } from '../crypto/x509/x509-error.ts'
import { FunctionError } from './template-error.ts'

const RSA_BITS = 4096

const pem = (key: KeyObject): string => `${privateKeyPem(key, 'traditional')}\n`

export const newRsaKey = (bits: number): KeyObject =>
  generateKeyPairSync('rsa', { modulusLength: bits }).privateKey

/** A key of type rsa (also ""), dsa, ecdsa or ed25519; other types are named in the answer, as sprig does. */
export function generatePrivateKeyPem(type: string): string {
  switch (type) {
    case '':
    case 'rsa':
      return pem(newRsaKey(RSA_BITS))
    case 'ecdsa':
      return pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
    case 'ed25519':
      return pem(generateKeyPairSync('ed25519').privateKey)
    case 'dsa':
      return dsaPem()
    default:
      return `Unknown type ${type}`
  }
}

/** OpenSSL's old form of a DSA key: version, p, q, g, y, x. */
function dsaPem(): string {
  const { privateKey } = generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 })
  const der = privateKey.export({ type: 'pkcs8', format: 'der' })
  const reader = readOnly(der)
  reader.unsigned()
  const algorithm = reader.enter()
  algorithm.oid()
  const numbers = algorithm.enter()
  const [p, q, g] = [numbers.unsigned(), numbers.unsigned(), numbers.unsigned()].map(bigOf) as [
    bigint,
    bigint,
    bigint,
  ]
  const x = bigOf(new DerReader(reader.octets()).unsigned())
  const parts = [p, q, g, power(g, x, p), x].map((number) => integer(bytesOf(number)))
  return `${toPem('DSA PRIVATE KEY', sequence(integer(0), ...parts))}\n`
}

const bigOf = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`)

function bytesOf(number: bigint): Buffer {
  const hex = number.toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  for (let square = base % modulus, left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

/** The key in a PEM text. Throws FunctionError in sprig's words. */
export function privateKeyFromPem(text: string): KeyObject {
  const block = firstBlock(text)
  if (!block) throw new FunctionError('no PEM data in input')
  if (block.label !== 'PRIVATE KEY' && !block.label.endsWith(' PRIVATE KEY')) {
    throw new FunctionError(`no private key data in PEM block of type ${block.label}`)
  }
  const kind = block.label === 'PRIVATE KEY' ? null : block.label.slice(0, -' PRIVATE KEY'.length)
  if (kind !== null && kind !== 'RSA' && kind !== 'EC') {
    throw new FunctionError(`invalid private key type ${kind}`)
  }
  try {
    return parsePrivateKeyBlock(block)
  } catch (error) {
    if (!(error instanceof X509Error)) throw error
    const what = kind === null ? 'decoding PEM as PKCS#8' : `parsing ${kind} private key from PEM`
    throw new FunctionError(`${what}: ${error.message}`)
  }
}

/** The first PEM block; null: none that can be read. */
export function firstBlock(text: string): { label: string; der: Buffer } | null {
  try {
    return parsePem(text)[0] ?? null
  } catch (error) {
    if (error instanceof X509Error) return null
    throw error
  }
}

export { pem as privateKeyText }
