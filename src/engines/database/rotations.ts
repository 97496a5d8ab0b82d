// What the rotation service is told to rotate: the users of static roles, and our own user of a connection. Both
// are staged before the database hears of them and become current in the commit that ends the rotation, so that
// store and database agree after any crash.
import type { MountContext } from '../../sdk/context.ts'
import { type RotationProof, RotationRefused, rotationKind } from '../../sdk/rotation.ts'
import { type ConfigRecord, configKey, requireConfig } from './config-record.ts'
import { OWN_USER, useDatabase, useDatabaseAsIs } from './connections.ts'
import { DatabaseError } from './database-error.ts'
import type { ChangedUser, Credential } from './database-plugin.ts'
import { makePassword, makeRsaKey } from './make-credential.ts'
import {
  findStaticCreds,
  findStaticRole,
  type StaticCreds,
  staticCredsKey,
} from './static-role-record.ts'

interface Named {
  readonly name: string
}

interface StagedUser {
  readonly username: string
  readonly credential: Credential
  /** Of an RSA key. */
  readonly privateKey?: string
}

export const staticRotation = rotationKind<Named, StagedUser, { readonly username: string }>(
  'static-roles',
  {
    async stage(mount, { name }, { username }) {
      const role = await requireStaticRole(mount, name)
      if (role.credential.type === 'rsa_private_key') {
        const made = await makeRsaKey(role.credential.keyBits)
        return { username, credential: made.credential, privateKey: made.data.rsa_private_key! }
      }
      const { config } = await requireConfig(mount.storage, role.dbName)
      const own = role.credential.type === 'password' ? role.credential.passwordPolicy : ''
      const password = await makePassword(mount, own || config.passwordPolicy)
      return { username, credential: { type: 'password', password } }
    },
    async set(mount, { name }, { username, credential }, { signal }) {
      const role = await requireStaticRole(mount, name)
      const current = role.isSelfManaged ? await findStaticCreds(mount.storage, name) : null
      const selfPassword = current?.username === username ? current.password : undefined
      await setCredential(useDatabase, mount, role.dbName, signal, {
        username,
        credential,
        statements: role.rotation,
        ...(selfPassword === undefined ? undefined : { selfPassword }),
      })
      return undefined
    },
    async test(mount, { name }, { username, credential }, { signal }) {
      const role = await requireStaticRole(mount, name)
      if (credential.type !== 'password') return 'unknown'
      return proof(mount, role.dbName, { username, password: credential.password }, signal)
    },
    async promote(tx, { name }, { username, credential, privateKey }, { nowMs }) {
      const role = await findStaticRole(tx, name)
      if (!role) return undefined
      const before = await findStaticCreds(tx, name)
      const password = credential.type === 'password' ? credential.password : undefined
      const now: StaticCreds = {
        username,
        ...(password === undefined ? undefined : { password }),
        ...(privateKey === undefined ? undefined : { privateKey }),
        rotatedAtMs: nowMs,
      }
      tx.put(staticCredsKey(name), { json: now })
      return before && before.username !== username ? { username: before.username } : undefined
    },
    /** The previous user of a pair stays, with a password that nobody knows. */
    async retire(mount, { name }, { username }, { signal }) {
      const role = await findStaticRole(mount.storage, name)
      if (!role) return
      const password = mount.random.bytes(32).toString('base64url')
      await setCredential(useDatabase, mount, role.dbName, signal, {
        username,
        credential: { type: 'password', password },
        statements: role.rotation,
      })
    },
  },
)

export const rootRotation = rotationKind<Named, { readonly password: string }>(OWN_USER.name, {
  async stage(mount, { name }) {
    const { config } = await requireConfig(mount.storage, name)
    return { password: await makePassword(mount, config.passwordPolicy) }
  },
  // The user is the one that it was staged for, whatever the configuration says by now.
  async set(mount, { name }, { password }, { username, signal }) {
    const { config } = await requireConfig(mount.storage, name)
    await setCredential(useDatabaseAsIs, mount, name, signal, {
      username,
      credential: { type: 'password', password },
      statements: config.rootRotationStatements,
    })
    return undefined
  },
  test(mount, { name }, { password }, { username, signal }) {
    return proof(mount, name, { username, password }, signal)
  },
  async promote(tx, { name }, { password }) {
    const found = await tx.get(configKey(name))
    if (!found) return undefined
    const config = found.json<ConfigRecord>()
    tx.put(configKey(name), { json: { ...config, details: { ...config.details, password } } })
    return undefined
  },
})

async function requireStaticRole(mount: MountContext, name: string) {
  const role = await findStaticRole(mount.storage, name)
  if (!role) throw new RotationRefused('the static role is gone')
  return role
}

/** Throws RotationRefused where the server said no: then it surely kept the old one. */
function setCredential(
  use: typeof useDatabase,
  mount: MountContext,
  dbName: string,
  signal: AbortSignal,
  user: ChangedUser,
): Promise<void> {
  return use(mount, dbName, async ({ connection }) => {
    try {
      await connection.setCredential(user, signal)
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      const isDoubtful = error.kind === 'unreachable' || error.kind === 'partial'
      if (isDoubtful && !error.isUntouched) throw error
      throw new RotationRefused(error.message, { cause: error })
    }
  })
}

function proof(
  mount: MountContext,
  dbName: string,
  login: { readonly username: string; readonly password: string },
  signal: AbortSignal,
): Promise<RotationProof> {
  return useDatabase(mount, dbName, async ({ connection }): Promise<RotationProof> => {
    try {
      return (await connection.canLogin(login, signal)) ? 'works' : 'refused'
    } catch (error) {
      // A user that may not log in at all, or not from here, proves nothing.
      if (error instanceof DatabaseError && error.kind === 'refused') return 'unknown'
      throw error
    }
  })
}
