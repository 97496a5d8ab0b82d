// What of a database mount leak scanners are to recognize: the passwords of static roles. (Users made on request
// are known to nobody after they were handed out.)
import type { LiveSecretSource } from '../../sdk/live-secrets.ts'
import { findStaticCreds, staticCredsKey } from './static-role-record.ts'

export const staticRoleSecrets: LiveSecretSource = {
  folder: staticCredsKey(''),
  apiPath: (_mount, name) => `static-creds/${name}`,
  rotatePath: (name) => `rotate-role/${name}`,
  async read(mount, name) {
    const creds = await findStaticCreds(mount.storage, name)
    const value = creds?.password ?? creds?.privateKey
    if (value === undefined) return []
    const key = creds?.password === undefined ? 'rsa_private_key' : 'password'
    return [{ key, version: 0, isCurrent: true, value }]
  },
}
