// Our reading of a PostgreSQL connection string in the shape of the oracle's answers
// (tools/oracles/connection-strings), so that both can be compared.
import {
  ConnectionStringFault,
  type ConnectionTarget,
  parseConnectionString,
} from '../../src/engines/database/postgresql/connection-string.ts'

export interface PgAnswer {
  readonly config?: Readonly<Record<string, unknown>>
  /** The wording of Go's parsers is not compared, only that there is a fault. */
  readonly error?: true
}
export type PgCase = PgAnswer & { readonly text: string }

export const DEFAULTS = {
  user: 'os-user',
  host: '/default-host',
  environment: {},
  service: () => {
    throw new ConnectionStringFault('failed to read service')
  },
}

export function pgAnswer(text: string): PgAnswer {
  try {
    return { config: shaped(parseConnectionString(text, DEFAULTS)) }
  } catch (error) {
    if (!(error instanceof ConnectionStringFault)) throw error
    return { error: true }
  }
}

/** The oracle's answer with what its machine put in replaced by DEFAULTS. */
export function withDefaults(
  answer: { config?: Record<string, unknown>; error?: string },
  machine: { readonly user: string; readonly host: string },
): PgAnswer {
  if (!answer.config) return { error: true }
  const { user, attempts, ...rest } = answer.config
  return {
    config: {
      ...rest,
      user: user === machine.user ? DEFAULTS.user : user,
      attempts: (attempts as { host: string }[]).map((one) => ({
        ...one,
        host: one.host === machine.host ? DEFAULTS.host : one.host,
      })),
    },
  }
}

function shaped(target: ConnectionTarget): Record<string, unknown> {
  const { sslMode } = target
  const check = sslMode === 'verify-full' ? 'full' : sslMode === 'verify-ca' ? 'ca' : 'encrypted'
  return {
    user: target.user,
    password: target.password,
    database: target.database,
    attempts: target.attempts.map(({ host, port, tls }) => ({
      host,
      port,
      tls: tls ? check : 'none',
    })),
    connectTimeoutMs: target.connectTimeoutMs,
    runtimeParams: target.runtimeParams,
    channelBinding: target.channelBinding,
    hasSessionCheck: target.sessionAttributes !== 'any',
    sslNegotiation: target.sslNegotiation === 'direct' ? 'direct' : '',
  }
}
