// token create.
// API: auth/token/create and auth/token/create/ROLE.
import { defineCommand } from '../command.ts'
import { toJson } from '../exact-json.ts'
import { attempt, Failure } from '../failure.ts'
import { booleanFlag, durationFlag, integerFlag, listFlag, mapFlag, stringFlag } from '../flags.ts'
import { formatDuration } from '../go-format.ts'
import { fieldOf, outputSecret, printField } from '../output.ts'

const or = <T>(value: T, absent: T): T | undefined => (value === absent ? undefined : value)

export const tokenCreate = defineCommand({
  name: 'token create',
  synopsis: 'Create a token',
  usage: '[options]',
  about: [
    'Creates a token. It is a child of the token that creates it, with the same policies unless others are ' +
      'named, and is revoked with it. A role may decide otherwise.',
  ],
  examples: [
    {
      does: 'A token with two policies:',
      run: ['{} token create -policy=readers -policy=deployers'],
    },
    { does: 'One that lives on when this one ends:', run: ['{} token create -orphan -ttl=24h'] },
    { does: 'One that renews for ever:', run: ['{} token create -period=30m -policy=my-service'] },
    { does: 'Only the token itself:', run: ['{} token create -field=token -use-limit=1'] },
  ],
  output: ['field', 'format'],
  flags: {
    id: stringFlag('The value of the token. Without it one is made. Takes the sudo capability.'),
    'display-name': stringFlag('A name that is shown with the token; not secret.'),
    ttl: durationFlag('How long the token lives unless it is renewed, such as "30s" or "5m".'),
    'explicit-max-ttl': durationFlag('How long the token lives at most, whatever is renewed.'),
    period: durationFlag(
      'Makes a periodic token: each renewal is for this long, without end. Takes the sudo capability.',
    ),
    renewable: booleanFlag('Whether the token can be renewed up to its maximum.', {
      initial: true,
    }),
    orphan: booleanFlag('Create it without a parent. Takes the sudo capability.'),
    'no-default-policy': booleanFlag('Leave the policy "default" out.'),
    'use-limit': integerFlag('How often the token can be used; 0 is without limit.'),
    role: stringFlag('Create it by this role, at auth/token/create/ROLE.'),
    type: stringFlag('"service" or "batch".', {
      initial: 'service',
      completes: ['service', 'batch'],
    }),
    metadata: mapFlag(
      'A key=value that is kept with the token and shown in the audit log; repeatable.',
    ),
    policy: listFlag('A policy of the token. Can be given several times.', {
      completes: 'policies',
    }),
    'entity-alias': stringFlag('The entity alias to use, with a role that allows it.'),
  },
  async run({ ui, flags, common, client }) {
    const api = await client()
    const body = toJson({
      id: or(flags.id, ''),
      policies: flags.policy.length > 0 ? flags.policy : undefined,
      meta: flags.metadata.size > 0 ? Object.fromEntries(flags.metadata) : undefined,
      ttl: formatDuration(flags.ttl),
      explicit_max_ttl: formatDuration(flags['explicit-max-ttl']),
      period: formatDuration(flags.period),
      no_parent: or(flags.orphan, false),
      no_default_policy: or(flags['no-default-policy'], false),
      display_name: flags['display-name'],
      num_uses: flags['use-limit'],
      renewable: flags.type === 'batch' ? false : flags.renewable,
      type: flags.type,
      entity_alias: flags['entity-alias'],
    })
    const path = flags.role === '' ? 'auth/token/create' : `auth/token/create/${flags.role}`
    const secret = await attempt('Error creating token', () => api.write(path, body, 'POST'))
    if (!secret) throw new Failure(2, 'Error creating token: the server sent an empty answer')
    if (common.field) return printField(ui, fieldOf(secret, common.field), common.field)
    return outputSecret(ui, secret)
  },
})
