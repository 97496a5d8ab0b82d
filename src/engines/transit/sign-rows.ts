// sign and verify: single items and batches. A batch is 200 whatever became of its items; verify takes
// signatures, HMACs or CMACs, but not several kinds in one call.
import { badRequest } from '../../base/errors.ts'
import { boolean, integer, json, string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { batchField, type Item, parseBatch } from './batch-input.ts'
import { runBatch } from './batch-run.ts'
import { keyVersion } from './encrypt-rows.ts'
import { chosenHash, hashNames } from './hash-algorithms.ts'
import { decodeBase64, decodeContext } from './input-base64.ts'
import { checkName, nameParam } from './key-name.ts'
import { type LoadedKey, useKey } from './loaded-key.ts'
import { verifyMacs } from './mac-verify.ts'
import { type Signed, type SignOptions, sign, verify } from './sign.ts'

const { write } = endpoints()

const urlParams = {
  ...nameParam,
  urlalgorithm: string('Hash algorithm.', { required: true }),
}

const optionFields = {
  hash_algorithm: string(`One of ${hashNames.join(', ')}; sha2-256 unless given.`),
  algorithm: string('The older name of hash_algorithm.', { deprecated: true }),
  prehashed: boolean('The input is a digest already.'),
  signature_algorithm: string('RSA only: pss (unless given) or pkcs1v15.'),
  marshaling_algorithm: string('asn1, or jws for the form of RFC 7515.', { default: 'asn1' }),
  salt_length: string('RSA-PSS only: auto, hash or a number of bytes.', { default: 'auto' }),
}

interface OptionInput {
  readonly urlalgorithm?: string
  readonly hash_algorithm: string | undefined
  readonly algorithm: string | undefined
  readonly prehashed: boolean | undefined
  readonly signature_algorithm: string | undefined
  readonly marshaling_algorithm: string
  readonly salt_length: string
}

const context = string('Base64 context that the key is derived with; needed by derived keys.')
const input = string('Base64 of what is signed.', { secret: true })

const signInput = {
  ...optionFields,
  input,
  context,
  key_version: keyVersion,
  batch_input: batchField,
}
const signOutput = {
  signature: string('The version and the signature.'),
  key_version: integer('The version that was used.'),
  public_key: string('Base64 public key of a derived key.'),
  batch_results: json('One object for each item, in order.'),
}

interface SignInput extends OptionInput {
  readonly name: string
  readonly input: string | undefined
  readonly context: string | undefined
  readonly key_version: number | undefined
}

export const signRows = [
  write('sign/:name', {
    about: 'Signs an input, or several.',
    effects: false,
    params: nameParam,
    input: signInput,
    output: signOutput,
    handle: (ctx, { batch_input, ...of }) => signAll(ctx, of, parseBatch(batch_input, SIGN_FIELDS)),
  }),
  write('sign/:name/:urlalgorithm', {
    about: 'Signs an input, with the hash algorithm in the path.',
    effects: false,
    params: urlParams,
    input: signInput,
    output: signOutput,
    handle: (ctx, { batch_input, ...of }) => signAll(ctx, of, parseBatch(batch_input, SIGN_FIELDS)),
  }),
]

const SIGN_FIELDS = { texts: ['input', 'context', 'reference'] } as const
type SignItem = Item<'input' | 'context' | 'reference'>

async function signAll(
  ctx: RequestContext,
  of: SignInput,
  batch: readonly SignItem[] | null,
): Promise<Answer> {
  const options = signOptions(of)
  const asked = of.key_version ?? 0
  const answer = await useKey(ctx, checkName(of.name), async (key): Promise<Answer> => {
    if (!key.type.signs) throw badRequest(`key type ${key.type.name} does not support signing`)
    checkNone(options)
    if (batch === null) {
      const item = { input: of.input ?? '', context: of.context ?? '', key_version: 0 }
      const made = await signItem(ctx, key, asked, item, options)
      const data = { key_version: made.version, signature: made.signature }
      return { data: made.publicKey === '' ? data : { ...data, public_key: made.publicKey } }
    }
    const run = await runBatch(ctx, batch, (item) => signItem(ctx, key, asked, item, options))
    const results = run.results.map((result, at) => {
      const reference = batch[at]!.reference ?? ''
      if ('error' in result) return { key_version: 0, error: result.error, reference }
      const { signature, version, publicKey } = result
      const made = { signature, key_version: version }
      return { ...made, publickey: publicKey === '' ? undefined : publicKey, reference }
    })
    return { data: { batch_results: results } }
  })
  if (answer === null) throw badRequest('signing key not found')
  return answer
}

function signItem(
  ctx: RequestContext,
  key: LoadedKey,
  asked: number,
  item: SignItem,
  options: SignOptions,
): Promise<Signed> {
  const { input, context } = decodeItem(item)
  return sign(ctx, key, asked, input, context, options)
}

function decodeItem(item: SignItem): { input: Buffer; context: Buffer | null } {
  if (item.input === undefined) throw badRequest('missing input')
  return {
    input: decodeBase64(item.input, 'unable to decode input as base64: '),
    context: decodeContext(item.context, 'failed to base64-decode context'),
  }
}

/** Throws 400 for names that mean nothing. */
function signOptions(of: OptionInput): SignOptions {
  const hash = chosenHash(of.urlalgorithm, of.hash_algorithm, of.algorithm)
  const marshaling = of.marshaling_algorithm
  if (marshaling !== 'asn1' && marshaling !== 'jws')
    throw badRequest(`invalid marshaling type ${JSON.stringify(marshaling)}`)
  return {
    ...{ hash, marshaling },
    isPrehashed: of.prehashed ?? false,
    algorithm: of.signature_algorithm ?? '',
    saltLength: saltLength(of.salt_length),
  }
}

function checkNone({ hash, isPrehashed, algorithm }: SignOptions): void {
  if (hash.openssl === '' && (!isPrehashed || algorithm !== 'pkcs1v15'))
    throw badRequest(
      'hash_algorithm=none requires both prehashed=true and signature_algorithm=pkcs1v15',
    )
}

function saltLength(sent: string): number {
  const lower = sent.toLowerCase()
  if (lower === 'auto') return 0
  if (lower === 'hash') return -1
  if (!/^[+-]?\d{1,9}$/.test(lower))
    throw badRequest(`salt length neither 'auto', 'hash', nor an int: ${sent}`)
  const bytes = Number(lower)
  if (bytes < -1) throw badRequest(`salt length is invalid: ${bytes}`)
  return bytes
}

const verifyInput = {
  ...optionFields,
  input,
  context,
  signature: string('What sign answered.'),
  hmac: string('What hmac answered.'),
  cmac: string('What cmac answered.'),
  mac_length: integer('CMAC only: bytes of it that count.'),
  batch_input: batchField,
}
const verifyOutput = {
  valid: boolean('Whether it is the signature of the input.'),
  batch_results: json('One object for each item, in order.'),
}

const VERIFY_FIELDS = {
  texts: ['input', 'context', 'reference', 'signature', 'hmac', 'cmac'],
} as const
export type VerifyItem = Item<(typeof VERIFY_FIELDS)['texts'][number]>

interface VerifyInput extends OptionInput {
  readonly name: string
  readonly input: string | undefined
  readonly context: string | undefined
  readonly signature: string | undefined
  readonly hmac: string | undefined
  readonly cmac: string | undefined
  readonly mac_length: number | undefined
}

export const verifyRows = [
  write('verify/:name', {
    about: 'Verifies a signature or a MAC, or several.',
    effects: false,
    params: nameParam,
    input: verifyInput,
    output: verifyOutput,
    handle: (ctx, { batch_input, ...of }) =>
      verifyAll(ctx, of, parseBatch(batch_input, VERIFY_FIELDS)),
  }),
  write('verify/:name/:urlalgorithm', {
    about: 'Verifies a signature or a MAC, with the hash algorithm in the path.',
    effects: false,
    params: urlParams,
    input: verifyInput,
    output: verifyOutput,
    handle: (ctx, { batch_input, ...of }) =>
      verifyAll(ctx, of, parseBatch(batch_input, VERIFY_FIELDS)),
  }),
]

async function verifyAll(
  ctx: RequestContext,
  of: VerifyInput,
  batch: readonly VerifyItem[] | null,
): Promise<Answer> {
  const items = batch ?? [singleItem(of)]
  const kind = proofKind(items, batch !== null)
  const run = await (kind === 'signature'
    ? verifySignatures(ctx, of, items)
    : verifyMacs(ctx, of, items, kind))
  const results = run.results.map((result, at) => {
    const reference = items[at]!.reference ?? ''
    return typeof result === 'boolean'
      ? { valid: result, reference }
      : { valid: false, error: result.error, reference }
  })
  if (batch !== null) return { data: { batch_results: results } }
  const [first] = run.results
  if (typeof first === 'object') throw badRequest(first.error)
  return { data: { valid: first } }
}

const singleItem = (of: VerifyInput): VerifyItem => ({
  ...{ input: of.input ?? '', context: of.context ?? '', key_version: 0 },
  ...(of.signature === undefined ? {} : { signature: of.signature }),
  ...(of.hmac === undefined ? {} : { hmac: of.hmac }),
  ...(of.cmac === undefined ? {} : { cmac: of.cmac }),
})

const PROOFS = ['signature', 'hmac', 'cmac'] as const
export type ProofKind = (typeof PROOFS)[number]

/** Which kind of proof all items have. Throws 400 where they have none or several. */
function proofKind(items: readonly VerifyItem[], isBatch: boolean): ProofKind {
  const found = new Set<ProofKind>()
  let isMissing = false
  for (const item of items) {
    const kinds = PROOFS.filter((kind) => item[kind] !== undefined)
    if (!isBatch && kinds.length > 1) throw badRequest("provide one of 'signature' or 'hmac'")
    if (kinds[0] === undefined) isMissing = true
    else found.add(kinds[0])
  }
  const [kind] = found
  if (kind === undefined)
    throw badRequest(
      isBatch
        ? "no batch_input elements have 'signature' or 'hmac'"
        : "neither a 'signature' nor an 'hmac' were given to verify",
    )
  if (found.size > 1)
    throw badRequest("elements of batch_input must all provide 'signature' or all provide 'hmac'")
  if (isMissing) throw badRequest(`some elements of batch_input are missing '${kind}'`)
  return kind
}

async function verifySignatures(
  ctx: RequestContext,
  of: VerifyInput,
  items: readonly VerifyItem[],
): ReturnType<typeof verifyMacs> {
  const options = signOptions(of)
  const run = await useKey(ctx, checkName(of.name), (key) => {
    if (!key.type.signs) throw badRequest(`key type ${key.type.name} does not support verification`)
    checkNone(options)
    return runBatch(ctx, items, (item) => {
      const { input, context } = decodeItem(item)
      return verify(ctx, key, item.signature!, input, context, options)
    })
  })
  if (run === null) throw badRequest('signature verification key not found')
  return run
}
