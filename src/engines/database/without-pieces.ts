// Takes passwords out of what a server says, also where it quotes only a piece of one or its escaped form:
// a syntax error quotes a limited number of characters from the fault on.
import { withoutSecrets } from './database-error.ts'

/** Fewer characters than this tell nothing, and would take words out of every message. */
const SHORTEST_PIECE = 5

/** The text without the secrets, their beginnings and ends, as they are or escaped for SQL. */
export function withoutPieces(text: string, secrets: readonly string[]): string {
  const forms = secrets.flatMap((secret) => [
    secret,
    secret.replaceAll("'", "''"),
    secret.replaceAll('\\', '\\\\').replaceAll("'", "''"),
  ])
  let clean = withoutSecrets(text, forms)
  for (const secret of new Set(forms)) {
    for (let length = secret.length - 1; length >= SHORTEST_PIECE; length--) {
      clean = withoutSecrets(clean, [secret.slice(0, length), secret.slice(-length)])
    }
  }
  return clean
}
