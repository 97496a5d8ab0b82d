// kv metadata delete: a secret with all its versions, for good.
// API: DELETE metadata/PATH, version 2 alone.
import { barePath } from '../api-paths.ts'
import { defineCommand, ONE_ARGUMENT } from '../command.ts'
import { attempt } from '../failure.ts'
import { locate, mountFlag, requireV2 } from './kv-path.ts'

export const kvMetadataDelete = defineCommand({
  name: 'kv metadata delete',
  synopsis: 'Delete a secret with all its versions and metadata',
  usage: '[options] PATH',
  about: ['Deletes all versions and the metadata of a secret for good.'],
  examples: [
    { does: 'Delete everything of a secret:', run: ['{} kv metadata delete -mount=secret app/db'] },
  ],
  output: [],
  flags: { mount: mountFlag },
  arity: ONE_ARGUMENT,
  completes: ['paths'],
  async run({ ui, flags, args, client }) {
    const api = await client()
    const place = await locate(api, flags.mount, barePath(args[0]!))
    requireV2(place, 'Metadata not supported on KV Version 1', 1)
    const path = place.path('metadata')
    await attempt(`Error deleting ${path}`, () => api.remove(path))
    ui.out(`Success! Data deleted (if it existed) at: ${path}`)
    return 0
  },
})
