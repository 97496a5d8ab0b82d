// kv get: a secret's value, with the metadata of its version.
// API: data/PATH on version 2, the path itself on version 1.
import { defineCommand, ONE_ARGUMENT } from '../command.ts'
import { attempt, Failure } from '../failure.ts'
import { integerFlag } from '../flags.ts'
import { fieldOf, outputData, outputSecret, printField, printWarnings } from '../output.ts'
import { mapOf } from '../secret.ts'
import { locate, mountFlag } from './kv-path.ts'
import { readVersion } from './kv-read.ts'
import { printPath, tableHeading } from './kv-table.ts'

export const kvGet = defineCommand({
  name: 'kv get',
  synopsis: 'Read a secret',
  usage: '[options] KEY',
  about: [
    'Reads the value of a secret; on a version 2 engine together with the metadata of the version.',
  ],
  examples: [
    { does: 'Read a secret:', run: ['{} kv get -mount=secret app/db', '{} kv get secret/app/db'] },
    { does: 'One field, bare:', run: ['{} kv get -mount=secret -field=password app/db'] },
    { does: 'An older version:', run: ['{} kv get -mount=secret -version=1 app/db'] },
  ],
  output: ['field', 'format'],
  flags: {
    version: integerFlag('The version to read. Without it the current one.'),
    mount: mountFlag,
  },
  arity: ONE_ARGUMENT,
  completes: ['paths'],
  async run({ ui, flags, common, args, client }) {
    const api = await client()
    const argument = args[0]!.replace(/^\//, '')
    const place = await locate(api, flags.mount, argument)
    const path = place.path('data')
    const version = place.isV2 ? flags.version : 0
    const secret = await attempt(`Error reading ${path}`, () => readVersion(api, path, version))
    if (!secret) throw new Failure(2, `No value found at ${path}`)
    const { field } = common
    if (field !== '') {
      if (!place.isV2) return printField(ui, fieldOf(secret, field), field)
      const data = mapOf(secret.data, 'data')
      if (!data) throw new Failure(2, `No data found at ${path}`)
      const value = field === 'data' && !data.has('data') ? data : data.get(field)
      return printField(ui, value, field)
    }
    if (secret.wrapInfo || ui.format !== 'table') return outputSecret(ui, secret)
    printWarnings(ui, secret)
    if (place.isV2) printPath(ui, path, 'Secret Path')
    const metadata = mapOf(secret.data, 'metadata')
    if (metadata) {
      ui.out(tableHeading('Metadata', metadata))
      await outputData(ui, metadata)
      ui.out('')
    }
    const data = place.isV2 ? mapOf(secret.data, 'data') : secret.data
    if (data) {
      ui.out(tableHeading('Data', data))
      await outputData(ui, data)
    }
    return 0
  },
})
