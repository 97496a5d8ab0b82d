// Bringing keys in: wrapping_key, import and import_version.
import { badRequest } from '../../base/errors.ts'
import { isJsonObject } from '../../base/json.ts'
import { boolean, duration, integer, json, string } from '../../schema/field.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { importPrivate, importPublic } from './import-key.ts'
import { checkImportable, importVersion } from './import-version.ts'
import { checkName, nameParam } from './key-name.ts'
import { spkiPem } from './key-pem.ts'
import { newKeyRecord } from './key-record.ts'
import { checkDerivation, checkPeriod } from './key-request.ts'
import { newKeyId, storeNewKey } from './key-store.ts'
import { findKeyType, type KeyType, keyTypeNames } from './key-types.ts'
import { type KeyParts, versionAround } from './make-key.ts'
import { readRecord } from './rotate-key.ts'
import { wipeVersion } from './version-entry.ts'
import { unwrapImported, wrappingKey } from './wrapping-key.ts'

const { read, write } = endpoints()

const EXISTS =
  'the import path cannot be used with an existing key; use import-version to rotate an existing imported key'

const wrapFields = {
  ciphertext: string('Base64 of the key, wrapped with the wrapping key.', { secret: true }),
  public_key: string('PEM of a public key, in place of ciphertext.'),
  hash_function: string('Of the OAEP: SHA1, SHA224, SHA256, SHA384 or SHA512.', {
    default: 'SHA256',
  }),
}

export const importRows = [
  read('wrapping_key', {
    about: 'The public key to wrap keys with that are to be imported.',
    output: { public_key: string('PEM of an RSA-4096 key.') },
    handle: async (ctx) => {
      const version = await wrappingKey(ctx)
      wipeVersion(version)
      return { data: { public_key: spkiPem(version.publicKey) } }
    },
  }),
  write('keys/:name/import', {
    about: 'Imports a key that was made elsewhere.',
    params: nameParam,
    input: {
      ...wrapFields,
      type: string(`One of ${keyTypeNames.join(', ')}.`, { default: 'aes256-gcm96' }),
      allow_rotation: boolean('Allow new versions to be made here.'),
      derived: boolean('Derive a key from the context of each request.'),
      exportable: boolean('Allow export, for good.'),
      allow_plaintext_backup: boolean('Allow backups, for good.'),
      auto_rotate_period: duration('Rotate by itself after this time; needs allow_rotation.'),
      convergent_encryption: json('Not possible for imported keys.', { deprecated: true }),
      context: string('Not used here; taken as the original does.', { deprecated: true }),
    },
    handle: async (ctx, { name, ...input }) => {
      checkName(name)
      if (input.convergent_encryption !== undefined)
        throw badRequest('import cannot be used on keys with convergent encryption enabled')
      const autoRotateSeconds = input.auto_rotate_period ?? 0
      const allowImportedRotation = input.allow_rotation ?? false
      if (autoRotateSeconds > 0 && !allowImportedRotation)
        throw badRequest('allow_rotation must be set to true if auto-rotation is enabled')
      checkPeriod(autoRotateSeconds)
      const type = findKeyType(input.type.toLowerCase())
      if (!type || type.kind === 'pq') throw badRequest(`unknown key type: ${input.type}`)
      const derived = input.derived ?? false
      checkDerivation(type, derived, false)
      if (await readRecord(ctx.storage, name)) throw badRequest(EXISTS)
      const parts = await partsFrom(ctx, type, derived, input, 'error importing key: ')
      const fresh = newKeyRecord({
        ...{ id: newKeyId(ctx), name, type, derived, autoRotateSeconds, allowImportedRotation },
        imported: true,
        keySize: type.kind === 'hmac' ? parts.key.length : 0,
        exportable: input.exportable ?? false,
        allowPlaintextBackup: input.allow_plaintext_backup ?? false,
      })
      const version = versionAround(fresh, parts, ctx.random, ctx.clock.now())
      const { isNew } = await storeNewKey(ctx, fresh, version)
      wipeVersion(version)
      if (!isNew) throw badRequest(EXISTS)
      return { empty: true }
    },
  }),
  write('keys/:name/import_version', {
    about: 'Imports a new version of an imported key, or the private part of one.',
    params: nameParam,
    input: {
      ...wrapFields,
      version: integer('The version whose private part comes now; absent: a new version.'),
    },
    handle: async (ctx, { name, version, ...input }) => {
      const before = await readRecord(ctx.storage, checkName(name))
      if (!before)
        throw badRequest(
          `no key found with name ${name}; to import a new key, use the import/ endpoint`,
        )
      checkImportable(before)
      const type = findKeyType(before.type)!
      const parts = await partsFrom(ctx, type, before.derived, input)
      await importVersion(ctx, before, version, parts)
      return { empty: true }
    },
  }),
]

interface WrapInput {
  readonly ciphertext: string | undefined
  readonly public_key: string | undefined
  readonly hash_function: string
}

async function partsFrom(
  ctx: RequestContext,
  type: KeyType,
  derived: boolean,
  input: WrapInput,
  words = '',
): Promise<KeyParts> {
  const sent = isJsonObject(ctx.body) ? ctx.body : {}
  if (Object.hasOwn(sent, 'ciphertext') && Object.hasOwn(sent, 'public_key'))
    throw badRequest('only one of the following fields, ciphertext and public_key, can be set')
  if (input.ciphertext !== undefined) {
    const bytes = await unwrapImported(ctx, input.ciphertext, input.hash_function)
    try {
      return importPrivate(type, bytes, words)
    } finally {
      bytes.fill(0)
    }
  }
  if (!type.takesPublicKey) throw badRequest('provided type does not support public_key import')
  if (derived)
    throw badRequest(
      'unable to import only public key for derived Ed25519 key: imported key should not be an ' +
        'Ed25519 key pair but is instead an HKDF key',
    )
  return importPublic(type, input.public_key ?? '', words)
}
