// Which roles name an issuer: for the warnings when it is renamed or removed. It looks at the first roles only,
// as Vault does, since an index would cost every role's write for a hint.
import type { ReadStorage } from '../../sdk/storage.ts'
import type { Role } from './role-fields.ts'

const MAX_LOOKED_AT = 100
const ENOUGH = 10

export async function referenceWarnings(
  storage: ReadStorage,
  name: string,
): Promise<readonly string[]> {
  const names = await storage.list('role/', { limit: MAX_LOOKED_AT })
  const roles = names.length === 0 ? [] : [...(await storage.read(names.map(roleAt))).values()]
  const count = roles.filter((entry) => entry.json<Role>().issuer_ref === name).length
  if (count >= ENOUGH) return [`The name ${name} was in use by at least ${count} roles`]
  if (names.length >= MAX_LOOKED_AT) {
    return count > 0
      ? [`The name ${name} was in use by at least ${count} roles`]
      : [`Unable to check if any roles referenced this issuer by ${name}`]
  }
  return count > 0 ? [`${count} roles reference ${name}`] : []
}

const roleAt = (name: string): string => `role/${name}`
