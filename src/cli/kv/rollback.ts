// kv rollback: an older version becomes the newest one.
// Check-and-set guards it: a write of somebody else in between makes it fail.
import { barePath } from '../api-paths.ts'
import { defineCommand } from '../command.ts'
import { toJson } from '../exact-json.ts'
import { attempt, Failure } from '../failure.ts'
import { integerFlag } from '../flags.ts'
import { printWritten } from '../write-result.ts'
import { locate, mountFlag, requireV2 } from './kv-path.ts'
import { readExisting } from './kv-read.ts'

export const kvRollback = defineCommand({
  name: 'kv rollback',
  synopsis: 'Make an older version of a secret the current one',
  usage: '[options] KEY',
  about: [
    'Reads an older version and writes it as a new one, if nobody wrote another in between. The version must ' +
      'be neither deleted nor destroyed.',
  ],
  examples: [
    { does: 'Back to version 2:', run: ['{} kv rollback -mount=secret -version=2 app/db'] },
  ],
  flags: {
    version: integerFlag('The version to go back to.'),
    mount: mountFlag,
  },
  // The number of arguments is checked below, in the words of this command.
  arity: { min: 0, max: null },
  completes: ['paths'],
  async run({ ui, flags, common, given, args, client }) {
    if (args.length !== 1) {
      throw new Failure(1, `Invalid number of arguments (expected 1, got ${args.length})`)
    }
    if (!given.has('version')) throw new Failure(1, 'Version flag must be specified')
    if (flags.version <= 0) {
      throw new Failure(1, `Invalid value ${flags.version} for the version flag`)
    }
    const api = await client()
    const place = await locate(api, flags.mount, barePath(args[0]!))
    requireV2(place, 'K/V engine mount must be version 2 for rollback support', 2)
    const path = place.path('data')
    const query = { isPreflight: true }
    const current = await attempt(`Error doing pre-read at ${path}`, () =>
      api.secret('GET', path, query),
    )
    if (!current?.data) throw new Failure(2, `No value found at ${path}`)
    const metadata = current.data.get('metadata')
    if (!(metadata instanceof Map)) {
      throw new Failure(2, `No metadata found at ${path}; rollback only works on existing data`)
    }
    const old = await readExisting(api, path, flags.version, 'rollback')
    const body = toJson({ data: old.data, options: { cas: metadata.get('version') } })
    const secret = await attempt(`Error writing data to ${path}`, () => api.write(path, body))
    return printWritten(ui, common, secret, `Success! Data written to: ${path}`)
  },
})
