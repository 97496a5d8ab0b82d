// auth enable, disable, list and tune.
// API: sys/auth/PATH; tuning goes through sys/mounts/auth/PATH/tune.
import { barePath, folderPath } from '../api-paths.ts'
import { defineCommand, ONE_ARGUMENT } from '../command.ts'
import { OrderedMap } from '../exact-json.ts'
import { attempt } from '../failure.ts'
import { booleanFlag, durationFlag, type FlagValues, integerFlag, stringFlag } from '../flags.ts'
import { outputData } from '../output.ts'
import { enableBody, enableFlags, settingFlags, tuneBody, tunedLife } from './mount-flags.ts'
import { detailedMounts, mountsOf, simpleMounts } from './mount-list.ts'

const tokenType = stringFlag('The type of all tokens from this mount, whatever a role says.', {
  completes: ['default-service', 'default-batch', 'service', 'batch'],
})

export const authEnable = defineCommand({
  name: 'auth enable',
  synopsis: 'Enable an auth method',
  usage: '[options] TYPE',
  about: ['Enables a method to log in. Without -path it is at auth/TYPE.'],
  examples: [
    { does: 'Names and passwords:', run: ['{} auth enable userpass'] },
    {
      does: 'At another path:',
      run: ['{} auth enable -path=staff -description="Our people" ldap'],
    },
  ],
  output: [],
  flags: { ...enableFlags, 'token-type': tokenType },
  arity: ONE_ARGUMENT,
  completes: [
    ['userpass', 'approle', 'jwt', 'oidc', 'kubernetes', 'ldap', 'cert', 'radius', 'aws'],
  ],
  async run({ ui, flags, given, args, client }) {
    const api = await client()
    const named = args[0]!.trim()
    const type = named === 'plugin' ? flags['plugin-name'] : named
    const path = folderPath(flags.path || type)
    const extra = given.has('token-type') ? { token_type: flags['token-type'] } : {}
    const body = enableBody(type, flags, given, extra)
    await attempt(`Error enabling ${type} auth`, () =>
      api.request('POST', `sys/auth/${path}`, { body }),
    )
    const version = flags['plugin-version'] && ` version ${flags['plugin-version']}`
    ui.out(`Success! Enabled ${type} auth method${version} at: ${path}`)
    return 0
  },
})

export const authDisable = defineCommand({
  name: 'auth disable',
  synopsis: 'Disable an auth method',
  usage: '[options] PATH',
  about: ['Disables a method to log in and revokes all tokens that were made by it.'],
  examples: [{ does: 'Disable the method at userpass/:', run: ['{} auth disable userpass/'] }],
  output: [],
  arity: ONE_ARGUMENT,
  completes: ['auth-mounts'],
  async run({ ui, args, client }) {
    const api = await client()
    const path = folderPath(barePath(args[0]!))
    await attempt(`Error disabling auth method at ${path}`, () =>
      api.request('DELETE', `sys/auth/${path}`),
    )
    ui.out(`Success! Disabled the auth method (if it existed) at: ${path}`)
    return 0
  },
})

export const authList = defineCommand({
  name: 'auth list',
  synopsis: 'List the auth methods',
  usage: '[options]',
  about: ['Lists the methods to log in that are enabled.'],
  examples: [{ does: 'With all settings:', run: ['{} auth list -detailed'] }],
  flags: { detailed: booleanFlag('Show all that is known of each method.') },
  async run({ ui, flags, client }) {
    const api = await client()
    const answer = await attempt('Error listing enabled authentications', () =>
      api.read('sys/auth'),
    )
    const mounts = mountsOf(answer?.data ?? null)
    if (ui.format !== 'table') return outputData(ui, mounts)
    ui.out(flags.detailed ? detailedMounts(mounts, 'auth') : simpleMounts(mounts, true))
    return 0
  },
})

const lockoutFlags = {
  'user-lockout-threshold': integerFlag('After how many failed logins a user is locked out.'),
  'user-lockout-duration': durationFlag('How long a user is locked out.'),
  'user-lockout-counter-reset-duration': durationFlag(
    'After how long without a failed login the count begins anew.',
  ),
  'user-lockout-disable': booleanFlag('Lock nobody out.'),
}

function lockoutBody(
  flags: FlagValues<typeof lockoutFlags>,
  given: ReadonlySet<string>,
): OrderedMap {
  const out = new OrderedMap()
  if (given.has('user-lockout-threshold')) {
    out.set('lockout_threshold', String(flags['user-lockout-threshold']))
  }
  if (given.has('user-lockout-duration')) {
    out.set('lockout_duration', tunedLife(flags['user-lockout-duration']))
  }
  if (given.has('user-lockout-counter-reset-duration')) {
    const life = tunedLife(flags['user-lockout-counter-reset-duration'])
    out.set('lockout_counter_reset_duration', life)
  }
  if (given.has('user-lockout-disable')) out.set('lockout_disable', flags['user-lockout-disable'])
  return out
}

export const authTune = defineCommand({
  name: 'auth tune',
  synopsis: 'Change the settings of an auth method',
  usage: '[options] PATH',
  about: ['Changes the settings that are given and keeps the others.'],
  examples: [
    { does: 'Set the life of tokens:', run: ['{} auth tune -default-lease-ttl=72h staff/'] },
  ],
  output: [],
  flags: { ...settingFlags, ...lockoutFlags, 'token-type': tokenType },
  arity: ONE_ARGUMENT,
  completes: ['auth-mounts'],
  async run({ ui, flags, given, args, client }) {
    const api = await client()
    const path = folderPath(barePath(args[0]!))
    const body = tuneBody(flags, given)
    if (given.has('token-type')) body.set('token_type', flags['token-type'])
    const lockout = lockoutBody(flags, given)
    if (lockout.size > 0) body.set('user_lockout_config', lockout)
    await attempt(`Error tuning auth method ${path}`, () =>
      api.request('POST', `sys/mounts/auth/${path}tune`, { body }),
    )
    ui.out(`Success! Tuned the auth method at: ${path}`)
    return 0
  },
})
