// kv put: a secret, or a new version of it.
// API: data/PATH with data and options on version 2, the bare data on version 1.
import { barePath } from '../api-paths.ts'
import { defineCommand } from '../command.ts'
import { parseData } from '../data-arguments.ts'
import { type JsonLike, toJson } from '../exact-json.ts'
import { attempt, Failure } from '../failure.ts'
import { integerFlag } from '../flags.ts'
import { locate, mountFlag } from './kv-path.ts'
import { printVersion } from './kv-written.ts'

export const kvPut = defineCommand({
  name: 'kv put',
  synopsis: 'Store a secret',
  usage: '[options] KEY [DATA]',
  about: [
    'Stores a secret. On a version 2 engine it becomes a new version; on version 1 it replaces what was ' +
      'there.',
    'Data is given as key=value, key=@file, key=- (standard input), or as a whole JSON object: @file or -.',
  ],
  examples: [
    {
      does: 'Store two fields:',
      run: ['{} kv put -mount=secret app/db username=myapp password=s3cret'],
    },
    { does: 'From a file of JSON:', run: ['{} kv put -mount=secret app/db @data.json'] },
    {
      does: 'A value from standard input, so that it is in no shell history:',
      run: ['echo -n "$PASSWORD" | {} kv put -mount=secret app/db password=-'],
    },
    {
      does: 'Only if version 1 is the current one:',
      run: ['{} kv put -mount=secret -cas=1 app/db a=b'],
    },
  ],
  output: ['field', 'format'],
  flags: {
    cas: integerFlag(
      'Check-and-set: write only if this is the current version; 0: only if the secret does not exist.',
      { initial: -1 },
    ),
    mount: mountFlag,
  },
  arity: { min: 1, max: null, expected: '>1' },
  completes: ['path-folders', 'nothing'],
  async run({ ui, flags, common, args, input, client }) {
    if (args.length === 1) throw new Failure(1, 'Must supply data')
    const api = await client()
    const data = await parseData(args.slice(1), input)
    const place = await locate(api, flags.mount, barePath(args[0]!))
    const path = place.path('data')
    const options: JsonLike = flags.cas > -1 ? { cas: flags.cas } : {}
    const body = place.isV2 ? toJson({ data, options }) : data
    const secret = await attempt(`Error writing data to ${path}`, () => api.write(path, body))
    return printVersion(ui, common, secret, path)
  },
})
