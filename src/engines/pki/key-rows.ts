// keys, key/:key_ref, keys/generate and keys/import: the private keys of the mount. None is ever read back;
// one that is generated for export is answered once.

import { createPrivateKey } from 'node:crypto'
import { badRequest } from '../../base/errors.ts'
import { serialText } from '../../crypto/x509/build-certificate.ts'
import type { KeyType } from '../../crypto/x509/key-algorithms.ts'
import { generateKey, privateKeyPem } from '../../crypto/x509/private-key.ts'
import { publicKeyOf, sha1KeyId } from '../../crypto/x509/public-key.ts'
import { object, string, list as stringList } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { pageInput } from '../../sdk/listing.ts'
import { findKey, type KeyInfo, keyOf, NAME, newKeyName, readDirectory } from './authority.ts'
import { changeAuthority } from './authority-draft.ts'
import { NO_OUTSIDE_KEYS } from './ca-key.ts'
import { pageOfEntries } from './directory-page.ts'
import { pemBlocks, privateKeyOf } from './from-request.ts'
import { keyKey, readKey } from './issuer-record.ts'
import { keyChoice } from './key-policy.ts'
import { keyChoiceFields, keyNameField } from './request-fields.ts'

const { list, read, write, remove } = endpoints()

const params = { key_ref: string('Key: default, an id or a name.', { required: true }) }
const output = {
  key_id: string('Id of the key.'),
  key_name: string('Name of the key; empty: none.'),
  key_type: string('rsa, ec or ed25519.'),
}
const generateInput = { ...keyChoiceFields, key_name: keyNameField }

export const keyRows = [
  list('keys', {
    about: 'Lists the keys.',
    effects: false,
    input: pageInput,
    output: {
      key_info: object('Name of each key, and whether it is the default.'),
      keys: stringList('Ids.'),
    },
    handle: async (ctx, page) => {
      const { keys, defaultKey } = await readDirectory(ctx.storage)
      return pageOfEntries(keys, page, ({ id, name }) => ({
        is_default: id === defaultKey,
        key_name: name,
      }))
    },
  }),
  read('key/:key_ref', {
    about: 'Shows a key without its private half.',
    effects: false,
    params,
    output: { ...output, subject_key_id: string('Its identifier in certificates.') },
    handle: async (ctx, { key_ref }) => {
      const key = keyOf(await readDirectory(ctx.storage), key_ref)
      const record = await readKey(ctx.storage, key.id)
      if (record === null) return { empty: true }
      const keyId = sha1KeyId(publicKeyOf(createPrivateKey(record.pem)))
      return { data: { ...keyData(key), subject_key_id: serialText(keyId) } }
    },
  }),
  write('key/:key_ref', {
    about: 'Renames a key.',
    params,
    input: { key_name: string('New name; empty: none.', { default: '' }) },
    output,
    handle: (ctx, { key_ref, key_name }) => renameKey(ctx, key_ref, key_name),
  }),
  remove('key/:key_ref', {
    about: 'Removes a key that no issuer uses.',
    params,
    handle: (ctx, { key_ref }) => removeKey(ctx, key_ref),
  }),
  write('keys/generate/internal', {
    about: 'Makes a key.',
    input: generateInput,
    output,
    handle: (ctx, values) => generate(ctx, values, false),
  }),
  write('keys/generate/exported', {
    about: 'Makes a key and answers it.',
    input: generateInput,
    output: { ...output, private_key: string('The private key.', { secret: true }) },
    handle: (ctx, values) => generate(ctx, values, true),
  }),
  write('keys/generate/kms', {
    about: 'Refused: keys of external services are not supported.',
    handle: async () => {
      throw badRequest(NO_OUTSIDE_KEYS)
    },
  }),
  write('keys/import', {
    about: 'Imports a private key.',
    input: {
      key_name: keyNameField,
      pem_bundle: string('The unencrypted private key, PEM.', { default: '', secret: true }),
    },
    output,
    handle: (ctx, values) => importKey(ctx, values.pem_bundle, values.key_name),
  }),
]

const keyData = ({ id, name, type }: KeyInfo) => ({ key_id: id, key_name: name, key_type: type })

async function renameKey(ctx: RequestContext, ref: string, name: string): Promise<Answer> {
  if (name !== '' && !NAME.test(name))
    throw badRequest('new key name outside of valid character limits')
  const key = await changeAuthority(ctx, async (draft) => {
    const found = keyOf(draft.directory, ref)
    if (name !== found.name) newKeyName(draft.directory, name === '' ? undefined : name)
    const changed = { ...found, name }
    const keys = draft.directory.keys.map((one) => (one.id === found.id ? changed : one))
    draft.directory = { ...draft.directory, keys }
    return changed
  })
  if (name !== '') return { data: keyData(key) }
  const warning = `Name successfully deleted, you will now need to reference this key by it's Id: ${key.id}`
  return { data: keyData(key), warnings: [warning] }
}

async function removeKey(ctx: RequestContext, ref: string): Promise<Answer> {
  const gone = await changeAuthority(
    ctx,
    async (draft) => {
      const found = findKey(draft.directory, ref)
      if (found === null) return null
      const user = draft.directory.issuers.find((issuer) => issuer.keyId === found.id)
      if (user) throw badRequest(`Failed to Delete Key.  Key in Use by Issuer: ${user.id}`)
      const wasDefault = draft.directory.defaultKey === found.id
      draft.directory = {
        ...draft.directory,
        keys: draft.directory.keys.filter((one) => one.id !== found.id),
        defaultKey: wasDefault ? '' : draft.directory.defaultKey,
      }
      return { id: found.id, wasDefault }
    },
    (tx, found) => {
      if (found) tx.delete(keyKey(found.id))
    },
  )
  if (!gone?.wasDefault) return { empty: true }
  return {
    empty: true,
    warnings: [
      `Deleted key ${gone.id} (via key_ref ${ref}); this was configured as the default key. Operations without an explicit key will not work until a new default is configured.`,
    ],
  }
}

async function generate(
  ctx: RequestContext,
  values: {
    readonly key_name: string | undefined
    readonly key_type: string | undefined
    readonly key_bits: number | undefined
  },
  isExported: boolean,
): Promise<Answer> {
  newKeyName(await readDirectory(ctx.storage), values.key_name)
  const { keyType, keyBits } = checkedChoice(values.key_type ?? 'rsa', values.key_bits ?? 0)
  const { privateKey } = await generateKey(keyType, keyBits)
  const info = await changeAuthority(ctx, async (draft) => {
    const name = newKeyName(draft.directory, values.key_name)
    return (await draft.addKey(privateKey, name)).info
  })
  const exported = isExported ? { private_key: privateKeyPem(privateKey, 'traditional') } : {}
  return { data: { ...keyData(info), ...exported } }
}

function checkedChoice(type: string, bits: number): { keyType: KeyType; keyBits: number } {
  const where = 'Validation for key_type, key_bits failed: '
  if (type === 'any') throw badRequest(`${where}unknown key type any`)
  const { keyType, keyBits } = keyChoice(type, bits, 0, where)
  return { keyType: keyType as KeyType, keyBits }
}

async function importKey(
  ctx: RequestContext,
  pem: string,
  name: string | undefined,
): Promise<Answer> {
  newKeyName(await readDirectory(ctx.storage), name)
  if (pem.length < 64) throw badRequest(TOO_SHORT)
  const blocks = pemBlocks(pem)
  if (blocks.length !== 1)
    throw badRequest('only a single key can be present within the pem_bundle for importing')
  const key = privateKeyOf(blocks[0]!)
  const added = await changeAuthority(ctx, (draft) =>
    draft.addKey(key, newKeyName(draft.directory, name)),
  )
  const data = keyData(added.info)
  if (!added.existed) return { data }
  return { data, warnings: ['Key already imported, use key/ endpoint to update name.'] }
}

export const TOO_SHORT =
  'provided data for import was too short; perhaps a path was passed to the API rather than the contents of a PEM file'
