// Access keys that rotate, against moto: the mount's own and those of static roles. Whatever happens, no key
// that was made outlives its role unnoticed.
import { describe, expect, it } from 'vitest'
import {
  admin,
  clock,
  configure,
  LIST_USERS,
  server,
  startGate,
  startRefuser,
  startSilencer,
  useAwsMount,
  userRole,
  whoAmI,
} from '../support/aws-mount.ts'
import { passSeconds } from '../support/manual-clock.ts'

useAwsMount()

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
