// Object identifiers: dotted text to DER content and back (X.690 8.19). Arcs may be of any size (UUIDs under
// 2.25 have 128 bits); the number of arcs and of bytes is bounded.
import { MAX_OID_BYTES } from '../../base/limits.ts'
import { malformed } from './x509-error.ts'

const DOTTED = /^[0-2](\.(0|[1-9]\d{0,38}))+$/

/** True for text such as 2.5.29.17. */
export function isOid(dotted: string): boolean {
  if (dotted.length > 4 * MAX_OID_BYTES || !DOTTED.test(dotted)) return false
  const second = dotted.slice(2).split('.', 1)[0]!
  return dotted.startsWith('2') || (second.length <= 2 && Number(second) < 40)
}

/** The content of an OBJECT IDENTIFIER. Throws X509Error for text that is none. */
export function encodeOid(dotted: string): Buffer {
  const known = KNOWN.get(dotted)
  if (known !== undefined) return known
  return encodeArcs(dotted)
}

function encodeArcs(dotted: string): Buffer {
  if (!isOid(dotted)) throw malformed('invalid object identifier')
  const arcs = dotted.split('.')
  const out: number[] = []
  pushArc(out, BigInt(arcs[0]!) * 40n + BigInt(arcs[1]!))
  for (let i = 2; i < arcs.length; i++) pushArc(out, BigInt(arcs[i]!))
  if (out.length > MAX_OID_BYTES) throw malformed('object identifier is too long')
  return Buffer.from(out)
}

function pushArc(out: number[], arc: bigint): void {
  const at = out.length
  let rest = arc
  do {
    out.splice(at, 0, Number(rest & 0x7fn) | (out.length > at ? 0x80 : 0))
    rest >>= 7n
  } while (rest > 0n)
}

/** The dotted text of an OBJECT IDENTIFIER's content. Throws X509Error for anything but DER. */
export function decodeOid(content: Uint8Array): string {
  if (content.length === 0 || content.length > MAX_OID_BYTES || content.at(-1)! & 0x80)
    throw malformed('invalid object identifier')
  let text = ''
  let arc = 0n
  let small = 0
  let bytes = 0
  for (const byte of content) {
    if (bytes === 0 && byte === 0x80) throw malformed('invalid object identifier')
    bytes++
    // Arcs of four bytes and less are plain numbers: nearly all are.
    if (bytes <= 4) small = small * 128 + (byte & 0x7f)
    else arc = (bytes === 5 ? BigInt(small) : arc) * 128n + BigInt(byte & 0x7f)
    if (bytes > 19) throw malformed('invalid object identifier')
    if (byte & 0x80) continue
    const value = bytes <= 4 ? BigInt(small) : arc
    if (text === '') {
      const root = value < 40n ? 0n : value < 80n ? 1n : 2n
      text = `${root}.${value - root * 40n}`
    } else text += `.${value}`
    small = 0
    bytes = 0
  }
  return text
}

/** Encodings of what every certificate holds; filled once when this module loads, never after. */
const KNOWN: ReadonlyMap<string, Buffer> = new Map(
  [
    ...['2.5.4.3', '2.5.4.5', '2.5.4.6', '2.5.4.7', '2.5.4.8', '2.5.4.9', '2.5.4.10', '2.5.4.11'],
    ...['2.5.4.17', '2.5.29.14', '2.5.29.15', '2.5.29.17', '2.5.29.19', '2.5.29.20', '2.5.29.21'],
    ...['2.5.29.31', '2.5.29.32', '2.5.29.35', '2.5.29.37', '1.3.6.1.5.5.7.1.1'],
    ...['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.48.1', '1.3.6.1.5.5.7.48.2'],
  ].map((dotted) => [dotted, encodeArcs(dotted)]),
)
