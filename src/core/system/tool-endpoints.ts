// sys/tools: random bytes and hashes. Source: Vault's API page "sys/tools".
import { hash } from 'node:crypto'
import { badRequest } from '../../base/errors.ts'
import { integer, string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import type { CoreContext } from '../request-context.ts'

const { write } = endpoints<CoreContext>()

/** Bytes of one request for randomness, as in Vault. */
const MAX_RANDOM_BYTES = 131_072
const SOURCES = ['platform', 'seal', 'all']
const ALGORITHMS: Readonly<Record<string, string>> = {
  'sha2-224': 'sha224',
  'sha2-256': 'sha256',
  'sha2-384': 'sha384',
  'sha2-512': 'sha512',
  'sha3-224': 'sha3-224',
  'sha3-256': 'sha3-256',
  'sha3-384': 'sha3-384',
  'sha3-512': 'sha3-512',
}

const randomInput = {
  bytes: integer('How many bytes.', { default: 32 }),
  format: string('base64 or hex.', { default: 'base64' }),
  source: string('platform, seal or all; there is one source.', { default: 'platform' }),
}
const hashInput = {
  input: string('The data, in base64.', { required: true, secret: true }),
  algorithm: string('Name of the hash.', { default: 'sha2-256' }),
  format: string('hex or base64.', { default: 'hex' }),
}

function randomBytes(
  ctx: CoreContext,
  of: { bytes: number; format: string; source: string },
): Answer {
  if (of.bytes < 1) throw badRequest("'bytes' cannot be less than 1")
  if (of.bytes > MAX_RANDOM_BYTES)
    throw badRequest(`'bytes' should be less than ${MAX_RANDOM_BYTES}`)
  if (!SOURCES.includes(of.source)) throw badRequest(`unsupported entropy source "${of.source}"`)
  return { data: { random_bytes: encode(ctx.random.bytes(of.bytes), of.format) } }
}

function hashOf(of: { input: string; algorithm: string; format: string }): Answer {
  const algorithm = Object.hasOwn(ALGORITHMS, of.algorithm) ? ALGORITHMS[of.algorithm]! : null
  if (!algorithm) throw badRequest(`unsupported algorithm ${of.algorithm}`)
  const text = of.input.replace(/\s/g, '')
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) {
    throw badRequest('unable to decode input as base64: illegal base64 data')
  }
  const sum = Buffer.from(hash(algorithm, Buffer.from(text, 'base64'), 'hex'), 'hex')
  return { data: { sum: encode(sum, of.format) } }
}

function encode(bytes: Buffer, format: string): string {
  if (format === 'hex' || format === 'base64') return bytes.toString(format)
  throw badRequest(`unsupported encoding format "${format}"; must be "hex" or "base64"`)
}

const sourceParam = string('platform, seal or all.')
const bytesParam = string('How many bytes.')

function countOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw badRequest(`error parsing url-set byte count: "${text}"`)
  return Number(text)
}

export const toolEndpoints: readonly Row<CoreContext>[] = [
  write('tools/random', {
    about: 'Random bytes.',
    input: randomInput,
    effects: false,
    handle: async (ctx, values) => randomBytes(ctx, values),
  }),
  write('tools/random/:source', {
    about: 'Random bytes; the path names their source or their number.',
    params: { source: sourceParam },
    input: { bytes: randomInput.bytes, format: randomInput.format },
    effects: false,
    handle: async (ctx, { source, bytes, format }) =>
      SOURCES.includes(source)
        ? randomBytes(ctx, { source, bytes, format })
        : randomBytes(ctx, { source: 'platform', bytes: countOf(source), format }),
  }),
  write('tools/random/:source/:urlbytes', {
    about: 'Random bytes from a source.',
    params: { source: sourceParam, urlbytes: bytesParam },
    input: { format: randomInput.format },
    effects: false,
    handle: async (ctx, { source, urlbytes, format }) =>
      randomBytes(ctx, { source, bytes: countOf(urlbytes), format }),
  }),
  write('tools/hash', {
    about: 'The hash of data.',
    input: hashInput,
    effects: false,
    handle: async (_ctx, values) => hashOf(values),
  }),
  write('tools/hash/:urlalgorithm', {
    about: 'The hash of data by the named algorithm.',
    params: { urlalgorithm: string('Name of the hash.') },
    input: { input: hashInput.input, format: hashInput.format },
    effects: false,
    handle: async (_ctx, { urlalgorithm, ...rest }) => hashOf({ ...rest, algorithm: urlalgorithm }),
  }),
]
