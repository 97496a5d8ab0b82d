// kv delete: the current version, or the versions named; a version 2 engine can undelete them.
// API: DELETE data/PATH for the current version, delete/PATH for those that are named.
import { barePath } from '../api-paths.ts'
import { defineCommand, ONE_ARGUMENT } from '../command.ts'
import { toJson } from '../exact-json.ts'
import { attempt } from '../failure.ts'
import { listFlag } from '../flags.ts'
import { printWritten } from '../write-result.ts'
import { locate, mountFlag } from './kv-path.ts'
import { versionList } from './versions.ts'

export const kvDelete = defineCommand({
  name: 'kv delete',
  synopsis: 'Delete versions of a secret',
  usage: '[options] PATH',
  about: [
    'Deletes the current version of a secret, or those named with -versions. On a version 2 engine the data ' +
      'stays until it is destroyed and can be undeleted; on version 1 it is gone.',
  ],
  examples: [
    { does: 'Delete the current version:', run: ['{} kv delete -mount=secret app/db'] },
    { does: 'Delete two older ones:', run: ['{} kv delete -mount=secret -versions=3,4 app/db'] },
  ],
  output: ['field', 'format'],
  flags: {
    versions: listFlag('The versions to delete, separated by commas.'),
    mount: mountFlag,
  },
  arity: ONE_ARGUMENT,
  completes: ['paths'],
  async run({ ui, flags, common, args, client }) {
    const api = await client()
    const place = await locate(api, flags.mount, barePath(args[0]!))
    const path = place.path('data')
    const versions = versionList(flags.versions)
    const secret = await attempt(`Error deleting ${path}`, () =>
      place.isV2 && versions.length > 0
        ? api.write(place.path('delete'), toJson({ versions }))
        : api.remove(path),
    )
    const success = `Success! Data deleted (if it existed) at: ${path}`
    return printWritten(ui, common, secret, success)
  },
})
