// IP addresses and CIDR blocks, IPv4 and IPv6, exact to the bit. An IPv4-mapped IPv6 address
// (::ffff:192.0.2.1, as a dual-stack socket reports its peers) is the IPv4 address that it carries.
// Own instead of net.BlockList: a block must be named, kept in order and compared without a native call.
import { isIP } from 'node:net'

/** An address as 16-bit words: 2 of them for IPv4, 8 for IPv6. */
type Words = readonly number[]

export interface Cidr {
  /** Canonical text: the network's own address and the length of its prefix. */
  readonly text: string
  readonly words: Words
  readonly bits: number
}

const MAPPED: Words = [0, 0, 0, 0, 0, 0xffff]

/** The words of an address, or null where the text is none. A zone (%eth0) is left out of account. */
function parseAddress(text: string): Words | null {
  const zone = text.indexOf('%')
  const address = zone < 0 ? text : text.slice(0, zone)
  const family = isIP(address)
  if (family === 0) return null
  if (family === 4) return ipv4Words(address)
  const words = ipv6Words(address)
  return MAPPED.every((word, at) => words[at] === word) ? words.slice(6) : words
}

function ipv4Words(address: string): number[] {
  const [a, b, c, d] = address.split('.').map(Number)
  return [(a! << 8) | b!, (c! << 8) | d!]
}

/** Of an address that isIP has accepted. */
function ipv6Words(address: string): number[] {
  const halves = address.split('::').map((half) => (half === '' ? [] : half.split(':')))
  const read = (parts: readonly string[]): number[] =>
    parts.flatMap((part) => (part.includes('.') ? ipv4Words(part) : [Number.parseInt(part, 16)]))
  const head = read(halves[0]!)
  if (halves.length === 1) return head
  const tail = read(halves[1]!)
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}

/** A block such as "10.0.0.0/8" or "2001:db8::/32", or one address; null where the text is neither. */
export function parseCidr(text: string): Cidr | null {
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  if (address.includes('%')) return null
  let words = parseAddress(address)
  if (!words) return null
  const written = address.includes(':') ? 128 : 32
  let bits = written
  if (slash >= 0) {
    const length = text.slice(slash + 1)
    if (!/^(0|[1-9]\d{0,2})$/.test(length)) return null
    bits = Number(length)
    if (bits > written) return null
  }
  if (written === 128 && words.length === 2) {
    // ::ffff:10.0.0.0/104 is the IPv4 block 10.0.0.0/8; a shorter prefix covers more than IPv4.
    if (bits >= 96) bits -= 96
    else words = [...MAPPED, ...words]
  }
  const network = words.map((word, at) => word & wordMask(bits, at))
  return { text: `${formatWords(network)}/${bits}`, words: network, bits }
}

/** The bits of word `at` that belong to a prefix of `bits` bits. */
function wordMask(bits: number, at: number): number {
  const own = Math.min(16, Math.max(0, bits - at * 16))
  return (0xffff << (16 - own)) & 0xffff
}

/** True where the address lies in the block; false also where it is no address at all. */
export function cidrContains(cidr: Cidr, address: string): boolean {
  const words = parseAddress(address)
  return words !== null && contains(cidr, words)
}

/** True where one of the blocks holds the address. */
export function anyCidrContains(cidrs: readonly Cidr[], address: string): boolean {
  const words = parseAddress(address)
  return words !== null && cidrs.some((cidr) => contains(cidr, words))
}

/** True where every address of `inner` lies in `outer`. */
export function cidrCovers(outer: Cidr, inner: Cidr): boolean {
  return inner.bits >= outer.bits && contains(outer, inner.words)
}

function contains(cidr: Cidr, words: Words): boolean {
  if (words.length !== cidr.words.length) return false
  for (let at = 0; at * 16 < cidr.bits; at++) {
    if (((words[at]! ^ cidr.words[at]!) & wordMask(cidr.bits, at)) !== 0) return false
  }
  return true
}

/** IPv6 in the canonical form of RFC 5952: lower case, the longest run of zeros as '::'. */
function formatWords(words: Words): string {
  if (words.length === 2) return words.map((word) => `${word >> 8}.${word & 255}`).join('.')
  let start = -1
  let length = 1
  for (let at = 0; at < 8; at++) {
    let end = at
    while (end < 8 && words[end] === 0) end++
    if (end - at > length) {
      start = at
      length = end - at
    }
    if (end > at) at = end - 1
  }
  const hex = (part: Words): string => part.map((word) => word.toString(16)).join(':')
  if (start < 0) return hex(words)
  return `${hex(words.slice(0, start))}::${hex(words.slice(start + length))}`
}
