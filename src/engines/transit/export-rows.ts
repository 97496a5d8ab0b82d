// export and byok-export: keys that may leave, in the clear or wrapped for another mount's wrapping key.
import { badRequest } from '../../base/errors.ts'
import { oaepHash, wrapKey } from '../../crypto/key-wrap.ts'
import { json, string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { eachVersion } from './describe-key.ts'
import {
  EXPORT_FORMATS,
  EXPORT_TYPES,
  type ExportFormat,
  type ExportType,
  exportVersion,
  wrappable,
} from './export-key.ts'
import { checkName, nameParam } from './key-name.ts'
import { firstUsable, type KeyRecord, typeOf } from './key-record.ts'
import { useKey } from './loaded-key.ts'
import { readRecord } from './rotate-key.ts'
import { decodeVersion, type KeyVersion, versionPath, wipeVersion } from './version-entry.ts'
import { versionToUse } from './versioned-text.ts'

const { read } = endpoints()

const version = string('A version, or "latest".', { required: true })
const exportParams = {
  type: string(`One of ${EXPORT_TYPES.join(', ')}.`, { required: true }),
  ...nameParam,
}
const exportInput = {
  format: string('raw, der or pem; what is usual for the type unless given.', { default: '' }),
}
const exportOutput = {
  keys: json('By version.', { secret: true }),
  name: string('Name of the key.'),
  type: string('Type of the key.'),
}
const byokParams = {
  destination: string('An RSA key of this mount, mostly the wrapping key of another one.', {
    required: true,
  }),
  source: string('The key to export.', { required: true }),
}
const byokInput = { hash: string('Hash of the OAEP.', { default: 'SHA256' }) }

export const exportRows = [
  read('export/:type/:name', {
    about: 'Exports all usable versions of a key.',
    params: exportParams,
    input: exportInput,
    output: exportOutput,
    handle: (ctx, of) => exportKey(ctx, of),
  }),
  read('export/:type/:name/:version', {
    about: 'Exports one version of a key.',
    params: { ...exportParams, version },
    input: exportInput,
    output: exportOutput,
    handle: (ctx, of) => exportKey(ctx, of),
  }),
  read('byok-export/:destination/:source', {
    about: 'Exports all usable versions of a key, wrapped for import elsewhere.',
    params: byokParams,
    input: byokInput,
    output: exportOutput,
    handle: (ctx, of) => byokExport(ctx, of),
  }),
  read('byok-export/:destination/:source/:version', {
    about: 'Exports one version of a key, wrapped for import elsewhere.',
    params: { ...byokParams, version },
    input: byokInput,
    output: exportOutput,
    handle: (ctx, of) => byokExport(ctx, of),
  }),
]

interface ExportInput {
  readonly type: string
  readonly name: string
  readonly version?: string
  readonly format: string
}

async function exportKey(ctx: RequestContext, of: ExportInput): Promise<Answer> {
  const what = of.type as ExportType
  const format = of.format as ExportFormat
  if (!EXPORT_TYPES.includes(what)) throw badRequest(`invalid export type: ${of.type}`)
  if (!EXPORT_FORMATS.includes(format)) throw badRequest(`invalid format: ${of.format}`)
  const record = await readRecord(ctx.storage, checkName(of.name))
  if (!record) return { empty: true }
  if (!record.exportable && what !== 'public-key' && what !== 'certificate-chain')
    throw badRequest('private key material is not exportable')
  if (record.softDeleted) throw badRequest('refusing to use soft-deleted key')
  const type = typeOf(record)
  if (what === 'encryption-key' && !type.encrypts)
    throw badRequest('encryption not supported for the key')
  if (what === 'signing-key' && !type.signs) throw badRequest('signing not supported for the key')
  if (what === 'certificate-chain' && !type.signs)
    throw badRequest('certificate chain not supported for keys that do not support signing')
  return exportAll(ctx, record, of.version, (one) => exportVersion(type, one, what, format))
}

async function exportAll(
  ctx: RequestContext,
  record: KeyRecord,
  asked: string | undefined,
  body: (version: KeyVersion) => string,
): Promise<Answer> {
  const keys: Record<string, string> = {}
  if (asked === undefined)
    await eachVersion(ctx, record, firstUsable(record), (number, one) => {
      keys[number] = body(one)
    })
  else {
    const number = versionNumber(record, asked)
    const entry = await ctx.storage.get(versionPath(record.id, number))
    if (!entry) throw badRequest('version does not exist or cannot be found')
    const one = decodeVersion(entry.bytes())
    keys[number] = body(one)
    wipeVersion(one)
  }
  return { data: { keys, name: record.name, type: record.type } }
}

/** "latest", "3" or "v3". Throws 400. */
function versionNumber(record: KeyRecord, asked: string): number {
  const text = asked.startsWith('v') ? asked.slice(1) : asked
  if (asked !== 'latest' && !/^[+-]?\d{1,15}$/.test(text)) throw badRequest('invalid key version')
  const number = asked === 'latest' ? record.latestVersion : Number(text)
  if (number < record.minDecryptionVersion)
    throw badRequest('version for export is below minimum decryption version')
  if (number > record.latestVersion) throw badRequest('version does not exist or cannot be found')
  return number
}

interface ByokInput {
  readonly destination: string
  readonly source: string
  readonly version?: string
  readonly hash: string
}

async function byokExport(ctx: RequestContext, of: ByokInput): Promise<Answer> {
  const source = await readRecord(ctx.storage, checkName(of.source))
  const answer = await useKey(ctx, checkName(of.destination), async (destination) => {
    if (destination.record.softDeleted)
      throw badRequest('for destination key: refusing to use soft-deleted key')
    if (!source) throw badRequest('no such source key for export')
    if (!source.exportable) throw badRequest('key is not exportable')
    if (source.softDeleted) throw badRequest('for source key: refusing to use soft-deleted key')
    if (!destination.type.signs)
      throw badRequest(`message signing not supported for key type ${destination.type.name}`)
    if (destination.type.kind !== 'rsa')
      throw badRequest('unsupported key type in use; must be a rsa key')
    const hash = oaepHash(of.hash)
    if (hash === undefined) throw badRequest(`unknown hash function: ${of.hash}`)
    const number = versionToUse(destination, 0, 'key wrapping')
    const { publicKey } = await destination.version(ctx.storage, number)
    const type = typeOf(source)
    return exportAll(ctx, source, of.version, (one) => {
      const secret = wrappable(type, one)
      const wrapped = wrapKey(publicKey!, hash, secret, ctx.random)
      secret.fill(0)
      return wrapped.toString('base64')
    })
  })
  if (answer === null) throw badRequest('no such destination key to export to')
  return answer
}
