// The lease of a dynamic user: stored before the user is made, with all that ends it, so that no crash leaves
// a user that nobody knows.
import { leaseKind } from '../../sdk/lease.ts'
import { findConfig } from './config-record.ts'
import { shareOf } from './connection-pool.ts'
import { useDatabase } from './connections.ts'
import { serverFault } from './database-faults.ts'
import { findRole } from './role-record.ts'
import { readSqlSettings } from './sql-settings.ts'

export interface UserLease {
  readonly username: string
  readonly role: string
  readonly dbName: string
  /** Of the role when the user was made: counts once the role is gone, or has another connection. */
  readonly revocation: readonly string[]
}

/** The user may live on in the database for so long after its lease, which then ends it (Vault's margin). */
export const EXPIRY_MARGIN_MS = 5000

export const userLease = leaseKind<UserLease>('user', {
  lane: ({ dbName }) => dbName,
  concurrency: async (mount, dbName) => {
    const found = await findConfig(mount.storage, dbName)
    return found ? revocationsAtOnce(found.config.details, mount.services.processes) : 1
  },
  async revoke(mount, lease) {
    const role = await findRole(mount.storage, lease.role)
    // The user is where it was made, whichever connection the role has now.
    const isSame = role?.dbName === lease.dbName
    const statements = isSame ? role.revocation : lease.revocation
    await useDatabase(mount, lease.dbName, ({ connection }) =>
      connection.deleteUser({ username: lease.username, statements }, mount.signal),
    )
  },
  async renew(mount, lease, { expiresAtMs }) {
    const role = await findRole(mount.storage, lease.role)
    if (!role) {
      throw serverFault(
        `error during renew: could not find role with name ${JSON.stringify(lease.role)}`,
      )
    }
    const user = {
      username: lease.username,
      // Of another connection they are for another server.
      statements: role.dbName === lease.dbName ? role.renewal : [],
      expiresAtMs: expiresAtMs + EXPIRY_MARGIN_MS,
    }
    await useDatabase(mount, lease.dbName, ({ connection }) =>
      connection.renewUser(user, mount.signal),
    )
  },
})

/** One process works a lane, with its own share of the connections; a quarter of them is left to requests. */
function revocationsAtOnce(
  details: Parameters<typeof readSqlSettings>[0],
  processes: number,
): number {
  const { maxOpen } = readSqlSettings(
    { connection_url: 'x', max_open_connections: details.max_open_connections ?? 0 },
    { escapesPassword: false },
  )
  return Math.max(1, Math.ceil((shareOf(maxOpen, processes) * 3) / 4))
}
