// A server with an AWS mount before a moto of the test file's own: `useAwsMount()` starts both, and the
// variables below are those of the running test.
import { IAM } from '@aws-sdk/client-iam'
import { STS } from '@aws-sdk/client-sts'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import {
  startGate as gateBefore,
  startRefuser as refuserBefore,
  startRepeater as repeaterBefore,
  startSilencer as silencerBefore,
} from './aws-proxy.ts'
import { type InProcess, startInProcess } from './in-process.ts'
import { type ManualClock, manualClock, passSeconds } from './manual-clock.ts'
import { MOTO_INSTALL_MS, type RealMoto, startMoto } from './real-moto.ts'

export const LIST_USERS = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'iam:ListUsers', Resource: '*' }],
})
// Its warning about Node 20 is nothing that a test could change.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

export let moto: RealMoto
export let admin: IAM
export let clock: ManualClock
export let server: InProcess
export let logged: string[]

/** To be called once, outside of any test. */
export function useAwsMount(): void {
  beforeAll(async () => {
    moto = await startMoto()
    admin = new IAM(signedWith({ access_key: moto.accessKey, secret_key: moto.secretKey }))
  }, MOTO_INSTALL_MS)
  afterAll(async () => {
    admin?.destroy()
    await moto?.stop()
  })

  beforeEach(async () => {
    clock = manualClock()
    logged = []
    server = await startInProcess({ clock, log: (line) => logged.push(line) })
    await server.call('POST', 'sys/mounts/aws', { type: 'aws' })
    await configure()
  })
  afterEach(() => server.close())
}

export interface Keys {
  readonly access_key: string
  readonly secret_key: string
  readonly session_token?: string | null
}

function signedWith(keys: Keys) {
  return {
    region: 'us-east-1',
    endpoint: moto.endpoint,
    maxAttempts: 1,
    credentials: {
      accessKeyId: keys.access_key,
      secretAccessKey: keys.secret_key,
      ...(keys.session_token && { sessionToken: keys.session_token }),
    },
  }
}

export const configure = (of: object = {}) =>
  server.call('POST', 'aws/config/root', {
    access_key: moto.accessKey,
    secret_key: moto.secretKey,
    region: 'us-east-1',
    iam_endpoint: moto.endpoint,
    sts_endpoint: moto.endpoint,
    max_retries: 0,
    ...of,
  })

export const startGate = (action: string, calls: number) => gateBefore(moto.endpoint, action, calls)
export const startRefuser = (action: string, code?: string, isRefused?: () => Promise<boolean>) =>
  refuserBefore(moto.endpoint, action, code, isRefused)
export const startSilencer = (action: string) => silencerBefore(moto.endpoint, action)
export const startRepeater = (action: string) => repeaterBefore(moto.endpoint, action)

/** 'works', or the name of AWS's refusal. */
export async function tried(call: () => Promise<unknown>): Promise<string> {
  try {
    await call()
    return 'works'
  } catch (error) {
    return (error as Error).name
  }
}
export const whoAmI = (keys: Keys) => tried(() => new STS(signedWith(keys)).getCallerIdentity({}))
export const listUsers = (keys: Keys) => tried(() => new IAM(signedWith(keys)).listUsers({}))
export const createUser = (keys: Keys) =>
  tried(() => new IAM(signedWith(keys)).createUser({ UserName: 'more' }))

/** The leases that ran out of tries, after more time has passed. */
export async function irrevocable(): Promise<string> {
  await passSeconds(clock, 600)
  const query = { type: 'irrevocable' }
  return (await server.call('GET', 'sys/leases', undefined, { query })).text
}

export async function usersOfLeases(): Promise<string[]> {
  const { Users } = await admin.listUsers({})
  return (Users ?? []).map(({ UserName }) => UserName!).filter((name) => name.startsWith('vault-'))
}

export async function userRole(of: object = {}): Promise<void> {
  const made = await server.call('POST', 'aws/roles/deploy', {
    credential_type: 'iam_user',
    policy_document: LIST_USERS,
    ...of,
  })
  expect(made.status, made.text).toBe(204)
}
