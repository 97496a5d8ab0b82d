// A static role as it is stored: a user that is there already and whose credential is replaced in its time. The
// role is `static-role/<name>`, what its user logs in with now `static-creds/<name>`; when it rotates is kept by
// the rotation service. Names are unique over static and dynamic roles.
import type { ReadStorage } from '../../sdk/storage.ts'
import type { CredentialSettings } from './credential-settings.ts'

export interface StaticRoleRecord {
  readonly dbName: string
  readonly username: string
  /** Of a pair of users that alternate; '' for one user. */
  readonly alternateUsername: string
  readonly rotation: readonly string[]
  readonly credential: CredentialSettings
  readonly graceSeconds: number
  /** The user changes its own password; the connection has no user of ours. */
  readonly isSelfManaged: boolean
}

/** Exactly one of password and privateKey is set, none before the first rotation. */
export interface StaticCreds {
  readonly username: string
  readonly password?: string
  readonly privateKey?: string
  readonly rotatedAtMs: number
}

export const staticRoleKey = (name: string): string => `static-role/${name}`
export const staticCredsKey = (name: string): string => `static-creds/${name}`

export async function findStaticRole(
  storage: ReadStorage,
  name: string,
): Promise<StaticRoleRecord | null> {
  return (await storage.get(staticRoleKey(name)))?.json<StaticRoleRecord>() ?? null
}

export async function findStaticCreds(
  storage: ReadStorage,
  name: string,
): Promise<StaticCreds | null> {
  return (await storage.get(staticCredsKey(name)))?.json<StaticCreds>() ?? null
}
