// Deleting an IAM user, which AWS refuses while anything hangs on it. Engines give users keys, policies and
// groups; whatever else somebody gave one since (a password, an MFA device) is looked for only where AWS says
// that something is left, so that most deletions need neither the calls nor the rights.
// Source: "Deleting an IAM user" in the IAM user guide.
import type { IAM } from '@aws-sdk/client-iam'
import { type AwsClients, hasAnswer, isNoSuchEntity } from './aws-clients.ts'

/**
 * Deletes the user after all that would hold it; the keys first, so that they end at once. Throws
 * NoSuchEntity where there is no such user. What the user has no more is as good as taken off: the client
 * repeats a call whose answer was lost.
 */
export async function deleteUser(
  { iam }: AwsClients,
  UserName: string,
  abortSignal: AbortSignal,
): Promise<void> {
  const of: Of = { iam, user: { UserName }, at: { abortSignal } }
  await deleteKeys(of)
  await dropRights(of)
  try {
    await iam.deleteUser(of.user, of.at)
  } catch (error) {
    if (!isConflict(error)) throw error
    const [refusal] = await dropCredentials(of)
    try {
      await iam.deleteUser(of.user, of.at)
    } catch (still) {
      // What kept it tells more than that something did.
      throw refusal !== undefined && isConflict(still) ? refusal : still
    }
  }
}

interface Of {
  readonly iam: IAM
  readonly user: { readonly UserName: string }
  readonly at: { readonly abortSignal: AbortSignal }
}

const deleteKeys = ({ iam, user, at }: Of): Promise<void> =>
  eachOf(
    (page) => iam.listAccessKeys({ ...user, ...page }, at),
    (found) => found.AccessKeyMetadata,
    ({ AccessKeyId }) => iam.deleteAccessKey({ ...user, AccessKeyId }, at),
  )

async function dropRights({ iam, user, at }: Of): Promise<void> {
  await eachOf(
    (page) => iam.listAttachedUserPolicies({ ...user, ...page }, at),
    (found) => found.AttachedPolicies,
    ({ PolicyArn }) => iam.detachUserPolicy({ ...user, PolicyArn }, at),
  )
  await eachOf(
    (page) => iam.listUserPolicies({ ...user, ...page }, at),
    (found) => found.PolicyNames,
    (PolicyName) => iam.deleteUserPolicy({ ...user, PolicyName }, at),
  )
  await eachOf(
    (page) => iam.listGroupsForUser({ ...user, ...page }, at),
    (found) => found.Groups,
    ({ GroupName }) => iam.removeUserFromGroup({ ...user, GroupName }, at),
  )
}

/**
 * Answers the refusals: not every region knows every kind of credential, and whether one that could not be
 * looked for matters is shown by the deletion.
 */
async function dropCredentials(of: Of): Promise<readonly unknown[]> {
  const { iam, user, at } = of
  const refusals: unknown[] = []
  for (const drop of [
    () => unlessGone(iam.deleteLoginProfile(user, at)),
    () =>
      eachOf(
        (page) => iam.listMFADevices({ ...user, ...page }, at),
        (found) => found.MFADevices,
        ({ SerialNumber }) => dropMfaDevice(of, SerialNumber!),
      ),
    () =>
      eachOf(
        (page) => iam.listSSHPublicKeys({ ...user, ...page }, at),
        (found) => found.SSHPublicKeys,
        ({ SSHPublicKeyId }) => iam.deleteSSHPublicKey({ ...user, SSHPublicKeyId }, at),
      ),
    () =>
      eachOf(
        (page) => iam.listSigningCertificates({ ...user, ...page }, at),
        (found) => found.Certificates,
        ({ CertificateId }) => iam.deleteSigningCertificate({ ...user, CertificateId }, at),
      ),
    () => dropServiceCredentials(of),
  ]) {
    try {
      await drop()
    } catch (error) {
      if (!hasAnswer(error)) throw error
      refusals.push(error)
    }
  }
  return refusals
}

const dropServiceCredentials = ({ iam, user, at }: Of): Promise<void> =>
  eachOf(
    (page) => iam.listServiceSpecificCredentials({ ...user, ...page }, at),
    (found) => found.ServiceSpecificCredentials,
    ({ ServiceSpecificCredentialId }) =>
      iam.deleteServiceSpecificCredential({ ...user, ServiceSpecificCredentialId }, at),
  )

/** A virtual device (its serial is an ARN) is nobody's once the user is gone, so it goes too. */
async function dropMfaDevice({ iam, user, at }: Of, SerialNumber: string): Promise<void> {
  await unlessGone(iam.deactivateMFADevice({ ...user, SerialNumber }, at))
  if (SerialNumber.includes(':mfa/'))
    await unlessGone(iam.deleteVirtualMFADevice({ SerialNumber }, at))
}

interface Listed {
  readonly IsTruncated?: boolean | undefined
  readonly Marker?: string | undefined
}

/** Drops whatever the pages list. */
async function eachOf<L extends Listed, T>(
  list: (page: { readonly Marker?: string }) => Promise<L>,
  itemsOf: (found: L) => readonly T[] | undefined,
  drop: (item: T) => Promise<unknown>,
): Promise<void> {
  let page: { readonly Marker?: string } | null = {}
  while (page) {
    const found: L = await list(page)
    for (const item of itemsOf(found) ?? []) await unlessGone(drop(item))
    page = found.IsTruncated && found.Marker ? { Marker: found.Marker } : null
  }
}

const isConflict = (error: unknown): boolean =>
  error instanceof Error && error.name.startsWith('DeleteConflict')

async function unlessGone(call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (!isNoSuchEntity(error)) throw error
  }
}
