// pki verify-sign: has one issuer signed another certificate? API: the paths given, read.
import { systemClock } from '../../base/clock.ts'
import { barePath } from '../api-paths.ts'
import { formatTable } from '../columns.ts'
import { defineCommand } from '../command.ts'
import type { Json } from '../exact-json.ts'
import { attempt } from '../failure.ts'
import { outputData } from '../output.ts'
import { matchesBetween, readIssuer } from './issuer-certificates.ts'

export const pkiVerifySign = defineCommand({
  name: 'pki verify-sign',
  synopsis: 'Check whether one certificate has signed another',
  usage: '[options] POSSIBLE-ISSUER POSSIBLE-ISSUED',
  about: [
    'Reads two certificates by their paths, such as pki/issuer/default, and says how they fit: by signature, ' +
      "subject and key identifier, whether the one is in the other's chain, and whether who trusts the one " +
      'may trust the other.',
  ],
  examples: [
    {
      does: 'Has the root signed the intermediate?',
      run: ['{} pki verify-sign pki/issuer/default pki_int/issuer/default'],
    },
  ],
  arity: { min: 2, max: 2 },
  completes: ['paths'],
  async run({ ui, args, client }) {
    const api = await client()
    const [issuer, issued] = args.map(barePath) as [string, string]
    const read = (path: string) =>
      attempt(`Failed to read issuer: ${path}`, () => readIssuer(api, path), 1)
    const parent = await read(issuer)
    const child = await read(issued)
    const matches = Object.entries(matchesBetween(parent, child, systemClock.now()))
    if (ui.format !== 'table') return outputData(ui, new Map<string, Json>(matches))
    ui.out(`issuer:${issuer}`)
    ui.out(`issued:${issued}\n`)
    const rows = matches.map(([field, value]) => [field, String(value)])
    ui.out(formatTable([['field', 'value'], ...rows]))
    ui.out('\n')
    return 0
  },
})
