// IP addresses and networks as the bytes that certificates hold: 4 or 16 for an address, twice that for a
// network with its mask (RFC 5280, 4.2.1.6 and 4.2.1.10). Text is canonical, as Go prints it.
import { isIP } from 'node:net'
import { malformed } from './x509-error.ts'

/** The bytes of an address; an IPv4-mapped IPv6 address is the IPv4 address. Null for other text. */
export function ipBytes(text: string): Buffer | null {
  const family = isIP(text)
  if (family === 4) return Buffer.from(text.split('.').map(Number))
  if (family !== 6 || text.includes('%')) return null
  const halves = text.split('::').map((half) => (half === '' ? [] : half.split(':')))
  const read = (parts: readonly string[]): number[] =>
    parts.flatMap((part) => {
      if (part.includes('.')) return part.split('.').map(Number)
      const word = Number.parseInt(part, 16)
      return [word >> 8, word & 0xff]
    })
  const head = read(halves[0]!)
  const tail = halves.length === 1 ? [] : read(halves[1]!)
  const bytes = Buffer.from([
    ...head,
    ...new Array<number>(16 - head.length - tail.length).fill(0),
    ...tail,
  ])
  const isMapped = bytes.readUIntBE(0, 6) === 0 && bytes.readUIntBE(6, 6) === 0xffff
  return isMapped ? bytes.subarray(12) : bytes
}

/** Throws X509Error unless there are 4 or 16 bytes. */
export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) throw malformed('invalid IP address')
  const words: number[] = []
  for (let i = 0; i < 16; i += 2) words.push((bytes[i]! << 8) | bytes[i + 1]!)
  if (words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff)
    return Buffer.from(bytes.subarray(12)).join('.')
  return compressed(words)
}

/** RFC 5952: the longest run of two zeros and more is left out, the first of equal ones. */
function compressed(words: readonly number[]): string {
  let best = -1
  let bestLength = 1
  for (let i = 0; i < 8; i++) {
    let length = 0
    while (i + length < 8 && words[i + length] === 0) length++
    if (length > bestLength) {
      best = i
      bestLength = length
    }
    i += length
  }
  const hex = words.map((word) => word.toString(16))
  if (best < 0) return hex.join(':')
  return `${hex.slice(0, best).join(':')}::${hex.slice(best + bestLength).join(':')}`
}

/** Address and mask of "10.0.0.0/8" (the address cut to its network); null for other text. */
export function networkBytes(text: string): Buffer | null {
  const [address, length] = text.split('/', 2) as [string, string | undefined]
  const bytes = ipBytes(address)
  if (bytes === null || length === undefined || !/^\d{1,3}$/.test(length)) return null
  const isMapped = bytes.length === 4 && address.includes(':')
  const bits = Number(length) - (isMapped ? 96 : 0)
  if (bits < 0 || bits > bytes.length * 8) return null
  const mask = Buffer.from(bytes.map((_, i) => 0xff & (0xff00 >> clamp(bits - i * 8))))
  return Buffer.concat([bytes.map((byte, i) => byte & mask[i]!), mask])
}

const clamp = (bits: number): number => Math.max(0, Math.min(8, bits))

/** "10.0.0.0/8"; a mask that is no prefix is printed in hex. Throws X509Error for other lengths. */
export function networkText(bytes: Uint8Array): string {
  if (bytes.length !== 8 && bytes.length !== 32) throw malformed('invalid IP network')
  const half = bytes.length / 2
  const mask = Buffer.from(bytes.subarray(half))
  const bits = [...mask].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const length = /^1*0*$/.test(bits)
    ? String(bits.replaceAll('0', '').length)
    : mask.toString('hex')
  return `${ipText(bytes.subarray(0, half))}/${length}`
}
