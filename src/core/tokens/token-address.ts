// Whether a token may be used from an address.
import { anyCidrContains, parseCidr } from '../../base/cidr.ts'
import type { TokenEntry } from './token-entry.ts'

export function isAddressBound(entry: TokenEntry, address: string): boolean {
  if (entry.boundCidrs.length === 0) return true
  const blocks = entry.boundCidrs.map(parseCidr).filter((block) => block !== null)
  return anyCidrContains(blocks, address)
}
