// kv patch: some fields of a secret, the others kept; by HTTP PATCH or by reading, changing and writing.
// Reading and writing is guarded by check-and-set, so nobody's write in between is lost.
import { barePath } from '../api-paths.ts'
import type { Client } from '../client.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { parseData } from '../data-arguments.ts'
import { type JsonMap, toJson } from '../exact-json.ts'
import { attempt, Failure } from '../failure.ts'
import { integerFlag, listFlag, stringFlag } from '../flags.ts'
import { ResponseError } from '../response-error.ts'
import type { Secret } from '../secret.ts'
import type { Ui } from '../ui.ts'
import { locate, mountFlag, requireV2 } from './kv-path.ts'
import { readExisting } from './kv-read.ts'
import { printVersion } from './kv-written.ts'

const flags = {
  cas: integerFlag('Check-and-set: patch only if this is the current version; 0: do not check.'),
  method: stringFlag(
    '"patch" sends an HTTP PATCH, "rw" reads, changes here and writes. Without it PATCH is tried first, ' +
      'and the other way if the policy or the server does not allow it.',
    { completes: ['patch', 'rw'] },
  ),
  mount: mountFlag,
  'remove-data': listFlag('A field to remove. Can be given several times.'),
}

async function readThenWrite(api: Client, path: string, data: JsonMap): Promise<Secret | null> {
  const existing = await readExisting(api, path, 0, 'patch')
  const merged = new Map(existing.data)
  for (const [key, value] of data) {
    if (value === null) merged.delete(key)
    else merged.set(key, value)
  }
  const body = toJson({ data: merged, options: { cas: existing.metadata.get('version') } })
  return attempt(`Error writing data to ${path}`, () => api.write(path, body))
}

async function mergePatch(
  api: Client,
  ui: Ui,
  path: string,
  data: JsonMap,
  options: { readonly cas: number; readonly mayFallBack: boolean },
): Promise<Secret | null> {
  const body = toJson({ data, options: options.cas > 0 ? { cas: options.cas } : {} })
  try {
    return await api.patch(path, body)
  } catch (error) {
    const status = error instanceof ResponseError ? error.status : 0
    if (!options.mayFallBack || (status !== 403 && status !== 405)) {
      return attempt(`Error writing data to ${path}`, () => Promise.reject(error))
    }
    const secret = await readThenWrite(api, path, data)
    if (status === 403) {
      ui.warn(
        `Data was written to ${path} by reading and writing it; with the "patch" capability in your ` +
          'policy it takes one request and no right to read.',
      )
    }
    return secret
  }
}

async function run(context: CommandContext<typeof flags>): Promise<number> {
  const { ui, common, args } = context
  const removed = context.flags['remove-data']
  if (args.length === 1 && removed.length === 0) throw new Failure(1, 'Must supply data')
  const api = await context.client()
  const data = await parseData(args.slice(1), context.input)
  const place = await locate(api, context.flags.mount, barePath(args[0]!))
  requireV2(place, 'K/V engine mount must be version 2 for patch support', 2)
  const path = place.path('data')
  for (const key of removed) data.set(key, null)
  const { method, cas } = context.flags
  let secret: Secret | null
  if (method === 'rw') secret = await readThenWrite(api, path, data)
  else if (method === 'patch' || method === '') {
    secret = await mergePatch(api, ui, path, data, { cas, mayFallBack: method === '' })
  } else throw new Failure(2, `Unsupported method provided to -method flag: ${method}`)
  return printVersion(ui, common, secret, path)
}

export const kvPatch = defineCommand({
  name: 'kv patch',
  synopsis: 'Change some fields of a secret',
  usage: '[options] KEY [DATA]',
  about: [
    'Writes a new version with the given fields changed and the others as they are. The secret has to exist. ' +
      'Data is given as for kv put.',
  ],
  examples: [
    { does: 'Change one field:', run: ['{} kv patch -mount=secret app/db password=n3w'] },
    { does: 'Remove a field:', run: ['{} kv patch -mount=secret -remove-data=old app/db'] },
    { does: 'Read, change and write:', run: ['{} kv patch -mount=secret -method=rw app/db a=b'] },
  ],
  output: ['field', 'format'],
  flags,
  arity: { min: 1, max: null, expected: '>1' },
  completes: ['paths', 'nothing'],
  run,
})
