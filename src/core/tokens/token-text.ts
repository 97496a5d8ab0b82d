// The text of tokens and accessors. Service tokens: hvs. and 72 random bytes; batch tokens: hvb. and a
// sealed blob; outside the root namespace both, and accessors too, end in a dot and the namespace's id.
// Scanners know the prefixes and lengths (at least 95 and 138 characters), so they must stay.
import { MAX_TOKEN_CHARS } from '../../base/limits.ts'
import { ROOT_NAMESPACE_ID } from '../keys.ts'
import { TOKEN_HASH_CHARS } from './token-hash.ts'

export const SERVICE_PREFIX = 'hvs.'
export const BATCH_PREFIX = 'hvb.'
export const SERVICE_TOKEN_BYTES = 72

/** A namespace's id goes into storage keys, so nothing else may stand in its place. */
const NAMESPACE_ID = /^[A-Za-z0-9]{1,16}$/

export interface ParsedToken {
  readonly kind: 'service' | 'batch'
  readonly namespaceId: string
  /** Of a batch token: the blob between prefix and namespace. */
  readonly body: string
}

/** null where the text can't be a token of this server, whatever is stored. */
export function parseTokenText(text: string): ParsedToken | null {
  if (text.length === 0 || text.length > MAX_TOKEN_CHARS) return null
  const isService = text.startsWith(SERVICE_PREFIX)
  const isBatch = !isService && text.startsWith(BATCH_PREFIX)
  const start = isService || isBatch ? 4 : 0
  const dot = text.indexOf('.', start)
  if (start === 0) {
    // An id of the creator's own choice: only in the root namespace, and without a dot.
    if (dot !== -1) return null
    return { kind: 'service', namespaceId: ROOT_NAMESPACE_ID, body: text }
  }
  const kind = isService ? 'service' : 'batch'
  if (dot === -1) return { kind, namespaceId: ROOT_NAMESPACE_ID, body: text.slice(start) }
  const namespaceId = text.slice(dot + 1)
  if (!NAMESPACE_ID.test(namespaceId) || namespaceId === ROOT_NAMESPACE_ID) return null
  return { kind, namespaceId, body: text.slice(start, dot) }
}

export const tokenText = (prefix: string, body: string, namespaceId: string): string =>
  namespaceId === ROOT_NAMESPACE_ID ? prefix + body : `${prefix}${body}.${namespaceId}`

/** Why an id of the creator's own choice is refused; null where it may be used. */
export function customIdFault(id: string): string | null {
  if (id.startsWith(SERVICE_PREFIX)) return "custom token ID cannot have the 'hvs.' prefix"
  if (id.startsWith('s.')) return "custom token ID cannot have the 's.' prefix"
  if (id.includes('.')) return "custom token ID cannot have a '.' in the value"
  return id.length > MAX_TOKEN_CHARS ? 'custom token ID is too long' : null
}

/** A token as its accessor names it: unique over all namespaces. */
export interface TokenRef {
  readonly namespaceId: string
  readonly hash: string
}

export const accessorOf = (namespaceId: string, hash: string): string =>
  namespaceId === ROOT_NAMESPACE_ID ? hash : `${hash}.${namespaceId}`

const HASH = new RegExp(`^[A-Za-z0-9_-]{${TOKEN_HASH_CHARS}}$`)

/** null where the text can't be an accessor. */
export function parseAccessor(accessor: string): TokenRef | null {
  const dot = accessor.indexOf('.')
  const hash = dot === -1 ? accessor : accessor.slice(0, dot)
  if (!HASH.test(hash)) return null
  if (dot === -1) return { namespaceId: ROOT_NAMESPACE_ID, hash }
  const namespaceId = accessor.slice(dot + 1)
  if (!NAMESPACE_ID.test(namespaceId) || namespaceId === ROOT_NAMESPACE_ID) return null
  return { namespaceId, hash }
}
