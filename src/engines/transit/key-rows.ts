// keys/: making, reading, listing, deleting keys, their settings, rotation and trimming.
import { badRequest } from '../../base/errors.ts'
import { boolean, duration, integer, json, string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { keysAnswer, keysOutput, listNames, pageInput } from '../../sdk/listing.ts'
import { rotateByHand } from './auto-rotation.ts'
import { describeKey } from './describe-key.ts'
import { decodeContext } from './input-base64.ts'
import { configureKey, trimKey } from './key-config.ts'
import { checkName, nameParam } from './key-name.ts'
import { type KeyRecord, newKeyRecord } from './key-record.ts'
import { checkNewKey } from './key-request.ts'
import { changeKey, createKey, deleteKey, dropVersions, newKeyId } from './key-store.ts'
import { keyTypeNames } from './key-types.ts'
import { readRecord } from './rotate-key.ts'

const { read, write, remove, list } = endpoints()

export const keyOutput = {
  allow_plaintext_backup: boolean('Whether a backup may be taken.'),
  auto_rotate_period: integer('Seconds from one automatic rotation to the next; 0: none.'),
  backup_info: json('When it was last backed up, and its latest version then.'),
  convergent_encryption: boolean('Whether equal plaintexts give equal ciphertexts.'),
  convergent_encryption_version: integer('-1: each version says by itself.'),
  deletion_allowed: boolean('Whether the key may be deleted.'),
  derived: boolean('Whether each request derives a key from its context.'),
  exportable: boolean('Whether the key may be exported.'),
  imported_key: boolean('Whether the latest version came from outside.'),
  imported_key_allow_rotation: boolean('Whether an imported key may be rotated here.'),
  kdf: string('How keys are derived.'),
  kdf_mode: string('The same, for keys of the oldest kind.'),
  key_size: integer('Length of an hmac key, bytes.'),
  keys: json('By version: the time of creation (Unix seconds) or the public key.'),
  latest_version: integer('The newest version.'),
  min_available_version: integer('Versions below it were trimmed; 0: none.'),
  min_decryption_version: integer('The oldest version that decrypts and verifies.'),
  min_encryption_version: integer('The oldest version that encrypts and signs; 0: the latest.'),
  name: string('Name of the key.'),
  parameter_set: string('Of post-quantum types.'),
  restore_info: json('When it was last restored, and its latest version then.'),
  soft_deleted: boolean('Whether the key is out of use.'),
  supports_decryption: boolean('Whether it decrypts.'),
  supports_derivation: boolean('Whether it can be a derived key.'),
  supports_encryption: boolean('Whether it encrypts.'),
  supports_signing: boolean('Whether it signs.'),
  type: string('Type of the key.'),
}

const period = duration('Rotate by itself after this time; 0: never, else at least an hour.')

async function described(
  ctx: RequestContext,
  record: KeyRecord,
  warnings: readonly string[] = [],
): Promise<Answer> {
  return { data: await describeKey(ctx, record), warnings }
}

export const keyRows = [
  list('keys', {
    about: 'Lists the keys.',
    effects: false,
    input: pageInput,
    output: keysOutput,
    handle: async (ctx, { after, limit }) =>
      keysAnswer(await listNames(ctx.storage, 'keys/', { after, limit })),
  }),
  write('keys/:name', {
    about: 'Makes a key; one that is there stays as it is.',
    params: nameParam,
    input: {
      type: string(`One of ${keyTypeNames.join(', ')}.`, { default: 'aes256-gcm96' }),
      derived: boolean('Derive a key from the context of each request.'),
      convergent_encryption: boolean('Equal plaintext and context give equal ciphertext.'),
      exportable: boolean('Allow export, for good.'),
      allow_plaintext_backup: boolean('Allow backups, for good.'),
      auto_rotate_period: period,
      key_size: integer('Length of an hmac key, 32 to 512 bytes.', { default: 0 }),
      parameter_set: string('Of ml-dsa: 44, 65 or 87; of slh-dsa: slh-dsa-sha2-128s and so on.'),
      context: string('Not used here; taken as the original does.', { deprecated: true }),
    },
    output: keyOutput,
    handle: async (ctx, input) => {
      const name = checkName(input.name)
      const of = checkNewKey(input)
      const fresh = newKeyRecord({ ...of, id: newKeyId(ctx), name })
      const { record, isNew } = await createKey(ctx, fresh)
      return described(ctx, record, isNew ? [] : [`key ${name} already existed`])
    },
  }),
  read('keys/:name', {
    about: 'Reads what is known of a key; never its secret.',
    effects: false,
    params: nameParam,
    input: { context: string('Base64 context: shows the derived public keys for it.') },
    output: keyOutput,
    handle: async (ctx, { name, context }) => {
      const record = await readRecord(ctx.storage, checkName(name))
      if (!record) return { empty: true }
      const decoded = decodeContext(context, 'failed to base64-decode context')
      return { data: await describeKey(ctx, record, decoded) }
    },
  }),
  remove('keys/:name', {
    about: 'Deletes a key for good, where its settings allow it.',
    params: nameParam,
    handle: async (ctx, { name }) => {
      await deleteKey(ctx, checkName(name))
      return { empty: true }
    },
  }),
  remove('keys/:name/soft-delete', {
    about: 'Puts a key out of use; it can be restored.',
    params: nameParam,
    output: keyOutput,
    handle: (ctx, { name }) => setSoftDeleted(ctx, checkName(name), true),
  }),
  write('keys/:name/soft-delete-restore', {
    about: 'Takes a soft deletion back.',
    params: nameParam,
    output: keyOutput,
    handle: (ctx, { name }) => setSoftDeleted(ctx, checkName(name), false),
  }),
  write('keys/:name/config', {
    about: 'Changes the settings of a key.',
    params: nameParam,
    input: {
      min_decryption_version: integer('The oldest version that decrypts and verifies.'),
      min_encryption_version: integer('The oldest version that encrypts and signs.'),
      deletion_allowed: boolean('Whether the key may be deleted.'),
      exportable: boolean('Allow export, for good.'),
      allow_plaintext_backup: boolean('Allow backups, for good.'),
      auto_rotate_period: period,
    },
    output: keyOutput,
    handle: async (ctx, { name, ...input }) => {
      const warnings: string[] = []
      const record = await changeKey(ctx, checkName(name), (before) => {
        warnings.length = 0
        return configureKey(before, input, warnings)
      })
      if (!record) throw badRequest(`no existing key named ${name} could be found`)
      return described(ctx, record, warnings)
    },
  }),
  write('keys/:name/rotate', {
    about: 'Makes a new version, which encrypts and signs from now on.',
    params: nameParam,
    output: keyOutput,
    handle: async (ctx, { name }) => {
      const record = await rotateByHand(ctx, checkName(name))
      if (!record) throw badRequest('key not found')
      return described(ctx, record)
    },
  }),
  write('keys/:name/trim', {
    about: 'Deletes old versions for good.',
    params: nameParam,
    input: { min_available_version: integer('Versions below it go.') },
    output: keyOutput,
    handle: async (ctx, { name, min_available_version }) => {
      const record = await changeKey(ctx, checkName(name), async (before, tx) => {
        const after = trimKey(before, min_available_version)
        await dropVersions(ctx, tx, before, after.minAvailableVersion)
        return after
      })
      if (!record) throw badRequest('invalid key name')
      return described(ctx, record)
    },
  }),
]

async function setSoftDeleted(
  ctx: RequestContext,
  name: string,
  softDeleted: boolean,
): Promise<Answer> {
  let wasSo = false
  const record = await changeKey(ctx, name, (before) => {
    wasSo = before.softDeleted === softDeleted
    return wasSo ? before : { ...before, softDeleted }
  })
  if (!record) return { empty: true }
  const words = softDeleted ? 'key was already marked as soft deleted' : 'key was already restored'
  return described(ctx, record, wasSo ? [words] : [])
}
