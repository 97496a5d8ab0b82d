// What all rotating pools are told alike: the server, the token, whose credentials, and whom to tell.
import type { GenerationOptions, RotationEvents } from './generations.ts'
import { ServerCalls, type ServerOptions } from './server-calls.ts'
import { type TokenOption, tokenSource } from './token-source.ts'

export interface RotationOptions extends ServerOptions {
  /** "database/creds/<role>" or "database/static-creds/<role>". */
  readonly path: string
  /** Absent: from the environment, else ~/.vault-token. */
  readonly token?: TokenOption | undefined
  /** How long the start waits for a server that can't answer yet, milliseconds; 30,000 where absent. */
  readonly patienceMs?: number | undefined
  /** Whether leases are revoked when nothing uses them any more; true where absent. */
  readonly revoke?: boolean | undefined
  readonly on?: RotationEvents | undefined
}

const DEFAULT_PATIENCE_MS = 30_000

/** Throws an Error in words where an option makes no sense. */
export function rotation(
  options: RotationOptions,
): Omit<GenerationOptions<never>, 'open' | 'close'> & { readonly patienceMs: number } {
  const path = options.path.replace(/^\/+|\/+$/g, '')
  if (!/^[^?#]+\/(static-)?creds\/[^?#]+$/.test(path))
    throw new Error('`path` must be "<mount>/creds/<role>" or "<mount>/static-creds/<role>"')
  return {
    server: new ServerCalls(options, tokenSource(options.token)),
    path,
    events: options.on ?? {},
    revokes: options.revoke ?? true,
    patienceMs: options.patienceMs ?? DEFAULT_PATIENCE_MS,
  }
}

/** How often a connection is tried with other credentials after a refused login. */
export const MOST_CONNECT_TRIES = 6
