// What of an AWS mount leak scanners are to recognize: the secret keys of static roles.
import type { LiveSecretSource } from '../../sdk/live-secrets.ts'
import type { AccessKey } from './access-keys.ts'

const FOLDER = 'static-creds/'

export const staticKeySecrets: LiveSecretSource = {
  folder: FOLDER,
  apiPath: (_mount, name) => `static-creds/${name}`,
  async read(mount, name) {
    const creds = (await mount.storage.get(FOLDER + name))?.json<AccessKey | null>()
    if (!creds) return []
    return [{ key: 'secret_key', version: 0, isCurrent: true, value: creds.secret }]
  },
}
