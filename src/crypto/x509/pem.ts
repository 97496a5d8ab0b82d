// PEM (RFC 7468) in and out, bundles of several blocks too. Text between blocks is left out of account, as
// everywhere; what stands in a block must be base64.
import { MAX_PEM_BLOCKS } from '../../base/limits.ts'
import { malformed } from './x509-error.ts'

export interface PemBlock {
  /** "CERTIFICATE", "EC PRIVATE KEY". */
  readonly label: string
  readonly der: Buffer
}

export const PEM = {
  certificate: 'CERTIFICATE',
  request: 'CERTIFICATE REQUEST',
  crl: 'X509 CRL',
  pkcs8: 'PRIVATE KEY',
  rsaKey: 'RSA PRIVATE KEY',
  ecKey: 'EC PRIVATE KEY',
  publicKey: 'PUBLIC KEY',
} as const

/** Without a newline at the end, as Vault answers PEM. */
export function toPem(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('base64')
  let text = `-----BEGIN ${label}-----\n`
  for (let at = 0; at < base64.length; at += 64) text += `${base64.slice(at, at + 64)}\n`
  return `${text}-----END ${label}-----`
}

const BEGIN = '-----BEGIN '
const DASHES = '-----'

/** All blocks in order; empty where there are none. Throws X509Error for a block that is cut or no base64. */
export function parsePem(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = []
  let at = 0
  for (;;) {
    const begin = text.indexOf(BEGIN, at)
    if (begin < 0) return blocks
    const labelEnd = text.indexOf(DASHES, begin + BEGIN.length)
    const label = text.slice(begin + BEGIN.length, labelEnd)
    if (labelEnd < 0 || label.length > 64 || label.includes('\n'))
      throw malformed('invalid PEM header')
    const end = `-----END ${label}-----`
    const stop = text.indexOf(end, labelEnd)
    if (stop < 0) throw malformed('PEM block has no end')
    blocks.push({ label, der: decodeBody(text.slice(labelEnd + DASHES.length, stop)) })
    if (blocks.length > MAX_PEM_BLOCKS) throw malformed('PEM holds too many blocks')
    at = stop + end.length
  }
}

function decodeBody(body: string): Buffer {
  const base64 = withoutHeaders(body).replace(/\s+/g, '')
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0)
    throw malformed('PEM block is not valid base64')
  return Buffer.from(base64, 'base64')
}

/** "Proc-Type: 4,ENCRYPTED" and its like (RFC 1421) end with an empty line. */
function withoutHeaders(body: string): string {
  if (!body.includes(':')) return body
  const headers = /^\s*(?:[A-Za-z0-9-]+:[^\n]*\r?\n)+\r?\n/.exec(body)
  return headers ? body.slice(headers[0].length) : body
}

/** DER of what may be PEM (its first block) or base64 of DER; null where it is neither. */
export function pemOrBase64(text: string): Buffer | null {
  if (text.includes(BEGIN)) return parsePem(text)[0]?.der ?? null
  const base64 = text.replace(/\s+/g, '')
  if (base64 === '' || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return null
  return Buffer.from(base64, 'base64')
}
