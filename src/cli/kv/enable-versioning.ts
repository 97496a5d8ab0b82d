// kv enable-versioning: version 1 becomes version 2.
// API: sys/mounts/PATH/tune with the option version=2.
import { barePath, folderPath } from '../api-paths.ts'
import { defineCommand, ONE_ARGUMENT } from '../command.ts'
import { toJson } from '../exact-json.ts'
import { attempt } from '../failure.ts'

export const kvEnableVersioning = defineCommand({
  name: 'kv enable-versioning',
  synopsis: 'Turn on versions for a key-value engine',
  usage: '[options] PATH',
  about: [
    'Turns a key-value engine of version 1 into version 2, which keeps versions of each secret.',
  ],
  examples: [{ does: 'For the engine at secret/:', run: ['{} kv enable-versioning secret'] }],
  output: [],
  arity: ONE_ARGUMENT,
  completes: ['mounts'],
  async run({ ui, args, client }) {
    const path = folderPath(barePath(args[0]!))
    const api = await client()
    const body = toJson({ options: { version: '2' } })
    await attempt(`Error tuning secrets engine ${path}`, () =>
      api.request('POST', `sys/mounts/${path}tune`, { body }),
    )
    ui.out(`Success! Tuned the secrets engine at: ${path}`)
    return 0
  },
})
