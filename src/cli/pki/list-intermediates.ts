// pki list-intermediates: which certificates has an issuer signed? API: LIST issuers and reading each of them.
import { systemClock } from '../../base/clock.ts'
import { barePath } from '../api-paths.ts'
import type { Client } from '../client.ts'
import { formatTable } from '../columns.ts'
import { defineCommand } from '../command.ts'
import type { Json } from '../exact-json.ts'
import { attempt } from '../failure.ts'
import { booleanFlag } from '../flags.ts'
import { outputData } from '../output.ts'
import { mapOf, textOf } from '../secret.ts'
import { issuersOf, matchesBetween, readIssuer } from './issuer-certificates.ts'

const flags = {
  direct_sign: booleanFlag("The parent's key must have signed the certificate.", { initial: true }),
  indirect_sign: booleanFlag('Trusting the parent must be enough to trust the certificate.', {
    initial: true,
  }),
  key_id_match: booleanFlag('The key identifiers must match.', { initial: true }),
  path_match: booleanFlag("The parent must be in the certificate's chain."),
  subject_match: booleanFlag("The parent's subject must be the certificate's issuer.", {
    initial: true,
  }),
  use_names: booleanFlag('Show issuers by their names where they have one.'),
}

export const pkiListIntermediates = defineCommand({
  name: 'pki list-intermediates',
  synopsis: 'List which certificates an issuer has signed',
  usage: '[options] PARENT [CHILD...]',
  about: [
    'Compares the certificate at PARENT with those at CHILD: paths of certificates, or mounts, all of whose ' +
      'issuers are compared. Without CHILD all PKI mounts are looked at. The flags say what counts as a match.',
  ],
  examples: [
    {
      does: 'All that the root has signed:',
      run: ['{} pki list-intermediates pki/issuer/default'],
    },
    {
      does: 'In one mount, by name:',
      run: ['{} pki list-intermediates -use_names pki/issuer/default pki_int'],
    },
  ],
  flags,
  arity: { min: 1, max: null },
  completes: ['paths'],
  async run({ ui, args, flags: wanted, client }) {
    const api = await client()
    const path = barePath(args[0]!)
    const children = await attempt('', () => childPaths(api, args.slice(1), wanted.use_names), 1)
    const doing = `Failed to read parent issuer on path ${path}`
    const parent = await attempt(doing, () => readIssuer(api, path), 1)
    const found = new Map<string, Json>()
    for (const child of children) {
      const doing = `Failed to run verification on path ${child}`
      const issued = await attempt(doing, () => readIssuer(api, child), 1)
      const matches = matchesBetween(parent, issued, systemClock.now())
      found.set(
        child,
        (matches.subject_match || !wanted.subject_match) &&
          (matches.path_match || !wanted.path_match) &&
          (matches.trust_match || !wanted.indirect_sign) &&
          (matches.key_id_match || !wanted.key_id_match) &&
          (matches.signature_match || !wanted.direct_sign),
      )
    }
    if (ui.format !== 'table') return outputData(ui, found)
    const rows = [...found].map(([child, isMatch]) => [child, String(isMatch)])
    ui.out(formatTable([['intermediate', 'match?'], ...rows]))
    ui.out('\n')
    return 0
  },
})

const ONE = /\/(?:issuer|certs|revoked)\//

async function childPaths(
  api: Client,
  args: readonly string[],
  useNames: boolean,
): Promise<readonly string[]> {
  const places = args.length > 0 ? args.map(barePath) : await pkiMounts(api)
  const paths: string[] = []
  for (const place of places) {
    if (ONE.test(place)) paths.push(place)
    else paths.push(...(await issuersOf(api, place, useNames)))
  }
  return paths
}

async function pkiMounts(api: Client): Promise<readonly string[]> {
  const mounts = (await api.read('sys/mounts'))?.data
  return [...(mounts?.keys() ?? [])]
    .filter((path) => textOf(mapOf(mounts, path), 'type') === 'pki')
    .map(barePath)
}
