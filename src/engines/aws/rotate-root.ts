// The mount's own access key, replaced by a new one of the same IAM user: by hand (config/rotate-root) or
// by the schedule in config/root. AWS makes up the key, so a crash right after it was made leaves one that
// nobody knows: the ids that were there before are staged, and any other is taken away at the next try.
// API: https://developer.hashicorp.com/vault/api-docs/secret/aws#rotate-root-iam-credentials
import { badRequest } from '../../base/errors.ts'
import { string } from '../../schema/field.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { rotationKind } from '../../sdk/rotation.ts'
import { deleteKey, keyWorks, replaceKey, type StagedKey } from './access-keys.ts'
import { awsClients, callAws } from './aws-clients.ts'
import { ROOT_KEY, type RootConfig, readRoot } from './root-config.ts'

const { write } = endpoints()
export const ROOT_ID = 'root'

/** The mount's access key; its item is empty, since config/root holds all. */
export const rootRotation = rotationKind<
  Record<string, never>,
  StagedKey,
  { keyId: string; username: string }
>('config', {
  stage: (mount) =>
    mount.use(awsClients, '', async ({ iam }) => {
      const { User } = await callAws('error calling GetUser', () => iam.getUser({}))
      const username = User?.UserName ?? ''
      const keys = await callAws('error listing access keys', () =>
        iam.listAccessKeys({ UserName: username }),
      )
      return {
        username,
        known: (keys.AccessKeyMetadata ?? []).map((key) => key.AccessKeyId!),
        made: null,
      }
    }),
  set: (mount, _item, staged) =>
    mount.use(awsClients, '', (clients) => replaceKey(clients, staged)),
  test: async (mount, _item, { made }) => {
    const root = await readRoot(mount.storage)
    return root && made ? keyWorks(root, made) : 'refused'
  },
  promote: async (tx, _item, { made, username }) => {
    const root = (await tx.get(ROOT_KEY))?.json<RootConfig>()
    if (!root || !made) return undefined
    tx.put(ROOT_KEY, { json: { ...root, accessKey: made.keyId, secretKey: made.secret } })
    return root.accessKey === made.keyId ? undefined : { keyId: root.accessKey, username }
  },
  // By now the mount's clients sign with the new key.
  retire: (mount, _item, old) => mount.use(awsClients, '', (clients) => deleteKey(clients, old)),
})

export const rotateRootRows = [
  write('config/rotate-root', {
    about: "Replaces the mount's own access key by a new one; the old one is deleted.",
    output: { access_key: string('The new access key id.') },
    handle: async (ctx) => {
      const root = await readRoot(ctx.storage)
      if (!root) throw badRequest('no configuration found for config/root')
      if (root.accessKey === '' || root.secretKey === '') {
        throw badRequest(
          'Cannot call config/rotate-root when either access_key or secret_key is empty',
        )
      }
      await ctx.rotation.rotateNow(rootRotation, ROOT_ID, { by: ctx.auth?.displayName ?? '' })
      return { data: { access_key: (await readRoot(ctx.storage))?.accessKey ?? '' } }
    },
  }),
]
