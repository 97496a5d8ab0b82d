// The AWS engine against moto with its authorization switched on: what was given works until its lease ends,
// and is refused afterwards.
import { IAM } from '@aws-sdk/client-iam'
import { STS } from '@aws-sdk/client-sts'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  startGate as gateBefore,
  startRefuser as refuserBefore,
  startRepeater as repeaterBefore,
  startSilencer as silencerBefore,
} from '../support/aws-proxy.ts'
import { type InProcess, startInProcess } from '../support/in-process.ts'
import { type ManualClock, manualClock, passSeconds } from '../support/manual-clock.ts'
import { MOTO_INSTALL_MS, type RealMoto, startMoto } from '../support/real-moto.ts'

const LIST_USERS = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'iam:ListUsers', Resource: '*' }],
})
const TRUST_ALL = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: '*' } }],
})

// Its warning about Node 20 is nothing that a test could change.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

let moto: RealMoto
let admin: IAM
let clock: ManualClock
let server: InProcess
let logged: string[]

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

interface Keys {
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

const configure = (of: object = {}) =>
  server.call('POST', 'aws/config/root', {
    access_key: moto.accessKey,
    secret_key: moto.secretKey,
    region: 'us-east-1',
    iam_endpoint: moto.endpoint,
    sts_endpoint: moto.endpoint,
    max_retries: 0,
    ...of,
  })

const startGate = (action: string, calls: number) => gateBefore(moto.endpoint, action, calls)
const startRefuser = (action: string) => refuserBefore(moto.endpoint, action)
const startSilencer = (action: string) => silencerBefore(moto.endpoint, action)
const startRepeater = (action: string) => repeaterBefore(moto.endpoint, action)

/** 'works', or the name of AWS's refusal. */
async function tried(call: () => Promise<unknown>): Promise<string> {
  try {
    await call()
    return 'works'
  } catch (error) {
    return (error as Error).name
  }
}
const whoAmI = (keys: Keys) => tried(() => new STS(signedWith(keys)).getCallerIdentity({}))
const listUsers = (keys: Keys) => tried(() => new IAM(signedWith(keys)).listUsers({}))
const createUser = (keys: Keys) =>
  tried(() => new IAM(signedWith(keys)).createUser({ UserName: 'more' }))

async function usersOfLeases(): Promise<string[]> {
  const { Users } = await admin.listUsers({})
  return (Users ?? []).map(({ UserName }) => UserName!).filter((name) => name.startsWith('vault-'))
}

async function userRole(of: object = {}): Promise<void> {
  const made = await server.call('POST', 'aws/roles/deploy', {
    credential_type: 'iam_user',
    policy_document: LIST_USERS,
    ...of,
  })
  expect(made.status, made.text).toBe(204)
}

describe('IAM users', () => {
  it('may what their role says, and are refused once their lease is revoked', async () => {
    await userRole({ iam_tags: ['team=payments'], user_path: '/apps/' })
    const made = await server.call('GET', 'aws/creds/deploy')
    expect(made.body, made.text).toMatchObject({ renewable: true, lease_duration: 2764800 })
    expect(made.body.lease_id).toMatch(/^aws\/creds\/deploy\/[\w-]{24}$/)
    const keys = made.body.data as Keys
    expect(Object.keys(keys)).toEqual([
      'access_key',
      'secret_key',
      'security_token',
      'session_token',
    ])
    expect(await listUsers(keys)).toBe('works')
    expect(await createUser(keys)).toBe('AccessDenied')
    const [name] = await usersOfLeases()
    expect(name).toMatch(/^vault-root-deploy-\d+-\w+$/)
    const { User } = await admin.getUser({ UserName: name })
    expect(User?.Path).toBe('/apps/')
    expect(User?.Tags).toEqual([{ Key: 'team', Value: 'payments' }])

    const { lease_id } = made.body
    await server.call('PUT', 'sys/leases/revoke', { lease_id, sync: true })
    expect(await listUsers(keys)).toBe('InvalidClientTokenId')
    expect(await usersOfLeases()).toEqual([])
  })

  it('live as config/lease says, also renewed, and end by themselves', async () => {
    await server.call('POST', 'aws/config/lease', { lease: '10m', lease_max: '15m' })
    expect((await server.call('GET', 'aws/config/lease')).body.data).toEqual({
      lease: '10m0s',
      lease_max: '15m0s',
    })
    await userRole()
    const made = await server.call('GET', 'aws/creds/deploy')
    expect(made.body.lease_duration).toBe(600)
    await passSeconds(clock, 500)
    const { lease_id } = made.body
    const renewed = await server.call('PUT', 'sys/leases/renew', { lease_id, increment: 3600 })
    expect(renewed.body.lease_duration).toBe(400)
    await passSeconds(clock, 300)
    expect(await listUsers(made.body.data)).toBe('works')
    await passSeconds(clock, 120)
    await expect.poll(() => listUsers(made.body.data)).toBe('InvalidClientTokenId')
    await expect.poll(usersOfLeases).toEqual([])
  })

  it('get managed policies and groups, and are undone with all of it', async () => {
    const policy = await admin.createPolicy({ PolicyName: 'lister', PolicyDocument: LIST_USERS })
    await admin.createGroup({ GroupName: 'ops' })
    await userRole({ policy_document: '', policy_arns: policy.Policy!.Arn, iam_groups: 'ops' })
    const made = await server.call('GET', 'aws/creds/deploy')
    expect(made.status, made.text).toBe(200)
    expect(await listUsers(made.body.data)).toBe('works')
    await server.call('PUT', 'sys/leases/revoke-prefix/aws/creds')
    expect(await usersOfLeases()).toEqual([])
  })

  it('leave nothing where making them fails halfway', async () => {
    await userRole({ iam_groups: 'nobody-made-this-group' })
    const made = await server.call('GET', 'aws/creds/deploy')
    expect(made.status).toBe(400)
    expect(made.body.errors[0]).toMatch(/^Error adding user to group: NoSuchEntity/)
    await passSeconds(clock, 60)
    await expect.poll(usersOfLeases).toEqual([])
  })

  it('are gone although the answer to a step of their removal was lost', async () => {
    await userRole()
    const twice = await startRepeater('DeleteAccessKey')
    await configure({ iam_endpoint: twice.endpoint })
    const made = await server.call('GET', 'aws/creds/deploy')
    expect(made.status, made.text).toBe(200)
    await passSeconds(clock, 3600)
    const { lease_id } = made.body
    await server.call('PUT', 'sys/leases/revoke', { lease_id, sync: true })
    expect(await usersOfLeases()).toEqual([])
    await twice.stop()
  })

  it('need no right to look users up with the default template', async () => {
    await admin.createUser({ UserName: 'narrow' })
    const rights = [
      { Effect: 'Allow', Action: '*', Resource: '*' },
      { Effect: 'Deny', Action: 'iam:GetUser', Resource: '*' },
    ]
    await admin.putUserPolicy({
      UserName: 'narrow',
      PolicyName: 'narrow',
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: rights }),
    })
    const { AccessKey } = await admin.createAccessKey({ UserName: 'narrow' })
    await configure({
      access_key: AccessKey!.AccessKeyId,
      secret_key: AccessKey!.SecretAccessKey,
    })
    await userRole()
    const made = await server.call('GET', 'aws/creds/deploy')
    expect(made.status, made.text).toBe(200)
    await server.call('PUT', 'sys/leases/revoke', { lease_id: made.body.lease_id, sync: true })
    expect(await usersOfLeases()).toEqual([])
  })

  it('take no name that AWS would read as something else', async () => {
    await userRole()
    const token = await server.call('POST', 'auth/token/create', {
      policies: ['root'],
      display_name: 'x/../*?<&\u{1F511}\n',
    })
    const made = await server.call('GET', 'aws/creds/deploy', undefined, {
      token: token.body.auth.client_token,
    })
    expect(made.status, made.text).toBe(200)
    expect((await usersOfLeases())[0]).toMatch(/^vault-[\w+=,.@-]+$/)
    await server.call('PUT', 'sys/leases/revoke', { lease_id: made.body.lease_id, sync: true })
  })
})

describe('users with names of their own template', () => {
  it('never take a user that is there already under a lease', async () => {
    await userRole()
    await admin.createUser({ UserName: 'payroll' })
    await configure({ username_template: 'payroll' })
    const made = await server.call('GET', 'aws/creds/deploy')
    expect(made.status).toBe(400)
    expect(made.text).toContain('there is a user payroll already')
    await passSeconds(clock, 3600)
    const leases = await server.call('LIST', 'sys/leases/lookup/aws/creds/deploy')
    expect(leases.status).toBe(404)
    expect((await admin.getUser({ UserName: 'payroll' })).User?.UserName).toBe('payroll')
    await admin.deleteUser({ UserName: 'payroll' })
  })

  it('leave the user of another lease alone that was made at the same time', async () => {
    await userRole()
    // Both look whether the name is free before either makes the user.
    const gate = await startGate('CreateUser', 2)
    await configure({ username_template: 'vault-twin', iam_endpoint: gate.endpoint })
    const both = await Promise.all([1, 2].map(() => server.call('GET', 'aws/creds/deploy')))
    expect(both.map(({ status }) => status).sort(), both.map(({ text }) => text).join()).toEqual([
      200, 400,
    ])
    await passSeconds(clock, 3600)
    const leases = () => server.call('LIST', 'sys/leases/lookup/aws/creds/deploy')
    await expect.poll(async () => (await leases()).body.data?.keys).toHaveLength(1)
    const winner = both.find(({ status }) => status === 200)!
    expect(await listUsers(winner.body.data as Keys)).toBe('works')
    const { lease_id } = winner.body
    await server.call('PUT', 'sys/leases/revoke', { lease_id, sync: true })
    expect(await usersOfLeases()).toEqual([])
    await gate.stop()
  })

  it('are refused where the name is empty', async () => {
    await userRole()
    await configure({ username_template: '{{ "" }}' })
    const made = await server.call('GET', 'aws/creds/deploy')
    expect(made.status).toBe(400)
    expect(made.text).toContain('the username generated by the template is empty')
  })
})

describe('sessions', () => {
  it('assume a role that the role allows', async () => {
    await admin.createRole({ RoleName: 'reader', AssumeRolePolicyDocument: TRUST_ALL })
    await admin.putRolePolicy({
      RoleName: 'reader',
      PolicyName: 'list',
      PolicyDocument: LIST_USERS,
    })
    const arn = 'arn:aws:iam::123456789012:role/reader'
    await server.call('POST', 'aws/roles/reader', {
      credential_type: 'assumed_role',
      role_arns: arn,
      default_sts_ttl: '20m',
      max_sts_ttl: '1h',
    })
    const made = await server.call('GET', 'aws/creds/reader')
    expect(made.body, made.text).toMatchObject({ renewable: false, lease_duration: 1200 })
    expect(made.body.data).toMatchObject({ ttl: 1200, arn: expect.stringContaining('reader') })
    expect(made.body.data.security_token).toBe(made.body.data.session_token)
    expect(await listUsers(made.body.data)).toBe('works')
    expect(await createUser(made.body.data)).toBe('AccessDenied')
    const capped = await server.call('POST', 'aws/sts/reader', { ttl: '12h', role_arn: arn })
    expect(capped.body.lease_duration).toBe(3600)
    const other = await server.call('POST', 'aws/sts/reader', { role_arn: `${arn}-other` })
    expect(other.status).toBe(400)
    expect(other.body.errors[0]).toContain('not in allowed role arns')
  })

  it('give federation and session tokens', async () => {
    await server.call('POST', 'aws/roles/federated', {
      credential_type: 'federation_token',
      policy_document: LIST_USERS,
    })
    const federated = await server.call('GET', 'aws/sts/federated')
    expect(federated.body.data, federated.text).toMatchObject({ ttl: 3600 })
    await server.call('POST', 'aws/roles/session', { credential_type: 'session_token' })
    const session = await server.call('GET', 'aws/creds/session', undefined, {
      query: { ttl: '900' },
    })
    expect(session.body.data.session_token).toBeTruthy()
    expect(session.body.lease_duration).toBe(900)
  })

  it('never give what the server itself may do', async () => {
    await server.call('POST', 'aws/roles/federated', { credential_type: 'federation_token' })
    const made = await server.call('GET', 'aws/sts/federated')
    expect(made.status).toBe(400)
    expect(made.body.errors[0]).toContain('must specify at least one of policy_arns')
  })

  it('ask the next endpoint where the first is away', async () => {
    await configure({
      sts_endpoint: 'http://127.0.0.1:9',
      sts_fallback_endpoints: moto.endpoint,
      sts_fallback_regions: 'us-east-1',
    })
    await server.call('POST', 'aws/roles/session', { credential_type: 'session_token' })
    expect((await server.call('GET', 'aws/creds/session')).status).toBe(200)
  })
})

describe('keys that rotate', () => {
  it("replace the mount's own", async () => {
    await admin.createUser({ UserName: 'strongroom' })
    await admin.putUserPolicy({
      UserName: 'strongroom',
      PolicyName: 'all',
      PolicyDocument: LIST_USERS.replace('iam:ListUsers', '*'),
    })
    const { AccessKey } = await admin.createAccessKey({ UserName: 'strongroom' })
    const before = { access_key: AccessKey!.AccessKeyId!, secret_key: AccessKey!.SecretAccessKey! }
    await configure(before)
    const rotated = await server.call('POST', 'aws/config/rotate-root')
    expect(rotated.status, rotated.text).toBe(200)
    const shown = (await server.call('GET', 'aws/config/root')).body.data
    expect(rotated.body.data).toEqual({ access_key: shown.access_key })
    expect(shown.access_key).not.toBe(before.access_key)
    expect(shown).not.toHaveProperty('secret_key')
    expect(await whoAmI(before)).toBe('InvalidClientTokenId')
    await userRole()
    expect((await server.call('GET', 'aws/creds/deploy')).status).toBe(200)
    await server.call('PUT', 'sys/leases/revoke-prefix/aws/creds')
  })

  it('keep a static role: one key after the other, the former refused', async () => {
    await admin.createUser({ UserName: 'legacy-app' })
    const made = await server.call('POST', 'aws/static-roles/app', {
      username: 'legacy-app',
      rotation_period: '1h',
    })
    expect(made.body.data, made.text).toMatchObject({
      name: 'app',
      username: 'legacy-app',
      rotation_period: 3600,
    })
    const first = (await server.call('GET', 'aws/static-creds/app')).body.data
    expect(await whoAmI(first)).toBe('works')
    await passSeconds(clock, 3700)
    const current = async () => (await server.call('GET', 'aws/static-creds/app')).body.data
    await expect.poll(async () => (await current()).access_key).not.toBe(first.access_key)
    expect(await whoAmI(await current())).toBe('works')
    await expect.poll(() => whoAmI(first)).toBe('InvalidClientTokenId')
    const last = await current()
    expect((await server.call('DELETE', 'aws/static-roles/app')).status).toBe(204)
    expect(await whoAmI(last)).toBe('InvalidClientTokenId')
  })

  it('let a static role go while AWS is away, and its key later', async () => {
    await admin.createUser({ UserName: 'leaver' })
    const role = { username: 'leaver', rotation_period: '1h' }
    const made = await server.call('POST', 'aws/static-roles/leaver', role)
    expect(made.status, made.text).toBe(200)
    const key = (await server.call('GET', 'aws/static-creds/leaver')).body.data
    await configure({ iam_endpoint: 'http://127.0.0.1:9' })
    const removed = await server.call('DELETE', 'aws/static-roles/leaver')
    expect(removed.status, removed.text).toBe(200)
    expect(removed.body.warnings[0]).toContain('AWS could not be reached')
    expect((await server.call('GET', 'aws/static-roles/leaver')).status).toBe(404)
    expect((await server.call('GET', 'aws/static-creds/leaver')).status).toBe(404)
    await passSeconds(clock, 600)
    expect(await whoAmI(key)).toBe('works')
    await configure()
    await passSeconds(clock, 7200)
    await expect.poll(() => whoAmI(key)).toBe('InvalidClientTokenId')
  })

  it('take a former key off that the end of its role caught before AWS did', async () => {
    await admin.createUser({ UserName: 'halfway' })
    const role = { username: 'halfway', rotation_period: '1h' }
    await server.call('POST', 'aws/static-roles/halfway', role)
    const current = async () => (await server.call('GET', 'aws/static-creds/halfway')).body.data
    const first = await current()
    // The new key is made and current; the former one can't be deleted.
    const refusing = await startRefuser('DeleteAccessKey')
    await configure({ iam_endpoint: refusing.endpoint })
    await passSeconds(clock, 3700)
    await expect.poll(async () => (await current()).access_key).not.toBe(first.access_key)
    const second = await current()
    const removed = await server.call('DELETE', 'aws/static-roles/halfway')
    expect(removed.body.warnings[0], removed.text).toContain('is not yet')
    await configure()
    // A new role of that user is not made before the former one's keys are gone.
    const again = await server.call('POST', 'aws/static-roles/halfway', role)
    expect(again.status, again.text).toBe(200)
    expect(await whoAmI(first)).toBe('InvalidClientTokenId')
    expect(await whoAmI(second)).toBe('InvalidClientTokenId')
    await passSeconds(clock, 7200)
    expect(await whoAmI(await current())).toBe('works')
    await refusing.stop()
  })

  it('take off a key whose answer was lost when the role goes', async () => {
    await admin.createUser({ UserName: 'lost-key' })
    const own = (await admin.createAccessKey({ UserName: 'lost-key' })).AccessKey!
    const silent = await startSilencer('CreateAccessKey')
    await configure({ iam_endpoint: silent.endpoint })
    const role = { username: 'lost-key', rotation_period: '1h' }
    const made = await server.call('POST', 'aws/static-roles/lost-key', role)
    expect(made.status, made.text).toBe(400)
    const keys = async () =>
      (await admin.listAccessKeys({ UserName: 'lost-key' })).AccessKeyMetadata
    expect(await keys()).toHaveLength(2)
    expect((await server.call('GET', 'aws/static-roles/lost-key')).status).toBe(404)
    await passSeconds(clock, 600)
    await expect
      .poll(async () => (await keys())?.map((key) => key.AccessKeyId))
      .toEqual([own.AccessKeyId])
    await silent.stop()
  })

  it('let one of two that make a static role at once decide whose it is', async () => {
    for (const UserName of ['left-hand', 'right-hand']) await admin.createUser({ UserName })
    const gate = await startGate('GetUser', 2)
    await configure({ iam_endpoint: gate.endpoint })
    const both = await Promise.all(
      ['left-hand', 'right-hand'].map((username) =>
        server.call('POST', 'aws/static-roles/hand', { username, rotation_period: '1h' }),
      ),
    )
    expect(both.map(({ status }) => status).sort(), both.map(({ text }) => text).join()).toEqual([
      200, 400,
    ])
    const winner = both.find(({ status }) => status === 200)!.body.data
    const shown = (await server.call('GET', 'aws/static-roles/hand')).body.data
    expect(shown).toMatchObject({ username: winner.username, id: winner.id })
    const { access_key } = (await server.call('GET', 'aws/static-creds/hand')).body.data
    const { AccessKeyMetadata } = await admin.listAccessKeys({ UserName: shown.username })
    expect(AccessKeyMetadata!.map((key) => key.AccessKeyId)).toEqual([access_key])
    await gate.stop()
  })

  it('refuse a static role of a user that is not there, and keep nothing of it', async () => {
    const made = await server.call('POST', 'aws/static-roles/ghost', {
      username: 'ghost',
      rotation_period: '1h',
    })
    expect(made.status).toBe(400)
    expect(made.body.errors[0]).toMatch(/^unable to validate username "ghost": NoSuchEntity/)
    expect((await server.call('GET', 'aws/static-roles/ghost')).status).toBe(404)
  })
})

describe('bad input and trouble', () => {
  it.each([
    [{}, 'did not supply credential_type'],
    [{ credential_type: 'root' }, 'unrecognized credential type: root'],
    [{ credential_type: 'iam_user', policy_document: '{' }, 'cannot parse policy document'],
    [{ credential_type: 'iam_user', default_sts_ttl: 60 }, 'default_sts_ttl parameter only valid'],
    [{ credential_type: 'iam_user', user_path: 'x' }, 'user_path is invalid'],
    [{ credential_type: 'iam_user', role_arns: 'arn:a' }, 'cannot supply role_arns'],
    [{ credential_type: 'iam_user', permissions_boundary_arn: 'x' }, 'permissions_boundary_arn'],
    [{ policy: '{}', arn: 'arn:aws:iam::1:role/x' }, 'only one of policy or arn'],
    [{ policy: '{}', credential_type: 'iam_user' }, 'deprecated role or policy parameters'],
  ])('refuses the role %j', async (role, why) => {
    const made = await server.call('POST', 'aws/roles/bad', role)
    expect(made.status).toBe(400)
    expect(made.body.errors[0]).toContain(why)
    expect((await server.call('GET', 'aws/roles/bad')).status).toBe(404)
  })

  it.each([
    [{ iam_endpoint: 'file:///etc/passwd' }],
    [{ access_key: 'AKIA', secret_key: '' }],
    [{ username_template: '{{ .Nope' }],
    [{ role_arn: 'arn:aws:iam::1:role/x' }],
    [{ sts_fallback_endpoints: 'http://a', sts_fallback_regions: 'a,b' }],
  ])('refuses the configuration %j and keeps the one before', async (of) => {
    const before = (await server.call('GET', 'aws/config/root')).body.data
    expect((await configure(of)).status).toBe(400)
    expect((await server.call('GET', 'aws/config/root')).body.data).toEqual(before)
  })

  it('says that AWS is away, and tells nobody the keys', async () => {
    await configure({ iam_endpoint: 'http://127.0.0.1:9' })
    await userRole()
    const made = await server.call('GET', 'aws/creds/deploy')
    expect(made.status).toBe(400)
    expect(made.body.errors[0]).toContain('AWS could not be reached (ECONNREFUSED)')
    expect((await server.call('GET', 'aws/creds/nobody')).body.errors[0]).toBe(
      'Role "nobody" not found',
    )
    expect(made.text + logged.join('')).not.toContain(moto.secretKey)
  })

  it('reads a role as it was written', async () => {
    await userRole({ policy_document: '{ "Version" : "2012-10-17", "Statement": [] }' })
    const { data } = (await server.call('GET', 'aws/roles/deploy')).body
    expect(data).toMatchObject({
      credential_type: 'iam_user',
      policy_document: '{"Version":"2012-10-17","Statement":[]}',
      role_arns: [],
      iam_tags: {},
      user_path: '',
    })
    const listed = await server.call('LIST', 'aws/roles')
    expect(listed.body.data).toEqual({ keys: ['deploy'] })
    await server.call('DELETE', 'aws/roles/deploy')
    expect((await server.call('GET', 'aws/roles/deploy')).status).toBe(404)
  })
})
