// A dynamic role as it is stored (`role/<name>`). Static roles have records of their own; names are unique
// over both.
import type { ReadStorage } from '../../sdk/storage.ts'
import type { CredentialSettings } from './credential-settings.ts'

export interface RoleRecord {
  readonly dbName: string
  readonly creation: readonly string[]
  readonly revocation: readonly string[]
  readonly rollback: readonly string[]
  readonly renewal: readonly string[]
  /** 0: the mount's. */
  readonly defaultTtlSeconds: number
  readonly maxTtlSeconds: number
  readonly credential: CredentialSettings
}

export const roleKey = (name: string): string => `role/${name}`

export async function findRole(storage: ReadStorage, name: string): Promise<RoleRecord | null> {
  return (await storage.get(roleKey(name)))?.json<RoleRecord>() ?? null
}
