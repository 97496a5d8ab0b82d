// Which statements a request to PostgreSQL runs: those of the role, split as Vault's plugin splits them, or
// Vault's own where the role has none.

import type { Statements } from '../database-plugin.ts'
import { splitStatements } from '../statements.ts'

export const DEFAULT_RENEWAL = `ALTER ROLE "{{name}}" VALID UNTIL '{{expiration}}'`
export const DEFAULT_PASSWORD_CHANGE = `ALTER ROLE "{{username}}" WITH PASSWORD '{{password}}'`

/**
 * Split at each ";", except that with `keepsBlocks` a text with the word END outside of its quotes (a DO block,
 * a function) is run as it is. Trimmed; empty ones are left out.
 */
export function sqlStatements(texts: Statements, keepsBlocks: boolean): string[] {
  return texts.flatMap((text) => {
    if (keepsBlocks && hasBlock(text)) return [text]
    return splitStatements(text)
  })
}

/** Vault's rule: it can't tell more, and is not to tell more here. */
function hasBlock(text: string): boolean {
  const quoted = [...(text.match(/".*?"/g) ?? []), ...(text.match(/'.*?'/g) ?? [])]
  const last = quoted.at(-1)
  return /\bEND\b/.test(last === undefined ? text : text.replaceAll(last, ''))
}

/** '2006-01-02 15:04:05+0000': what Vault puts in for {{expiration}}, in UTC. */
export const expirationText = (atMs: number): string =>
  `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')}+0000`

/** A name as an SQL identifier. PostgreSQL has none with a NUL. */
export const quoteIdentifier = (name: string): string =>
  `"${name.split('\0')[0]!.replaceAll('"', '""')}"`

/** A text as an SQL literal, right with and without standard_conforming_strings. */
export function quoteLiteral(text: string): string {
  const doubled = text.replaceAll("'", "''")
  return doubled.includes('\\') ? ` E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`
}
