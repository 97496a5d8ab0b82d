// X-Forwarded-For, believed only from proxies that the configuration names (Vault's listener options
// x_forwarded_for_*). From anyone else the header is removed, so that nobody below can believe it.
import { BlockList, isIP } from 'node:net'
import { type ApiError, badRequest } from '../base/errors.ts'

export interface ForwardedRules {
  /** Addresses and CIDR blocks of trusted proxies; with none the header is ignored. */
  readonly authorizedAddrs: readonly string[]
  /** Entries to leave out from the right: how many trusted proxies stand before the last one. */
  readonly hopSkips: number
  readonly rejectNotPresent: boolean
  readonly rejectNotAuthorized: boolean
}

export interface ForwardedOrigin {
  readonly address: string
  readonly headers: readonly string[]
}

/** Decides whose request it is, from the socket's address and the request's headers. */
export type ForwardedResolver = (
  remoteAddress: string,
  headers: readonly string[],
) => ForwardedOrigin | ApiError

const HEADER = 'x-forwarded-for'

/** Throws if the rules themselves are malformed. null: nobody is trusted, the header is left alone. */
export function forwardedResolver(rules: ForwardedRules): ForwardedResolver | null {
  if (rules.authorizedAddrs.length === 0) return null
  if (!Number.isInteger(rules.hopSkips) || rules.hopSkips < 0) {
    throw new Error(`x_forwarded_for_hop_skips cannot be negative but set to ${rules.hopSkips}`)
  }
  const trusted = parseBlocks(rules.authorizedAddrs)
  return (remoteAddress, headers) => {
    const chain = readChain(headers)
    if (chain.length === 0) {
      if (!rules.rejectNotPresent) return { address: remoteAddress, headers }
      return badRequest('missing x-forwarded-for header and configured to reject when not present')
    }
    const family = isIP(remoteAddress)
    if (family === 0 || !trusted.check(remoteAddress, family === 6 ? 'ipv6' : 'ipv4')) {
      if (!rules.rejectNotAuthorized) {
        return { address: remoteAddress, headers: withoutChain(headers) }
      }
      return badRequest(
        'client address not authorized for x-forwarded-for and configured to reject connection',
      )
    }
    const index = chain.length - 1 - rules.hopSkips
    if (index < 0) {
      return badRequest(
        'malformed x-forwarded-for configuration or request, hops to skip ' +
          `(${rules.hopSkips}) would skip before earliest chain link (chain length ${chain.length})`,
      )
    }
    const address = hostOf(chain[index]!)
    return address === null
      ? badRequest('malformed x-forwarded-for header: not an address')
      : { address, headers }
  }
}

function parseBlocks(blocks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const block of blocks) {
    const [address = '', prefix, rest] = block.trim().split('/')
    const family = isIP(address)
    const bits = family === 6 ? 128 : 32
    const length = prefix === undefined ? bits : Number(prefix)
    const isPrefix = prefix === undefined || /^[0-9]{1,3}$/.test(prefix)
    if (family === 0 || rest !== undefined || !isPrefix || length > bits) {
      throw new Error(`x_forwarded_for_authorized_addrs: not an address or CIDR block: ${block}`)
    }
    list.addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}

/** All entries of all such headers, first hop first. */
function readChain(headers: readonly string[]): string[] {
  const chain: string[] = []
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index] !== HEADER) continue
    for (const entry of headers[index + 1]!.split(',')) chain.push(entry.trim())
  }
  return chain
}

function withoutChain(headers: readonly string[]): string[] {
  const kept: string[] = []
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index] !== HEADER) kept.push(headers[index]!, headers[index + 1]!)
  }
  return kept
}

/** The address of `1.2.3.4`, `1.2.3.4:80`, `::1` or `[::1]:80`; some proxies add the port. */
function hostOf(entry: string): string | null {
  if (isIP(entry) !== 0) return plainAddress(entry)
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::[0-9]{1,5})?$/.exec(entry)
  const host = match?.[1] ?? match?.[2] ?? ''
  return isIP(host) === 0 ? null : plainAddress(host)
}

/** An IPv4 address that a dual-stack socket shows as `::ffff:1.2.3.4` in its usual form. */
export const plainAddress = (address: string): string =>
  address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
