// hash and random, which need no key.
import { hash as digest } from 'node:crypto'
import { badRequest } from '../../base/errors.ts'
import { integer, string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { findHash } from './hash-algorithms.ts'
import { decodeBase64 } from './input-base64.ts'

const { write } = endpoints()

const MOST_RANDOM_BYTES = 128 * 1024

const hashInput = {
  input: string('Base64 of what is hashed.', { secret: true }),
  algorithm: string('sha2-224, sha2-256 and so on, or sha3-224 and so on.', {
    default: 'sha2-256',
  }),
  format: string('hex or base64.', { default: 'hex' }),
}
const hashOutput = { sum: string('The digest.') }
const urlalgorithm = string('Hash algorithm.', { required: true })

const randomInput = {
  bytes: integer('How many bytes.', { default: 32 }),
  format: string('base64 or hex.', { default: 'base64' }),
}
const randomOutput = { random_bytes: string('The bytes.', { secret: true }) }
const source = string('platform, seal or all; or the number of bytes.', { required: true })

export const hashRows = [
  write('hash', {
    about: 'Hashes an input.',
    effects: false,
    input: hashInput,
    output: hashOutput,
    handle: async (_ctx, of) => hashed(of),
  }),
  write('hash/:urlalgorithm', {
    about: 'Hashes an input, with the algorithm in the path.',
    effects: false,
    params: { urlalgorithm },
    input: hashInput,
    output: hashOutput,
    handle: async (_ctx, of) => hashed({ ...of, algorithm: of.urlalgorithm }),
  }),
  write('random', {
    about: 'Random bytes.',
    effects: false,
    input: { ...randomInput, source: string('platform, seal or all.') },
    output: randomOutput,
    handle: async (ctx, { bytes, format, source }) => random(ctx, source ?? '', bytes, format),
  }),
  write('random/:source', {
    about: 'Random bytes, with their source or number in the path.',
    effects: false,
    params: { source },
    input: randomInput,
    output: randomOutput,
    handle: async (ctx, { source, bytes, format }) =>
      SOURCES.includes(source)
        ? random(ctx, source, bytes, format)
        : random(ctx, '', urlBytes(source), format),
  }),
  write('random/:source/:urlbytes', {
    about: 'Random bytes, with their source and number in the path.',
    effects: false,
    params: { source, urlbytes: string('How many bytes.', { required: true }) },
    input: randomInput,
    output: randomOutput,
    handle: async (ctx, { source, urlbytes, format }) =>
      random(ctx, source, urlBytes(urlbytes), format),
  }),
]

function hashed(of: {
  readonly input: string | undefined
  readonly algorithm: string
  readonly format: string
}): Answer {
  if (of.input === undefined) throw badRequest('input missing')
  const bytes = decodeBase64(of.input, 'unable to decode input as base64: ')
  if (of.format !== 'hex' && of.format !== 'base64')
    throw badRequest(`unsupported encoding format ${of.format}; must be "hex" or "base64"`)
  const algorithm = findHash(of.algorithm)
  if (!algorithm?.openssl || algorithm.name === 'sha1')
    throw badRequest(`unsupported algorithm ${of.algorithm}`)
  return { data: { sum: digest(algorithm.openssl, bytes, of.format) } }
}

const SOURCES = ['platform', 'seal', 'all']

function urlBytes(text: string): number {
  if (!/^[+-]?\d{1,15}$/.test(text))
    throw badRequest(
      `error parsing url-set byte count: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    )
  return Number(text)
}

function random(ctx: RequestContext, source: string, bytes: number, format: string): Answer {
  if (bytes < 1) throw badRequest("'bytes' cannot be less than 1")
  if (bytes > MOST_RANDOM_BYTES)
    throw badRequest(`'bytes' should be less than ${MOST_RANDOM_BYTES}`)
  if (format !== 'hex' && format !== 'base64')
    throw badRequest(
      `unsupported encoding format ${JSON.stringify(format)}; must be "hex" or "base64"`,
    )
  if (source !== '' && !SOURCES.includes(source))
    throw badRequest(
      `unsupported entropy source ${JSON.stringify(source)}; must be "platform" or "seal", or "all"`,
    )
  const data = { random_bytes: ctx.random.bytes(bytes).toString(format) }
  if (source !== 'seal') return { data }
  const warning = 'no seal/entropy augmentation available, using platform entropy source'
  return { data, warnings: [warning] }
}
