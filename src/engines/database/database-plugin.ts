// The contract between the database engine and its plugins (PostgreSQL, MySQL, Redis …). The engine owns
// storage, names, passwords, leases and rotation; a plugin owns one kind of server: what its settings mean,
// its driver (loaded when a connection is first opened) and the statements that it runs.
// What each setting means: the API pages of Vault's database plugins.
import type { Clock } from '../../base/clock.ts'
import type { Json } from '../../base/json.ts'
import type { Random } from '../../base/random.ts'
import type { Fields } from '../../schema/parse-fields.ts'
import type { Log } from '../../sdk/log.ts'

export type CredentialType = 'password' | 'rsa_private_key' | 'client_certificate'

/** What the user logs in with, as the server is told about it. */
export type Credential =
  | { readonly type: 'password'; readonly password: string }
  /** PEM of the public half ("BEGIN PUBLIC KEY"). */
  | { readonly type: 'rsa_private_key'; readonly publicKey: string }
  /** The certificate's subject as text of RFC 2253 ("CN=…"). */
  | { readonly type: 'client_certificate'; readonly subject: string }

/** `connection_details` of a config: what was sent, value by value (the CLI sends numbers as text). */
export type ConnectionDetails = Readonly<Record<string, Json>>

export interface DatabaseTools {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Processes of this host that open the same connection; absent: one. */
  readonly processes?: number
}

export interface DatabasePlugin {
  /** Every `plugin_name` that it serves, the main one first. */
  readonly names: readonly string[]
  /** One sentence for the docs. */
  readonly about: string
  readonly credentialTypes: readonly CredentialType[]
  /** True: a role without creation statements makes users of the plugin's own kind (else it can make none). */
  readonly hasDefaultCreation?: boolean
  /**
   * Its own fields of `config/:name`, beyond those of the engine (see `configFields` in config-fields.ts).
   * What is shared by several plugins must be equal, also in its text. Sent values are checked by them
   * and stored as they were sent.
   */
  readonly configFields: Fields
  /** Vault's own template for names of dynamic users; each of the names may have its own. */
  usernameTemplate(pluginName: string): string
  /**
   * Checks the settings and prepares a connection; touches no network and loads no driver. Throws
   * DatabaseError of the kind 'settings' in Vault's words.
   */
  open(pluginName: string, details: ConnectionDetails, tools: DatabaseTools): DatabaseConnection
}

/** Statements as the role has them, not yet split; empty: the plugin's default. */
export type Statements = readonly string[]

/**
 * An open connection (mostly a pool). Every call ends in bounded time, also when the server stalls, and
 * earlier where the signal aborts; it throws DatabaseError and nothing else. A call that failed has left
 * nothing behind, or (where that can't be known) what `deleteUser` of that name takes away.
 */
export interface DatabaseConnection {
  /** Connects and logs in. */
  verify(signal: AbortSignal): Promise<void>
  createUser(user: NewUser, signal: AbortSignal): Promise<void>
  /** Moves the end of the user's life, where the server knows one. */
  renewUser(user: RenewedUser, signal: AbortSignal): Promise<void>
  /** Gives an existing user another credential; doing it twice is no error. */
  setCredential(user: ChangedUser, signal: AbortSignal): Promise<void>
  /**
   * True: this login works. False: the password is wrong. Throws where it can't be told, of the kind 'refused'
   * for a user that may not log in at all (or not from here).
   */
  canLogin(
    login: { readonly username: string; readonly password: string },
    signal: AbortSignal,
  ): Promise<boolean>
  /** Ends the user and its sessions; a user that isn't there is no error. */
  deleteUser(
    user: { readonly username: string; readonly statements: Statements },
    signal: AbortSignal,
  ): Promise<void>
  /** Ends what is idle at once and what is in use when it is given back. */
  close(): Promise<void>
}

export interface NewUser {
  readonly username: string
  readonly credential: Credential
  readonly statements: Statements
  /** Run where the creation failed, by plugins whose server has no transactions for it. */
  readonly rollbackStatements: Statements
  /** When the server may end the user by itself, milliseconds since the epoch. */
  readonly expiresAtMs: number
}

export interface RenewedUser {
  readonly username: string
  readonly statements: Statements
  readonly expiresAtMs: number
}

export interface ChangedUser {
  readonly username: string
  readonly credential: Credential
  readonly statements: Statements
  /** Log in as the user itself with this password and change it there (self-managed static roles). */
  readonly selfPassword?: string
}
