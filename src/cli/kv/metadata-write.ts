// kv metadata put and patch: settings and custom metadata of a secret.
// API: PUT and PATCH metadata/PATH, version 2 alone; null removes a key.
import { barePath } from '../api-paths.ts'
import type { Client } from '../client.ts'
import { type CommandContext, defineCommand, ONE_ARGUMENT } from '../command.ts'
import { type Json, type JsonMap, JsonNumber } from '../exact-json.ts'
import { attempt } from '../failure.ts'
import {
  durationFlag,
  type FlagValues,
  integerFlag,
  listFlag,
  mapFlag,
  optionalBooleanFlag,
} from '../flags.ts'
import { formatDuration } from '../go-format.ts'
import type { Secret } from '../secret.ts'
import { printWritten } from '../write-result.ts'
import { locate, mountFlag, requireV2 } from './kv-path.ts'

const putFlags = {
  'max-versions': integerFlag(
    'How many versions to keep. Without it the setting of the engine counts.',
    { initial: -1 },
  ),
  'cas-required': optionalBooleanFlag('Whether every write has to check-and-set.'),
  'delete-version-after': durationFlag(
    'Delete each version this long after it was written, such as "30s" or "3h25m19s"; at most what the ' +
      'engine allows.',
    { initial: -1 },
  ),
  'custom-metadata': mapFlag('A key=value to keep with the secret. Can be given several times.'),
  mount: mountFlag,
}
const patchFlags = {
  ...putFlags,
  'remove-custom-metadata': listFlag('A key of custom metadata to remove; can be repeated.'),
}

function settings(flags: FlagValues<typeof putFlags>): JsonMap {
  const data: JsonMap = new Map()
  const { 'max-versions': most, 'cas-required': cas, 'delete-version-after': life } = flags
  if (most >= 0) data.set('max_versions', new JsonNumber(String(most)))
  if (cas !== null) data.set('cas_required', cas)
  if (life >= 0) data.set('delete_version_after', formatDuration(life))
  return data
}

async function send(
  context: CommandContext<typeof putFlags>,
  request: (api: Client, path: string) => Promise<Secret | null>,
): Promise<number> {
  const api = await context.client()
  const place = await locate(api, context.flags.mount, barePath(context.args[0]!))
  requireV2(place, 'Metadata not supported on KV Version 1', 1)
  const path = place.path('metadata')
  const secret = await attempt(`Error writing data to ${path}`, () => request(api, path))
  return printWritten(context.ui, context.common, secret, `Success! Data written to: ${path}`)
}

export const kvMetadataPut = defineCommand({
  name: 'kv metadata put',
  synopsis: 'Set the metadata of a secret',
  usage: '[options] KEY',
  about: ['Sets what is kept about a secret. It need not have a value yet.'],
  examples: [
    { does: 'An empty entry:', run: ['{} kv metadata put -mount=secret app/db'] },
    {
      does: 'Keep five versions:',
      run: ['{} kv metadata put -mount=secret -max-versions=5 app/db'],
    },
    {
      does: 'Say whose it is:',
      run: ['{} kv metadata put -mount=secret -custom-metadata=team=ops app/db'],
    },
  ],
  flags: putFlags,
  arity: ONE_ARGUMENT,
  completes: ['paths'],
  run: (context) =>
    send(context, (api, path) => {
      const data = settings(context.flags)
      const custom = context.flags['custom-metadata']
      if (custom.size > 0) data.set('custom_metadata', new Map<string, Json>(custom))
      return api.write(path, data)
    }),
})

export const kvMetadataPatch = defineCommand({
  name: 'kv metadata patch',
  synopsis: 'Change some of the metadata of a secret',
  usage: '[options] KEY',
  about: ['Changes the given settings and custom metadata of a secret and keeps the others.'],
  examples: [
    {
      does: 'Add custom metadata:',
      run: ['{} kv metadata patch -mount=secret -custom-metadata=a=b app/db'],
    },
    {
      does: 'Remove some:',
      run: ['{} kv metadata patch -mount=secret -remove-custom-metadata=a app/db'],
    },
  ],
  flags: patchFlags,
  arity: ONE_ARGUMENT,
  completes: ['paths'],
  run: (context) =>
    send(context, (api, path) => {
      const data = settings(context.flags)
      const custom = new Map<string, Json>(context.flags['custom-metadata'])
      for (const key of context.flags['remove-custom-metadata']) custom.set(key, null)
      return api.patch(path, data.set('custom_metadata', custom))
    }),
})
