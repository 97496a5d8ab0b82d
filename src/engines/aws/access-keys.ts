// Access keys of one IAM user, which has at most two of them. A rotation makes a second one, proves it and
// deletes the first. Source: "Managing access keys" in the IAM user guide.

import { ApiError } from '../../base/errors.ts'
import { type RotationProof, RotationRefused } from '../../sdk/rotation.ts'
import { type AwsClients, callAws, clientsOf, isNoSuchEntity } from './aws-clients.ts'
import type { RootConfig } from './root-config.ts'

export interface AccessKey {
  readonly keyId: string
  readonly secret: string
}

export interface StagedKey {
  readonly username: string
  /** The ids that the user had before. */
  readonly known: readonly string[]
  /** What AWS made; null until then. */
  readonly made: AccessKey | null
}

/** The most access keys that AWS lets a user have. */
const MOST_KEYS = 2

/** Keys that appeared since the known ones were listed. */
export async function strayKeys(
  { iam }: AwsClients,
  { username, known }: Pick<StagedKey, 'username' | 'known'>,
): Promise<readonly string[]> {
  const listed = (await iam.listAccessKeys({ UserName: username })).AccessKeyMetadata ?? []
  return listed.map((key) => key.AccessKeyId!).filter((id) => !known.includes(id))
}

/**
 * Makes a key beside the known one. Keys that appeared since they were listed are ours, of a try that
 * broke off before it was stored: nobody knows their secret, so they go. Where two keys were known, the older
 * one goes when `dropsOldest`, else it is refused.
 */
export async function replaceKey(
  clients: AwsClients,
  staged: StagedKey,
  current = '',
): Promise<StagedKey> {
  const { iam } = clients
  const { username: UserName, known } = staged
  const made = await refusable('error calling CreateAccessKey', async () => {
    const listed = (await iam.listAccessKeys({ UserName })).AccessKeyMetadata ?? []
    const strays = listed.filter(({ AccessKeyId }) => !known.includes(AccessKeyId!))
    const kept = listed.filter(({ AccessKeyId }) => known.includes(AccessKeyId!))
    for (const { AccessKeyId } of strays) await iam.deleteAccessKey({ UserName, AccessKeyId })
    if (current !== '' && kept.length >= MOST_KEYS) {
      const others = kept.filter(({ AccessKeyId }) => AccessKeyId !== current)
      others.sort((a, b) => Number(a.CreateDate) - Number(b.CreateDate))
      await iam.deleteAccessKey({ UserName, AccessKeyId: others[0]!.AccessKeyId })
    }
    return (await iam.createAccessKey({ UserName })).AccessKey!
  })
  return { ...staged, made: { keyId: made.AccessKeyId!, secret: made.SecretAccessKey! } }
}

/** Whether AWS takes the key. A new one may need some seconds until it is known everywhere: 'unknown'. */
export async function keyWorks(root: RootConfig, key: AccessKey): Promise<RotationProof> {
  const clients = await clientsOf({ ...root, accessKey: key.keyId, secretKey: key.secret })
  try {
    await clients.sts[0]!.getCallerIdentity({})
    return 'works'
  } catch {
    return 'unknown'
  } finally {
    clients.iam.destroy()
    for (const sts of clients.sts) sts.destroy()
  }
}

/** Deletes a key that may be gone already. */
export async function deleteKey(
  { iam }: AwsClients,
  { keyId, username }: { readonly keyId: string; readonly username: string },
): Promise<void> {
  try {
    await iam.deleteAccessKey({ UserName: username, AccessKeyId: keyId })
  } catch (error) {
    if (!isNoSuchEntity(error)) {
      await callAws('error deleting old access key', async () => {
        throw error
      })
    }
  }
}

/** A call that AWS refused has changed nothing; one that got no answer may have. */
async function refusable<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await callAws(what, call)
  } catch (error) {
    const isAnswered =
      ((error as ApiError).cause as { $metadata?: { httpStatusCode?: number } } | undefined)
        ?.$metadata?.httpStatusCode !== undefined
    if (isAnswered && error instanceof ApiError) {
      throw new RotationRefused(error.message, { cause: error })
    }
    throw error
  }
}
