// encrypt, decrypt and rewrap: single items and batches with partial failures. Encrypting with a key that
// isn't there makes it (a create for the ACL) unless config/keys forbids that.
import { badRequest } from '../../base/errors.ts'
import { boolean, integer, json, string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import type { Awaitable } from '../../sdk/storage.ts'
import { batchField, checkContexts, type Item, parseBatch } from './batch-input.ts'
import { partialFailureField, runBatch, statusAnswer } from './batch-run.ts'
import { mayUpsert } from './config-rows.ts'
import { decrypt, type Encrypted, encrypt } from './encrypt.ts'
import { decodeBase64, decodeContext } from './input-base64.ts'
import { checkName, isName, nameParam } from './key-name.ts'
import { newKeyRecord } from './key-record.ts'
import { createKey, newKeyId } from './key-store.ts'
import { findKeyType } from './key-types.ts'
import { usesWarning } from './key-uses.ts'
import { type LoadedKey, useKey } from './loaded-key.ts'
import { keyPath } from './version-entry.ts'

const { write } = endpoints()

export const NO_KEY = 'encryption key not found'

const context = string('Base64 context that the key is derived with; needed by derived keys.')
const associatedData = string(
  'Base64 data that is bound to the ciphertext without being in it; decrypting needs the same.',
)
export const keyVersion = integer('The version to use; 0: the latest.')
const reference = { name: 'reference' } as const
const cipherOutput = {
  ciphertext: string('The version and the ciphertext.'),
  key_version: integer('The version that was used.'),
  batch_results: json('One object for each item, in order.'),
}

interface EncryptInput {
  readonly name: string
  readonly plaintext: string | undefined
  readonly context: string | undefined
  readonly type: string
  readonly convergent_encryption: boolean | undefined
  readonly key_version: number | undefined
  readonly associated_data: string | undefined
  readonly partial_failure_response_code: number | undefined
}

type EncryptItem = Item<'plaintext' | 'context' | 'associated_data' | 'reference'>
type DecryptItem = Item<'ciphertext' | 'context' | 'associated_data' | 'reference'>

const ENCRYPT_FIELDS = {
  texts: ['context', 'plaintext', 'associated_data', reference.name],
  required: { name: 'plaintext', fault: 'missing plaintext to encrypt' },
  hasVersion: true,
} as const
const DECRYPT_FIELDS = {
  texts: ['context', 'ciphertext', 'associated_data', reference.name],
  required: { name: 'ciphertext', fault: 'missing ciphertext to decrypt' },
} as const
const REWRAP_FIELDS = {
  texts: ['context', 'ciphertext', reference.name],
  hasVersion: true,
} as const

export const encryptRows = [
  write('encrypt/:name', {
    about: 'Encrypts a plaintext, or several.',
    effects: false,
    params: nameParam,
    input: {
      plaintext: string('Base64 of what to encrypt.', { secret: true }),
      context,
      type: string('Of a key that is made by this call.', { default: 'aes256-gcm96' }),
      convergent_encryption: boolean('Of a key that is made by this call.'),
      key_version: keyVersion,
      associated_data: associatedData,
      partial_failure_response_code: partialFailureField,
      batch_input: batchField,
    },
    output: cipherOutput,
    exists: async (ctx, { name }) =>
      !isName(name) || (await ctx.storage.get(keyPath(name))) !== null,
    handle: async (ctx, { batch_input, ...input }) => {
      const batch = parseBatch(batch_input, ENCRYPT_FIELDS)
      if (batch === null && input.plaintext === undefined)
        throw badRequest('missing plaintext to encrypt')
      const items = batch ?? [singleItem(input)]
      const hasContext = checkContexts(items)
      if (ctx.creating) await upsertKey(ctx, input, hasContext)
      const answer = await useKey(ctx, checkName(input.name), (key) =>
        batch === null
          ? encryptOne(ctx, key, items[0]!)
          : encryptAll(ctx, key, batch, input.partial_failure_response_code),
      )
      if (answer === null) throw badRequest(NO_KEY)
      return answer
    },
  }),
  write('decrypt/:name', {
    about: 'Decrypts a ciphertext, or several.',
    effects: false,
    params: nameParam,
    input: {
      ciphertext: string('What encrypt answered.'),
      context,
      associated_data: associatedData,
      partial_failure_response_code: partialFailureField,
      batch_input: batchField,
    },
    output: {
      plaintext: string('Base64 of the plaintext.', { secret: true }),
      batch_results: json('One object for each item, in order.', { secret: true }),
    },
    handle: async (
      ctx,
      { batch_input, name, ciphertext, partial_failure_response_code, ...of },
    ) => {
      const batch = parseBatch(batch_input, DECRYPT_FIELDS)
      if (batch === null && !ciphertext) throw badRequest('missing ciphertext to decrypt')
      if (batch !== null) checkContexts(batch)
      const answer = await useKey(ctx, checkName(name), async (key): Promise<Answer> => {
        if (batch === null) {
          const plaintext = await decryptItem(ctx, key, {
            ...{ ciphertext: ciphertext!, key_version: 0 },
            ...{ context: of.context ?? '', associated_data: of.associated_data ?? '' },
          })
          return { data: { plaintext } }
        }
        const run = await runBatch(ctx, batch, (item, at) => decryptItem(ctx, key, item, at))
        return statusAnswer(
          {
            failures: run.failures,
            results: run.results.map((result, at) => ({
              ...(typeof result === 'string'
                ? { plaintext: result }
                : { plaintext: '', ...result }),
              reference: batch[at]!.reference ?? '',
            })),
          },
          partial_failure_response_code,
        )
      })
      if (answer === null) throw badRequest(NO_KEY)
      return answer
    },
  }),
  write('rewrap/:name', {
    about: 'Decrypts and encrypts anew, by the latest version, without showing the plaintext.',
    effects: false,
    params: nameParam,
    input: {
      ciphertext: string('What encrypt answered.'),
      context,
      key_version: keyVersion,
      batch_input: batchField,
    },
    output: cipherOutput,
    handle: async (ctx, { batch_input, name, ciphertext, context, key_version }) => {
      const batch = parseBatch(batch_input, REWRAP_FIELDS)
      if (batch === null && !ciphertext) throw badRequest('missing ciphertext to decrypt')
      if (batch !== null) checkContexts(batch)
      const answer = await useKey(ctx, checkName(name), async (key): Promise<Answer> => {
        if (batch === null)
          return singleAnswer(
            key,
            await rewrapItem(ctx, key, {
              ...{ ciphertext: ciphertext!, context: context ?? '', key_version: key_version ?? 0 },
            }),
          )
        const run = await runBatch(ctx, batch, (item) => rewrapItem(ctx, key, item))
        // Unlike encrypt, a rewrapped batch is 200 whatever became of its items.
        return { data: { batch_results: cipherResults(run.results, batch) } }
      })
      if (answer === null) throw badRequest(NO_KEY)
      return answer
    },
  }),
]

const singleItem = (input: EncryptInput): EncryptItem => ({
  plaintext: input.plaintext!,
  context: input.context ?? '',
  associated_data: input.associated_data ?? '',
  key_version: input.key_version ?? 0,
})

/** The key that an encrypt without one makes; derived where a context came. */
async function upsertKey(
  ctx: RequestContext,
  input: EncryptInput,
  hasContext: boolean,
): Promise<void> {
  const convergent = input.convergent_encryption ?? false
  if (convergent && !hasContext)
    throw badRequest(
      'convergent encryption requires derivation to be enabled, so context is required',
    )
  const type = findKeyType(input.type)
  if (type?.kind === 'ec')
    throw badRequest(`key type ${input.type} not supported for this operation`)
  if (type?.kind !== 'aead') throw badRequest(`unknown key type ${input.type}`)
  if (!(await mayUpsert(ctx.storage))) return
  const of = { id: newKeyId(ctx), name: input.name, type, derived: hasContext, convergent }
  await createKey(ctx, newKeyRecord(of))
}

async function encryptOne(ctx: RequestContext, key: LoadedKey, item: EncryptItem): Promise<Answer> {
  return singleAnswer(key, await encryptItem(ctx, key, item))
}

function singleAnswer(key: LoadedKey, { ciphertext, version }: Encrypted): Answer {
  const data = { ciphertext, key_version: version.number }
  const warning = usesWarning(key, version)
  return warning === null ? { data } : { data, warnings: [warning] }
}

async function encryptAll(
  ctx: RequestContext,
  key: LoadedKey,
  batch: readonly EncryptItem[],
  partialStatus: number | undefined,
): Promise<Answer> {
  const run = await runBatch(ctx, batch, (item, at) => encryptItem(ctx, key, item, at))
  const warnings = new Set<string>()
  for (const result of run.results) {
    const warning = 'version' in result ? usesWarning(key, result.version) : null
    if (warning !== null) warnings.add(warning)
  }
  const results = cipherResults(run.results, batch)
  return statusAnswer({ results, failures: run.failures }, partialStatus, [...warnings])
}

const cipherResults = (
  results: readonly (Encrypted | { readonly error: string })[],
  batch: readonly { readonly reference?: string }[],
): readonly object[] =>
  results.map((result, at) => {
    const reference = batch[at]!.reference ?? ''
    return 'error' in result
      ? { error: result.error, reference }
      : { ciphertext: result.ciphertext, key_version: result.version.number, reference }
  })

/** Base64 is judged before anything that depends on the key, as the original does. */
function encryptItem(
  ctx: RequestContext,
  key: LoadedKey,
  item: EncryptItem,
  at = 0,
): Awaitable<Encrypted> {
  const plaintext = decodeBase64(item.plaintext!)
  const decoded = decodeContext(item.context)
  const associatedData = associatedOf(key, item, at)
  return encrypt(ctx, key, {
    ...{ plaintext, associatedData, context: decoded, version: item.key_version },
  })
}

async function decryptItem(
  ctx: RequestContext,
  key: LoadedKey,
  item: DecryptItem,
  at = 0,
): Promise<string> {
  const { ciphertext } = item
  if (!ciphertext) throw badRequest('missing ciphertext to decrypt')
  const decoded = decodeContext(item.context)
  const associatedData = associatedOf(key, item, at)
  const plaintext = await decrypt(ctx, key, { ciphertext, associatedData, context: decoded })
  const text = plaintext.toString('base64')
  plaintext.fill(0)
  return text
}

function associatedOf(
  key: LoadedKey,
  item: { readonly associated_data?: string },
  at: number,
): string {
  const sent = item.associated_data ?? ''
  if (sent !== '' && !key.type.takesAssociatedData)
    throw badRequest(
      `'[${at}].associated_data' provided for non-AEAD cipher suite ${key.type.name}`,
    )
  return sent
}

async function rewrapItem(
  ctx: RequestContext,
  key: LoadedKey,
  item: Item<'ciphertext' | 'context'>,
): Promise<Encrypted> {
  const { ciphertext } = item
  if (!ciphertext) throw badRequest('missing ciphertext to decrypt')
  const decoded = decodeContext(item.context)
  const of = { ciphertext, context: decoded, associatedData: '' }
  const plaintext = await decrypt(ctx, key, of)
  try {
    return await encrypt(ctx, key, {
      ...{ plaintext, context: decoded, version: item.key_version, associatedData: '' },
    })
  } finally {
    plaintext.fill(0)
  }
}
