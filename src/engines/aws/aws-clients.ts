// The two AWS clients of a mount, made from its configuration and dropped when that changes. The SDK is
// loaded with the first call. What AWS answers is passed on in words; nothing it says holds our keys.
import type { IAM } from '@aws-sdk/client-iam'
import type { STS } from '@aws-sdk/client-sts'
import { ApiError, badRequest } from '../../base/errors.ts'
import { AWS_CONNECT_MS, AWS_REQUEST_MS } from '../../base/limits.ts'
import { resourceKind } from '../../sdk/resource.ts'
import { Unreachable } from '../../sdk/unreachable.ts'
import { emptyRoot, type RootConfig, readRoot, regionOf } from './root-config.ts'

export interface AwsClients {
  readonly iam: IAM
  /** The configured one first, then its fallbacks. */
  readonly sts: readonly STS[]
}

/** Made from config/root; without one, from the environment of the server. */
export const awsClients = resourceKind<AwsClients>('aws-clients', {
  idleMs: 30 * 60_000,
  build: async (mount) => clientsOf((await readRoot(mount.storage)) ?? emptyRoot),
  dispose: async ({ iam, sts }) => {
    iam.destroy()
    for (const client of sts) client.destroy()
  },
})

/** New clients; with a key pair other than the configured one where it is given. */
export async function clientsOf(config: RootConfig): Promise<AwsClients> {
  // Its warning about Node 20 would land in the operator's log at the first request.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  const [{ IAM }, { STS }] = await Promise.all([
    import('@aws-sdk/client-iam'),
    import('@aws-sdk/client-sts'),
  ])
  const region = regionOf(config)
  const shared = {
    ...(config.accessKey && {
      credentials: { accessKeyId: config.accessKey, secretAccessKey: config.secretKey },
    }),
    ...(config.maxRetries >= 0 && { maxAttempts: config.maxRetries + 1 }),
    requestHandler: { connectionTimeout: AWS_CONNECT_MS, requestTimeout: AWS_REQUEST_MS },
  }
  const endpoint = (url: string) => (url ? { endpoint: url } : {})
  const sts = [
    new STS({ ...shared, region: config.stsRegion || region, ...endpoint(config.stsEndpoint) }),
    ...config.stsFallbackEndpoints.map(
      (url, i) =>
        new STS({ ...shared, region: config.stsFallbackRegions[i] || region, ...endpoint(url) }),
    ),
  ]
  return { iam: new IAM({ ...shared, region, ...endpoint(config.iamEndpoint) }), sts }
}

/** A call to AWS whose failure becomes the caller's: 502 where AWS limits our rate, else 400. */
export async function callAws<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (cause) {
    if (cause instanceof ApiError) throw cause
    const text = `${what}: ${awsWords(cause)}`
    throw isThrottled(cause) ? new ApiError(502, [text], { cause }) : badRequest(text, { cause })
  }
}

/** The first STS endpoint that can be reached answers. */
export async function callSts<T>(
  what: string,
  clients: AwsClients,
  call: (sts: STS) => Promise<T>,
): Promise<T> {
  return callAws(what, async () => {
    for (const sts of clients.sts.slice(0, -1)) {
      try {
        return await call(sts)
      } catch (error) {
        if (hasAnswer(error)) throw error
      }
    }
    return call(clients.sts.at(-1)!)
  })
}

/** True where AWS said that what was asked for isn't there. */
export const isNoSuchEntity = (error: unknown): boolean =>
  error instanceof Error && error.name.startsWith('NoSuchEntity')

/** The failure of a revocation, in words; silence and limits of rate spend none of the lease's tries. */
export const unlessSilent = (error: unknown): ApiError =>
  hasAnswer(error) && !isThrottled(error)
    ? new ApiError(500, [awsWords(error)], { cause: error })
    : new Unreachable(awsWords(error), { cause: error })

interface AwsFailure {
  readonly name?: string
  readonly message?: string
  readonly code?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
}

/** True where AWS answered; false where it could not be reached. */
export const hasAnswer = (error: unknown): boolean =>
  (error as AwsFailure).$metadata?.httpStatusCode !== undefined

const isThrottled = (error: unknown): boolean =>
  [
    'Throttling',
    'ThrottlingException',
    'RequestLimitExceeded',
    'TooManyRequestsException',
  ].includes((error as AwsFailure).name ?? '')

function awsWords(error: unknown): string {
  const { name, message, code } = error as AwsFailure
  if (hasAnswer(error)) return `${name}: ${message}`
  if (name === 'CredentialsProviderError')
    return 'no credentials: write access_key and secret_key to config/root, or give the server a role'
  return `AWS could not be reached (${code ?? name})`
}
