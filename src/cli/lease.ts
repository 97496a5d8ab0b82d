// lease: look leases up, renew and revoke them.
// API: sys/leases.
import { wrapText } from './columns.ts'
import { defineCommand, type Family, ONE_ARGUMENT } from './command.ts'
import { toJson } from './exact-json.ts'
import { attempt, Failure } from './failure.ts'
import { booleanFlag, durationFlag } from './flags.ts'
import { outputSecret } from './output.ts'
import { wholeSeconds } from './token/renew.ts'

export const leaseFamily: Family = {
  name: 'lease',
  synopsis: 'Work with leases',
  about: ['Looks leases up, renews and revokes them.'],
  examples: [
    { does: 'Renew a lease:', run: ['{} lease renew database/creds/readonly/2f6a614c…'] },
    { does: 'Revoke a lease:', run: ['{} lease revoke database/creds/readonly/2f6a614c…'] },
  ],
}

const ID = { min: 0, max: 1, expected: '1' }

function leaseId(args: readonly string[]): string {
  if (args.length === 0) throw new Failure(1, 'Missing ID!')
  return args[0]!.trim()
}

export const leaseLookup = defineCommand({
  name: 'lease lookup',
  synopsis: 'Show a lease',
  usage: '[options] ID',
  about: ['Shows when a lease was issued, when it ends and whether it can be renewed.'],
  examples: [{ does: 'Look one up:', run: ['{} lease lookup database/creds/readonly/2f6a614c…'] }],
  arity: ID,
  async run({ ui, args, client }) {
    const id = leaseId(args)
    const api = await client()
    const secret = await attempt(`error looking up lease id ${id}`, () =>
      api.write('sys/leases/lookup', toJson({ lease_id: id })),
    )
    if (!secret) throw new Failure(2, `error looking up lease id ${id}: empty answer`)
    return outputSecret(ui, secret)
  },
})

export const leaseRenew = defineCommand({
  name: 'lease renew',
  synopsis: 'Renew a lease',
  usage: '[options] ID',
  about: ['Makes a lease, and what it stands for, live longer.'],
  examples: [
    { does: 'Renew for an hour:', run: ['{} lease renew -increment=1h database/creds/ro/2f6a…'] },
  ],
  flags: { increment: durationFlag('How long to renew for; the server may decide otherwise.') },
  arity: ID,
  async run({ ui, flags, args, client }) {
    const id = leaseId(args)
    const api = await client()
    const body = toJson({ increment: wholeSeconds(flags.increment), lease_id: id })
    const secret = await attempt(`Error renewing ${id}`, () => api.write('sys/leases/renew', body))
    if (!secret) throw new Failure(2, `Error renewing ${id}: empty answer`)
    return outputSecret(ui, secret)
  },
})

export const leaseRevoke = defineCommand({
  name: 'lease revoke',
  synopsis: 'Revoke leases',
  usage: '[options] ID',
  about: [
    'Revokes a lease, or with -prefix all leases below a path, and takes back what they stand for.',
  ],
  examples: [
    { does: 'One lease:', run: ['{} lease revoke database/creds/readonly/2f6a614c…'] },
    { does: 'All of a role:', run: ['{} lease revoke -prefix database/creds/readonly'] },
    { does: 'Also those that fail:', run: ['{} lease revoke -force -prefix database/creds'] },
  ],
  output: [],
  flags: {
    force: booleanFlag(
      'Forget the leases even if taking back what they stand for fails; needs -prefix.',
      { aliases: ['f'] },
    ),
    prefix: booleanFlag('The argument is a prefix of lease ids.'),
    sync: booleanFlag('Wait until it is done.'),
  },
  arity: ONE_ARGUMENT,
  async run({ ui, flags, args, client }) {
    const { force, prefix, sync } = flags
    if (force && !prefix) {
      throw new Failure(1, 'Specifying -force requires also specifying -prefix')
    }
    const api = await client()
    const id = args[0]!.trim()
    if (force) {
      const warning =
        'Warning! What the forgotten leases stand for may go on to exist: remove it by hand.'
      ui.warn(wrapText(warning))
    }
    const doing = force
      ? `Error force revoking leases with prefix ${id}`
      : prefix
        ? `Error revoking leases with prefix ${id}`
        : `Error revoking lease ${id}`
    const path = force
      ? `sys/leases/revoke-force/${id}`
      : prefix
        ? `sys/leases/revoke-prefix/${id}`
        : 'sys/leases/revoke'
    const body = force ? undefined : toJson(prefix ? { sync } : { lease_id: id, sync })
    await attempt(doing, () => api.request('PUT', path, { body }))
    if (force) ui.out(`Success! Force revoked any leases with prefix: ${id}`)
    else if (sync && prefix) ui.out(`Success! Revoked any leases with prefix: ${id}`)
    else if (sync) ui.out(`Success! Revoked lease: ${id}`)
    else ui.out('All revocation operations queued successfully!')
    return 0
  },
})
