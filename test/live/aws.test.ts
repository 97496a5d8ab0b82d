// The AWS engine against moto with its authorization switched on: what was given works until its lease ends,
// and is refused afterwards.
import { describe, expect, it } from 'vitest'
import {
  admin,
  clock,
  configure,
  createUser,
  type Keys,
  LIST_USERS,
  listUsers,
  logged,
  moto,
  server,
  startRepeater,
  useAwsMount,
  userRole,
  usersOfLeases,
} from '../support/aws-mount.ts'
import { passSeconds } from '../support/manual-clock.ts'

const TRUST_ALL = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: '*' } }],
})

useAwsMount()

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

  it('of a namespace end with their mount', async () => {
    await server.call('POST', 'sys/namespaces/team')
    const inTeam = { namespace: 'team' }
    await server.call('POST', 'sys/mounts/aws', { type: 'aws' }, inTeam)
    const root = { access_key: moto.accessKey, secret_key: moto.secretKey, region: 'us-east-1' }
    const endpoints = { iam_endpoint: moto.endpoint, sts_endpoint: moto.endpoint, max_retries: 0 }
    await server.call('POST', 'aws/config/root', { ...root, ...endpoints }, inTeam)
    const role = { credential_type: 'iam_user', policy_document: LIST_USERS }
    await server.call('POST', 'aws/roles/deploy', role, inTeam)
    const made = await server.call('GET', 'aws/creds/deploy', undefined, inTeam)
    expect(made.body.lease_id, made.text).toMatch(/^aws\/creds\/deploy\/[\w-]{24}\.\w{5,}$/)
    expect((await server.call('GET', 'aws/creds/deploy')).status).toBe(400)
    expect(await listUsers(made.body.data)).toBe('works')
    await server.call('DELETE', 'sys/mounts/aws', undefined, inTeam)
    await passSeconds(clock, 30)
    await expect.poll(() => listUsers(made.body.data)).toBe('InvalidClientTokenId')
    await expect.poll(usersOfLeases).toEqual([])
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
