// The chain of an issuer: itself, then those that signed it, roots before intermediates, each once. Cross-
// signed and reissued certificates make the graph one with cycles; every certificate that is reachable is
// in the chain exactly once.
import { MAX_PKI_CHAIN } from '../../base/limits.ts'
import type { Directory, IssuerInfo } from './authority.ts'

/** Ids, the issuer's own first. */
export function chainOf(directory: Directory, id: string): readonly string[] {
  const byId = new Map(directory.issuers.map((issuer) => [issuer.id, issuer]))
  const chain = new Set<string>()
  const start = byId.get(id)
  if (start) visit(byId, start, chain)
  return [...chain].slice(0, MAX_PKI_CHAIN)
}

function visit(
  byId: ReadonlyMap<string, IssuerInfo>,
  issuer: IssuerInfo,
  chain: Set<string>,
): void {
  // Iterative: a hostile bundle may be one path of a thousand certificates.
  const waiting = [issuer]
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (chain.has(at.id)) continue
    if (at.manualChain.length > 0) {
      for (const id of at.manualChain) if (byId.has(id)) chain.add(id)
      continue
    }
    chain.add(at.id)
    const parents = at.parents.flatMap((id) => byId.get(id) ?? []).sort(byIdDescending)
    const roots = parents.filter(isRoot)
    const others = parents.filter((parent) => !isRoot(parent))
    // The last one in is the first one out.
    for (const parent of [...roots, ...others].reverse()) waiting.push(parent)
  }
}

/** By name alone, as Vault orders them. */
const isRoot = (issuer: IssuerInfo): boolean => issuer.subjectHash === issuer.issuerHash
const byIdDescending = (a: IssuerInfo, b: IssuerInfo): number => (a.id > b.id ? -1 : 1)
