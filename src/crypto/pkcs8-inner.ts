// The parts of a PKCS #8 private key that node:crypto doesn't take apart: its algorithm, the parameters'
// OID and the inner key. Only so much DER as that takes; what doesn't fit is null. RFC 5208, RFC 5915.

export interface Pkcs8 {
  /** Dotted. */
  readonly algorithm: string
  /** Dotted; '' where the parameters are no OID. */
  readonly parameter: string
  readonly inner: Buffer
}

interface Element {
  readonly tag: number
  readonly body: Buffer
  /** Where the next one begins. */
  readonly end: number
}

function element(der: Buffer, at: number): Element | null {
  const tag = der[at]
  let length = der[at + 1]
  if (tag === undefined || length === undefined) return null
  let start = at + 2
  if (length > 0x80) {
    const bytes = length - 0x80
    if (bytes > 3 || start + bytes > der.length) return null
    length = der.readUIntBE(start, bytes)
    start += bytes
  } else if (length === 0x80) return null
  const end = start + length
  return end > der.length ? null : { tag, body: der.subarray(start, end), end }
}

/** The elements of a constructed body; null where they don't fill it. */
function elements(body: Buffer): readonly Element[] | null {
  const all: Element[] = []
  for (let at = 0; at < body.length; ) {
    const next = element(body, at)
    if (next === null) return null
    all.push(next)
    at = next.end
  }
  return all
}

function oidText(body: Buffer): string {
  const numbers: number[] = []
  let value = 0
  for (const byte of body) {
    value = value * 128 + (byte & 0x7f)
    if (byte < 0x80) {
      numbers.push(value)
      value = 0
    }
  }
  const first = numbers.shift() ?? 0
  return [Math.min(2, Math.floor(first / 40)), first - 40 * Math.min(2, Math.floor(first / 40))]
    .concat(numbers)
    .join('.')
}

const SEQUENCE = 0x30
const OCTET_STRING = 0x04
const OID = 0x06

export function pkcs8Parts(der: Buffer): Pkcs8 | null {
  const outer = element(der, 0)
  if (outer?.tag !== SEQUENCE) return null
  const [, algorithm, inner] = elements(outer.body) ?? []
  if (algorithm?.tag !== SEQUENCE || inner?.tag !== OCTET_STRING) return null
  const [oid, parameter] = elements(algorithm.body) ?? []
  if (oid?.tag !== OID) return null
  return {
    algorithm: oidText(oid.body),
    parameter: parameter?.tag === OID ? oidText(parameter.body) : '',
    inner: inner.body,
  }
}

/** The private bytes of an ECPrivateKey (RFC 5915). */
export function ecPrivateBytes(der: Buffer): Buffer | null {
  const outer = element(der, 0)
  const [, secret] = outer?.tag === SEQUENCE ? (elements(outer.body) ?? []) : []
  return secret?.tag === OCTET_STRING ? secret.body : null
}
