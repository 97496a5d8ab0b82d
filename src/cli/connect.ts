// The client that a command's flags and environment ask for.
// A flag comes before the environment, the environment before the token helper.
import { Client } from './client.ts'
import type { CommonValues } from './command.ts'
import { NOT_SET } from './common-flags.ts'
import { type Environment, parseBoolean } from './environment.ts'
import { Failure, messageOf } from './failure.ts'
import { formatDuration, parseDuration } from './go-format.ts'
import { tokenHelper } from './token-helper.ts'

const DEFAULT_TIMEOUT_MS = 60_000

/** The header's form of a namespace: no slash in front, one at the end, '' for the root. */
export function canonicalNamespace(path: string): string {
  const trimmed = path.replace(/^\/+/, '')
  if (trimmed === '' || trimmed === 'root' || trimmed === 'root/') return ''
  return trimmed.endsWith('/') ? trimmed : `${trimmed}/`
}

function namespaceOf(common: CommonValues): string {
  const named = common.ns === NOT_SET ? common.namespace : common.ns
  return named === NOT_SET ? '' : canonicalNamespace(named)
}

function timeoutOf(env: Environment): number {
  const text = env.read('CLIENT_TIMEOUT')
  if (text === undefined) return DEFAULT_TIMEOUT_MS
  const nanoseconds = parseDuration(text)
  if (nanoseconds === null) throw new Failure(2, `could not parse "${env.shown('CLIENT_TIMEOUT')}"`)
  return nanoseconds / 1e6
}

function retriesOf(env: Environment): number {
  const text = env.read('MAX_RETRIES')
  if (text === undefined) return 0
  if (!/^[0-9]{1,4}$/.test(text)) {
    throw new Failure(2, `could not parse "${env.shown('MAX_RETRIES')}"`)
  }
  return Number(text)
}

function headersOf(common: CommonValues): ReadonlyMap<string, string> {
  const forbidden = [...common.header.keys()].filter((name) => /^x-vault-/i.test(name))
  if (forbidden.length > 0) {
    const names = forbidden.join(', ')
    throw new Failure(2, `headers that begin with X-Vault- can't be set: ${names}`)
  }
  return common.header
}

/** A client without a token. */
export function connectWithoutToken(
  common: CommonValues,
  env: Environment,
  timeoutMs?: number,
): Client {
  const skipVerify = common['tls-skip-verify']
  try {
    return new Client({
      env,
      address: common['agent-address'] || common.address,
      namespace: namespaceOf(common),
      headers: headersOf(common),
      mfa: common.mfa,
      wrapTtl: common['wrap-ttl'] === 0 ? '' : formatDuration(common['wrap-ttl']),
      policyOverride: common['policy-override'],
      tls: {
        caCert: common['ca-cert'],
        caBytes: env.read('CACERT_BYTES') ?? '',
        caPath: common['ca-path'],
        clientCert: common['client-cert'],
        clientKey: common['client-key'],
        serverName: common['tls-server-name'],
        skipVerify: skipVerify || parseBoolean(env.read('SKIP_VERIFY') ?? '') === true,
      },
      timeoutMs: timeoutMs ?? timeoutOf(env),
      maxRetries: retriesOf(env),
      followRedirects: !common['disable-redirects'],
      preview: common['output-curl-string'] ? 'curl' : common['output-policy'] ? 'policy' : null,
    })
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure(2, messageOf(error))
  }
}

/** A client with the token of the environment or of the token helper. */
export async function connect(
  common: CommonValues,
  env: Environment,
  timeoutMs?: number,
): Promise<Client> {
  const client = connectWithoutToken(common, env, timeoutMs)
  try {
    client.token = env.read('TOKEN') ?? (await tokenHelper(env).get())
  } catch (error) {
    throw new Failure(2, `failed to get token from token helper: ${messageOf(error)}`)
  }
  return client
}
