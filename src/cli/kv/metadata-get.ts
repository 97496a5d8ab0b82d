// kv metadata get: what is kept about a secret, and its versions.
// API: metadata/PATH, version 2 alone; versions are printed in their order.
import { barePath } from '../api-paths.ts'
import { defineCommand, ONE_ARGUMENT } from '../command.ts'
import { attempt, Failure } from '../failure.ts'
import { fieldOf, outputData, outputSecret, printField } from '../output.ts'
import { mapOf } from '../secret.ts'
import { locate, mountFlag, requireV2 } from './kv-path.ts'
import { printPath, tableHeading } from './kv-table.ts'

export const kvMetadataGet = defineCommand({
  name: 'kv metadata get',
  synopsis: 'Read the metadata of a secret',
  usage: '[options] KEY',
  about: [
    'Reads what is kept about a secret: its settings, custom metadata and the times of its versions.',
  ],
  examples: [{ does: 'Read the metadata:', run: ['{} kv metadata get -mount=secret app/db'] }],
  output: ['field', 'format'],
  flags: { mount: mountFlag },
  arity: ONE_ARGUMENT,
  completes: ['paths'],
  async run({ ui, flags, common, args, client }) {
    const api = await client()
    const place = await locate(api, flags.mount, barePath(args[0]!))
    requireV2(place, 'Metadata not supported on KV Version 1', 1)
    const path = place.path('metadata')
    const secret = await attempt(`Error reading ${path}`, () => api.read(path))
    if (!secret) throw new Failure(2, `No value found at ${path}`)
    const { field } = common
    if (field) return printField(ui, fieldOf(secret, field), field)
    if (secret.wrapInfo || ui.format !== 'table') return outputSecret(ui, secret)
    const versions = mapOf(secret.data, 'versions')
    if (!secret.data || !versions) throw new Failure(2, `No value found at ${path}`)
    secret.data.delete('versions')
    printPath(ui, path, 'Metadata Path')
    ui.out(tableHeading('Metadata', secret.data))
    await outputSecret(ui, secret)
    for (const number of [...versions.keys()].map(Number).sort((a, b) => a - b)) {
      const version = mapOf(versions, String(number))
      if (!version) continue
      ui.out(`\n${tableHeading(`Version ${number}`, version)}`)
      await outputData(ui, version)
    }
    return 0
  },
})
