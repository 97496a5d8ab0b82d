// hmac and cmac: single inputs and batches.
import { badRequest } from '../../base/errors.ts'
import { integer, json, string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { batchField, type Item, parseBatch } from './batch-input.ts'
import { runBatch } from './batch-run.ts'
import { keyVersion, NO_KEY } from './encrypt-rows.ts'
import { findHash, hashNames } from './hash-algorithms.ts'
import { decodeBase64 } from './input-base64.ts'
import { checkName, nameParam } from './key-name.ts'
import { type LoadedKey, useKey } from './loaded-key.ts'
import { cmac, hmac, hmacKeyOf, macVersion } from './mac.ts'

const { write } = endpoints()

const CMAC_BYTES = 16
const SHORTEST_CMAC_BYTES = 8

const input = string('Base64 of what is authenticated.', { secret: true })
const hmacInput = {
  input,
  algorithm: string(`One of ${hashNames.slice(1).join(', ')}; sha2-256 unless given.`),
  key_version: keyVersion,
  batch_input: batchField,
}
const hmacOutput = {
  hmac: string('The version and the HMAC.'),
  batch_results: json('One object for each item, in order.'),
}
const cmacInput = {
  input,
  mac_length: integer('Bytes of the CMAC, 8 to 16; 16 unless given.'),
  key_version: keyVersion,
  batch_input: batchField,
}
const cmacOutput = {
  cmac: string('The version and the CMAC.'),
  batch_results: json('One object for each item, in order.'),
}

const MAC_FIELDS = { texts: ['input', 'reference'] } as const
type MacItem = Item<'input' | 'reference'>

export const macRows = [
  write('hmac/:name', {
    about: 'Computes an HMAC, or several.',
    effects: false,
    params: nameParam,
    input: hmacInput,
    output: hmacOutput,
    handle: (ctx, of) => hmacAll(ctx, of),
  }),
  write('hmac/:name/:urlalgorithm', {
    about: 'Computes an HMAC, with the hash algorithm in the path.',
    effects: false,
    params: { ...nameParam, urlalgorithm: string('Hash algorithm.', { required: true }) },
    input: hmacInput,
    output: hmacOutput,
    handle: (ctx, of) => hmacAll(ctx, { ...of, algorithm: of.urlalgorithm }),
  }),
  write('cmac/:name', {
    about: 'Computes an AES-CMAC, or several.',
    effects: false,
    params: nameParam,
    input: cmacInput,
    output: cmacOutput,
    handle: (ctx, of) => cmacAll(ctx, of),
  }),
  write('cmac/:name/:url_mac_length', {
    about: 'Computes an AES-CMAC, with its length in the path.',
    effects: false,
    params: { ...nameParam, url_mac_length: integer('Bytes of the CMAC.', { required: true }) },
    input: cmacInput,
    output: cmacOutput,
    handle: (ctx, of) => cmacAll(ctx, { ...of, mac_length: of.url_mac_length }),
  }),
]

/** Throws 400 where a CMAC can't have that length. */
export function macLength(sent: number | undefined): number {
  const bytes = sent || CMAC_BYTES
  if (bytes < SHORTEST_CMAC_BYTES || bytes > CMAC_BYTES)
    throw badRequest(`invalid mac_length ${bytes}: must be ${SHORTEST_CMAC_BYTES} to ${CMAC_BYTES}`)
  return bytes
}

interface MacInput {
  readonly name: string
  readonly input: string | undefined
  readonly key_version: number | undefined
  readonly batch_input: Parameters<typeof parseBatch>[0]
}

async function hmacAll(
  ctx: RequestContext,
  of: MacInput & { readonly algorithm: string | undefined },
): Promise<Answer> {
  const algorithm = findHash(of.algorithm || 'sha2-256')
  return macAll(ctx, of, 'HMAC', async (key) => {
    const version = await macVersion(ctx, key, of.key_version ?? 0)
    const secret = hmacKeyOf(version)
    if (!algorithm?.openssl)
      throw badRequest(`unsupported algorithm ${JSON.stringify(of.algorithm)}`)
    return (bytes) =>
      `vault:v${version.number}:${hmac(secret, algorithm, bytes).toString('base64')}`
  })
}

function cmacAll(
  ctx: RequestContext,
  of: MacInput & { readonly mac_length: number | undefined },
): Promise<Answer> {
  const length = macLength(of.mac_length)
  return macAll(ctx, of, 'CMAC', async (key) => {
    if (key.type.kind !== 'cmac')
      throw badRequest(`key type ${key.type.name} does not support CMAC`)
    const version = await macVersion(ctx, key, of.key_version ?? 0)
    return (bytes) => {
      const mac = cmac(key.type.cipher, version.secret!, bytes).subarray(0, length)
      return `vault:v${version.number}:${mac.toString('base64')}`
    }
  })
}

async function macAll(
  ctx: RequestContext,
  of: MacInput,
  word: 'HMAC' | 'CMAC',
  macOf: (key: LoadedKey) => Promise<(input: Buffer) => string>,
): Promise<Answer> {
  const field = word.toLowerCase()
  const one = (mac: (input: Buffer) => string, item: Pick<MacItem, 'input'>): string => {
    if (item.input === undefined) throw badRequest(`missing input for ${word}`)
    return mac(decodeBase64(item.input, 'unable to decode input as base64: '))
  }
  const answer = await useKey(ctx, checkName(of.name), async (key): Promise<Answer> => {
    const mac = await macOf(key)
    const batch = parseBatch(of.batch_input, MAC_FIELDS)
    if (batch === null)
      return { data: { [field]: one(mac, of.input === undefined ? {} : { input: of.input }) } }
    const run = await runBatch(ctx, batch, (item) => one(mac, item))
    const results = run.results.map((result, at) => ({
      ...(typeof result === 'string' ? { [field]: result } : result),
      reference: batch[at]!.reference ?? '',
    }))
    return { data: { batch_results: results } }
  })
  if (answer === null) throw badRequest(NO_KEY)
  return answer
}
