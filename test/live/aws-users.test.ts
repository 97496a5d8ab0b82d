// IAM users that others touch, against moto: what somebody hung on one of ours doesn't keep it, and one that
// isn't ours is let alone.
import { describe, expect, it } from 'vitest'
import {
  admin,
  clock,
  configure,
  irrevocable,
  type Keys,
  listUsers,
  server,
  startGate,
  startRefuser,
  tried,
  useAwsMount,
  userRole,
  usersOfLeases,
  whoAmI,
} from '../support/aws-mount.ts'
import {
  startAnswerer as answererBefore,
  startRefuser as refuserBefore,
} from '../support/aws-proxy.ts'
import { passSeconds } from '../support/manual-clock.ts'

/** PEM of some certificate. */
async function certificate(): Promise<string> {
  await server.call('POST', 'sys/mounts/pki', { type: 'pki' })
  const of = { common_name: 'signer', key_type: 'ec' }
  return (await server.call('POST', 'pki/root/generate/internal', of)).body.data.certificate
}

useAwsMount()

describe('a user that others gave something', () => {
  // Of these moto lets a user go; AWS does not.
  const isHeld = async (UserName: string): Promise<boolean> => {
    const [mfa, ssh, certificates] = await Promise.all([
      admin.listMFADevices({ UserName }),
      admin.listSSHPublicKeys({ UserName }),
      admin.listSigningCertificates({ UserName }),
    ])
    const left = [mfa.MFADevices, ssh.SSHPublicKeys, certificates.Certificates].flat()
    const hasPassword = await tried(() => admin.getLoginProfile({ UserName }))
    return hasPassword === 'works' || left.length > 0
  }

  it('is cleared of all that blocks its deletion', async () => {
    await userRole()
    const made = await server.call('GET', 'aws/creds/deploy')
    const UserName = (await usersOfLeases())[0]!
    await admin.createLoginProfile({ UserName, Password: 'Correct-horse-7!' })
    const { VirtualMFADevice } = await admin.createVirtualMFADevice({ VirtualMFADeviceName: 'd' })
    const device = { UserName, SerialNumber: VirtualMFADevice!.SerialNumber! }
    const codes = { AuthenticationCode1: '123456', AuthenticationCode2: '654321' }
    await admin.enableMFADevice({ ...device, ...codes })
    await admin.uploadSSHPublicKey({ UserName, SSHPublicKeyBody: 'ssh-rsa AAAAB3NzaC1yc2E' })
    await admin.uploadSigningCertificate({ UserName, CertificateBody: await certificate() })
    const held = await startRefuser('DeleteUser', 'DeleteConflict', () => isHeld(UserName))
    const id = '<ServiceSpecificCredentialId>ACCA0123456789012345</ServiceSpecificCredentialId>'
    const listed = await answererBefore(
      held.endpoint,
      'ListServiceSpecificCredentials',
      `<ServiceSpecificCredentials><member>${id}</member></ServiceSpecificCredentials>`,
    )
    const dropped = await answererBefore(listed.endpoint, 'DeleteServiceSpecificCredential', '')
    await configure({ iam_endpoint: dropped.endpoint })
    const { lease_id } = made.body
    await server.call('PUT', 'sys/leases/revoke', { lease_id, sync: true })
    expect(await usersOfLeases()).toEqual([])
    expect(dropped.calls.map((call) => call.get('ServiceSpecificCredentialId'))).toEqual([
      'ACCA0123456789012345',
    ])
    expect((await admin.listVirtualMFADevices({})).VirtualMFADevices).toEqual([])
    for (const proxy of [dropped, listed, held]) await proxy.stop()
  })

  it('says what keeps it where that can not be taken off', async () => {
    await userRole()
    const made = await server.call('GET', 'aws/creds/deploy')
    const UserName = (await usersOfLeases())[0]!
    await admin.createLoginProfile({ UserName, Password: 'Correct-horse-7!' })
    const held = await startRefuser('DeleteUser', 'DeleteConflict', () => isHeld(UserName))
    const denied = await refuserBefore(held.endpoint, 'DeleteLoginProfile')
    await configure({ iam_endpoint: denied.endpoint })
    const { lease_id } = made.body
    const refused = await server.call('PUT', 'sys/leases/revoke', { lease_id, sync: true })
    expect(refused.text).toContain('AccessDenied')
    expect(await whoAmI(made.body.data)).toBe('InvalidClientTokenId')
    await configure()
    await server.call('PUT', 'sys/leases/revoke', { lease_id, sync: true })
    expect(await usersOfLeases()).toEqual([])
    for (const proxy of [denied, held]) await proxy.stop()
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
    const notes = async () =>
      (await server.backend.range('mount/', { limit: 1000 })).filter((key) =>
        key.includes('/others-user/'),
      )
    await passSeconds(clock, 3700)
    await expect.poll(notes).toEqual([])
    const winner = both.find(({ status }) => status === 200)!
    expect(await listUsers(winner.body.data as Keys)).toBe('works')
    const { lease_id } = winner.body
    await server.call('PUT', 'sys/leases/revoke', { lease_id, sync: true })
    expect(await usersOfLeases()).toEqual([])
    await gate.stop()
  })

  it('carry the tag of their lease, and without it are let alone and shown', async () => {
    await userRole({ iam_tags: ['team=payments'] })
    await configure({ username_template: 'vault-tagged' })
    const made = await server.call('GET', 'aws/creds/deploy')
    expect(made.status, made.text).toBe(200)
    const { User } = await admin.getUser({ UserName: 'vault-tagged' })
    expect(User?.Tags).toContainEqual({ Key: 'strongroom-lease', Value: expect.any(String) })
    expect(User?.Tags).toContainEqual({ Key: 'team', Value: 'payments' })
    await admin.untagUser({ UserName: 'vault-tagged', TagKeys: ['strongroom-lease'] })
    const { lease_id } = made.body
    await server.call('PUT', 'sys/leases/revoke', { lease_id })
    await expect.poll(irrevocable, { timeout: 20_000 }).toContain('does not carry the tag')
    expect(await usersOfLeases()).toEqual(['vault-tagged'])
    expect(await whoAmI(made.body.data)).toBe('works')
    await server.call('PUT', 'sys/leases/revoke-force/aws/creds')
    const UserName = 'vault-tagged'
    const keys = await admin.listAccessKeys({ UserName })
    for (const { AccessKeyId } of keys.AccessKeyMetadata!)
      await admin.deleteAccessKey({ UserName, AccessKeyId })
    await admin.deleteUserPolicy({ UserName, PolicyName: 'deploy' })
    await admin.deleteUser({ UserName })
  })

  it('are let alone where another took the name and no note tells of it', async () => {
    await userRole()
    const gate = await startGate('CreateUser', 2)
    await configure({ username_template: 'vault-crash', iam_endpoint: gate.endpoint })
    const both = await Promise.all([1, 2].map(() => server.call('GET', 'aws/creds/deploy')))
    const winner = both.find(({ status }) => status === 200)!
    // What a crash right after the refusal leaves: a lease of a user that is another's.
    const notes = (await server.backend.range('mount/', { limit: 1000 })).filter((key) =>
      key.includes('/others-user/'),
    )
    expect(notes).toHaveLength(1)
    await server.backend.commit({ expect: new Map(), writes: new Map([[notes[0]!, null]]) })
    await passSeconds(clock, 3600)
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
