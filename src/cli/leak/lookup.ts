// leak lookup: what an id of a finding stands for. The secret itself is never sent, in either direction.

import type { Client } from '../client.ts'
import { wrapText } from '../columns.ts'
import { defineCommand, ONE_ARGUMENT } from '../command.ts'
import type { Environment } from '../environment.ts'
import type { JsonMap } from '../exact-json.ts'
import { attempt, Failure } from '../failure.ts'
import { stringFlag } from '../flags.ts'
import { fieldOf, outputSecret, printField } from '../output.ts'
import type { Secret } from '../secret.ts'
import { filterFlag, filterPath, readFilter } from './filter-path.ts'

export const scannerFlag = stringFlag('The name of the scanner. The default is that of the filter.')

/** The id that an argument means: itself, or what a finding's tag says. */
export function idOf(text: string): string {
  const id = text.replace(/^id:/, '').toLowerCase()
  if (/^[0-9a-f]{16}$/.test(id)) return id
  throw new Failure(
    1,
    `"${text}" is no id: findings of "scan --live-filter" show theirs, 16 hex digits`,
  )
}

/** Asks the server what an id stands for. */
export async function lookUp(
  api: Client,
  env: Environment,
  flags: { readonly scanner: string; readonly file: string },
  id: string,
): Promise<Secret & { readonly data: JsonMap }> {
  const scanner = flags.scanner || readFilter(filterPath(flags.file, env))?.header.scanner
  if (!scanner) throw new Failure(1, 'Name the scanner whose id it is: -scanner=NAME')
  const path = `sys/live-secrets/scanners/${encodeURIComponent(scanner)}/secrets/${id}`
  const answer = await attempt(`Error looking up ${id}`, () => api.read(path))
  if (!answer?.data) throw new Failure(2, `Nothing is known of ${id}`)
  return answer as Secret & { readonly data: JsonMap }
}

export const leakLookup = defineCommand({
  name: 'leak lookup',
  synopsis: 'Show what an id of the filter stands for',
  usage: '[options] ID',
  about: [
    wrapText(
      'Shows path, key, version and state of the secret that an id stands for, and where the same value lies, as ' +
        'far as the token may read there. The value is not sent.',
    ),
  ],
  examples: [{ does: 'By the id of a finding:', run: ['{} leak lookup 9f86d081884c7d65'] }],
  output: ['field', 'format'],
  flags: { scanner: scannerFlag, file: filterFlag },
  arity: ONE_ARGUMENT,
  async run({ ui, env, flags, args, common, client }) {
    const secret = await lookUp(await client(), env, flags, idOf(args[0]!))
    if (common.field) return printField(ui, fieldOf(secret, common.field), common.field)
    return outputSecret(ui, secret)
  },
})
