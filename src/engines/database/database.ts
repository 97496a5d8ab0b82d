// The database secrets engine: users made on request that end with their lease, and passwords of users that
// stay, replaced in their time. Each kind of database is a plugin below this folder.

import { secretsEngine } from '../../sdk/plugin.ts'
import { configRows } from './config-rows.ts'
import { credsRows } from './creds-rows.ts'
import { staticRoleSecrets } from './live-secrets.ts'
import { roleRows } from './role-rows.ts'
import { rotateRootRows } from './rotate-root-rows.ts'
import { rootRotation, staticRotation } from './rotations.ts'
import { staticRoleRows } from './static-role-rows.ts'
import { userLease } from './user-lease.ts'

export const database = secretsEngine({
  type: 'database',
  about: 'Makes database users on request and rotates passwords of those that stay.',
  endpoints: [...configRows, ...roleRows, ...credsRows, ...staticRoleRows, ...rotateRootRows],
  leases: [userLease],
  rotations: [staticRotation, rootRotation],
  liveSecrets: [staticRoleSecrets],
})
