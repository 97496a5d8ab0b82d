// pki issue: an intermediate in one mount, signed by an issuer of another.
// API: intermediate/generate, sign-intermediate, issuers/import/cert.
import { barePath } from '../api-paths.ts'
import { defineCommand } from '../command.ts'
import { parseData } from '../data-arguments.ts'
import { issueFlags, issueIntermediate } from './issue-intermediate.ts'

export const pkiIssue = defineCommand({
  name: 'pki issue',
  synopsis: 'Make an intermediate that an issuer of another mount signs',
  usage: '[options] PARENT CHILD_MOUNT DATA K=V...',
  about: [
    'Makes a key and a signing request in CHILD_MOUNT, has the issuer PARENT (mount/issuer/name) sign it, and ' +
      'imports the certificate with its chain. The data are fields of intermediate/generate and ' +
      'sign-intermediate; at least one must be given.',
  ],
  examples: [
    {
      does: 'An intermediate for a year:',
      run: ['{} pki issue pki/issuer/default pki_int common_name="Example Intermediate" ttl=8760h'],
    },
  ],
  flags: issueFlags,
  arity: { min: 3, max: null, expected: '3 or more' },
  completes: ['paths', 'mounts', 'nothing'],
  async run({ ui, args, flags, input, client }) {
    const data = await parseData(args.slice(2), input)
    return issueIntermediate(ui, await client(), {
      parent: barePath(args[0]!),
      mount: barePath(args[1]!),
      keyType: flags.type,
      issuerName: flags.issuer_name,
      data,
    })
  },
})
