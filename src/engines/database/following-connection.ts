// A connection that outlives the replacement of our own password. Another request or process may have replaced
// it since the connection was opened, or be in the midst of it: the database refuses the old one then, and the
// new one is not stored yet. So a login that was refused is looked at: where another configuration stands by
// now, or a rotation that is under way brings one, the same call is made once more with that.
import type { MountContext } from '../../sdk/context.ts'
import type { RotationStatus } from '../../sdk/rotation.ts'
import { DatabaseError } from './database-error.ts'
import type {
  ChangedUser,
  DatabaseConnection,
  NewUser,
  RenewedUser,
  Statements,
} from './database-plugin.ts'

export interface Follows {
  readonly mount: MountContext
  /** Whether the stored configuration is another than the one that this connection was made of. */
  isReplaced(): Promise<boolean>
  /** How the rotation of our own user stands; null where there is none. */
  rotation(): Promise<RotationStatus | null>
  /** Runs the call with a connection of the configuration that is stored now. */
  useNew<T>(call: (connection: DatabaseConnection) => Promise<T>): Promise<T>
}

/** From the new password in the database to the stored one it takes one login and one commit. */
const LONGEST_WAIT_MS = 3000
const LOOK_AGAIN_MS = 50

export class FollowingConnection implements DatabaseConnection {
  readonly #connection: DatabaseConnection
  readonly #follows: Follows

  constructor(connection: DatabaseConnection, follows: Follows) {
    this.#connection = connection
    this.#follows = follows
  }

  verify(signal: AbortSignal): Promise<void> {
    return this.#following((connection) => connection.verify(signal))
  }
  createUser(user: NewUser, signal: AbortSignal): Promise<void> {
    return this.#following((connection) => connection.createUser(user, signal))
  }
  renewUser(user: RenewedUser, signal: AbortSignal): Promise<void> {
    return this.#following((connection) => connection.renewUser(user, signal))
  }
  setCredential(user: ChangedUser, signal: AbortSignal): Promise<void> {
    return this.#following((connection) => connection.setCredential(user, signal))
  }
  /** Another user's login says nothing about ours. */
  canLogin(
    login: { readonly username: string; readonly password: string },
    signal: AbortSignal,
  ): Promise<boolean> {
    return this.#connection.canLogin(login, signal)
  }
  /** It may log in several times, and may be repeated. */
  deleteUser(
    user: { readonly username: string; readonly statements: Statements },
    signal: AbortSignal,
  ): Promise<void> {
    return this.#following((connection) => connection.deleteUser(user, signal), true)
  }
  close(): Promise<void> {
    return this.#connection.close()
  }

  async #following<T>(
    call: (connection: DatabaseConnection) => Promise<T>,
    mayRepeat = false,
  ): Promise<T> {
    try {
      return await call(this.#connection)
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.kind !== 'refused') throw error
      if (!mayRepeat && !error.isUntouched) throw error
      if (!(await this.#isReplacedSoon())) throw error
      return this.#follows.useNew(call)
    }
  }

  async #isReplacedSoon(): Promise<boolean> {
    const { mount, isReplaced, rotation } = this.#follows
    const until = mount.clock.monotonic() + LONGEST_WAIT_MS
    while (!(await isReplaced())) {
      const status = await rotation()
      const isMidway = status?.step === 'set' || status?.step === 'test'
      const isOver = mount.signal.aborted || mount.clock.monotonic() >= until
      if (!isMidway || status.state !== 'running' || isOver) return isReplaced()
      await mount.clock.sleep(LOOK_AGAIN_MS)
    }
    return true
  }
}
