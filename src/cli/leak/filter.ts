// leak filter: fetches the filter of live secrets, later only what changed since.
import { systemClock } from '../../base/clock.ts'
import {
  type FilterFile,
  mergeRows,
  ROW_BYTES,
  writeFilterFile,
} from '../../scan/vault/live-filter.ts'
import type { Client } from '../client.ts'
import { defineCommand, NO_ARGUMENTS } from '../command.ts'
import { toJson } from '../exact-json.ts'
import { attempt, Failure, messageOf } from '../failure.ts'
import { booleanFlag, stringFlag } from '../flags.ts'
import { outputData } from '../output.ts'
import { numberOf, textOf } from '../secret.ts'
import { filterFlag, filterPath, readFilter } from './filter-path.ts'

const EMPTY = Buffer.alloc(0)

interface Fetched {
  readonly file: FilterFile
  readonly changes: number
}

async function fetchFilter(
  api: Client,
  scanner: string,
  before: FilterFile | null,
): Promise<Fetched> {
  const path = `sys/live-secrets/scanners/${encodeURIComponent(scanner)}/filter`
  const isSame =
    before?.header.scanner === scanner &&
    before.header.address === api.settings.address &&
    before.header.namespace === api.namespace
  let rows = isSame ? before.rows : EMPTY
  let cursor = isSame ? before.header.cursor : ''
  let changes = 0
  for (;;) {
    const query = new Map([['cursor', [cursor]]])
    const answer = await attempt('Error fetching the filter', () => api.read(path, query))
    const data = answer?.data
    if (!data) throw new Failure(2, `No scanner named ${scanner}`)
    if (data.get('reset') === true) rows = EMPTY
    const sent = Buffer.from(textOf(data, 'rows'), 'base64')
    rows = mergeRows(rows, sent)
    changes += sent.length / ROW_BYTES
    cursor = textOf(data, 'cursor')
    if (data.get('complete') !== true) continue
    const header = {
      scanner,
      address: api.settings.address,
      namespace: api.namespace,
      generation: textOf(data, 'generation'),
      salt: textOf(data, 'salt'),
      key: textOf(data, 'key'),
      minLength: numberOf(data, 'min_length'),
      minEntropyBits: numberOf(data, 'min_entropy_bits'),
      cursor,
      fetchedTime: new Date(systemClock.now()).toISOString(),
    }
    return { file: { header, rows }, changes }
  }
}

export const leakFilter = defineCommand({
  name: 'leak filter',
  synopsis: 'Fetch the filter of live secrets',
  usage: '[options]',
  about: [
    'Fetches the filter with which "scan --live-filter" tells live secrets offline. A filter that is there already ' +
      'is brought up to date: only what changed is fetched. No secret can be read from it, but whoever has it can ' +
      'try guesses, so the file is for its owner alone.',
  ],
  examples: [{ does: 'For the scanner "ci":', run: ['{} leak filter -scanner=ci'] }],
  flags: {
    scanner: stringFlag('The name of the scanner. Without it that of the filter that is there.'),
    file: filterFlag,
    full: booleanFlag('Fetch all of it anew.'),
  },
  arity: NO_ARGUMENTS,
  async run({ ui, env, flags, client }) {
    const path = filterPath(flags.file, env)
    const there = readFilter(path)
    const scanner = flags.scanner || there?.header.scanner
    if (!scanner) {
      throw new Failure(1, 'Name the scanner: -scanner=NAME (sys/live-secrets/scanners lists them)')
    }
    const api = await client()
    const { file, changes } = await fetchFilter(api, scanner, flags.full ? null : there)
    try {
      writeFilterFile(path, file)
    } catch (error) {
      throw new Failure(2, `Error writing ${path}: ${messageOf(error)}`)
    }
    const values = file.rows.length / ROW_BYTES
    if (ui.format !== 'table') return outputData(ui, toJson({ file: path, values, changes }))
    ui.out(`Success! ${values} values in ${path}, ${changes} of them new or changed`)
    return 0
  },
})
