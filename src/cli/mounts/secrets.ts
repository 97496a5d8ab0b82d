// secrets enable, disable, list and tune.
// API: sys/mounts/PATH and sys/mounts/PATH/tune.
import { barePath, folderPath } from '../api-paths.ts'
import { defineCommand, ONE_ARGUMENT } from '../command.ts'
import { attempt } from '../failure.ts'
import { booleanFlag } from '../flags.ts'
import { outputData } from '../output.ts'
import { enableBody, enableFlags, settingFlags, tuneBody } from './mount-flags.ts'
import { detailedMounts, mountsOf, simpleMounts } from './mount-list.ts'

export const secretsEnable = defineCommand({
  name: 'secrets enable',
  synopsis: 'Enable a secrets engine',
  usage: '[options] TYPE',
  about: [
    'Mounts a secrets engine. All requests whose path begins with the path of the mount go to it. Without ' +
      '-path it is mounted at its type.',
  ],
  examples: [
    {
      does: 'A key-value engine with versions:',
      run: ['{} secrets enable -path=secret -version=2 kv'],
    },
    { does: 'With a limit on leases:', run: ['{} secrets enable -max-lease-ttl=30m database'] },
  ],
  output: [],
  flags: {
    ...enableFlags,
    'force-no-cache': booleanFlag('Make the engine do without caches.'),
  },
  arity: ONE_ARGUMENT,
  completes: [
    ['kv', 'transit', 'pki', 'ssh', 'database', 'totp', 'kubernetes', 'ldap', 'rabbitmq'],
  ],
  async run({ ui, flags, given, args, client }) {
    const api = await client()
    const named = args[0]!.trim()
    const type = named === 'plugin' ? flags['plugin-name'] : named
    const path = folderPath(flags.path || type)
    const body = enableBody(type, flags, given, { force_no_cache: flags['force-no-cache'] })
    await attempt('Error enabling', () => api.request('POST', `sys/mounts/${path}`, { body }))
    const version = flags['plugin-version'] && ` version ${flags['plugin-version']}`
    ui.out(`Success! Enabled the ${type} secrets engine${version} at: ${path}`)
    return 0
  },
})

export const secretsDisable = defineCommand({
  name: 'secrets disable',
  synopsis: 'Disable a secrets engine',
  usage: '[options] PATH',
  about: ['Removes a mount with all its data; its leases are revoked.'],
  examples: [{ does: 'Disable the engine at aws/:', run: ['{} secrets disable aws/'] }],
  output: [],
  arity: ONE_ARGUMENT,
  completes: ['mounts'],
  async run({ ui, args, client }) {
    const api = await client()
    const path = folderPath(barePath(args[0]!))
    await attempt(`Error disabling secrets engine at ${path}`, () =>
      api.request('DELETE', `sys/mounts/${path}`),
    )
    ui.out(`Success! Disabled the secrets engine (if it existed) at: ${path}`)
    return 0
  },
})

export const secretsList = defineCommand({
  name: 'secrets list',
  synopsis: 'List the secrets engines',
  usage: '[options]',
  about: ['Lists the secrets engines that are mounted.'],
  examples: [{ does: 'With all settings:', run: ['{} secrets list -detailed'] }],
  flags: { detailed: booleanFlag('Show all that is known of each mount.') },
  async run({ ui, flags, client }) {
    const api = await client()
    const answer = await attempt('Error listing secrets engines', () => api.read('sys/mounts'))
    const mounts = mountsOf(answer?.data ?? null)
    if (ui.format !== 'table') return outputData(ui, mounts)
    ui.out(flags.detailed ? detailedMounts(mounts, 'secrets') : simpleMounts(mounts, false))
    return 0
  },
})

export const secretsTune = defineCommand({
  name: 'secrets tune',
  synopsis: 'Change the settings of a secrets engine',
  usage: '[options] PATH',
  about: ['Changes the settings that are given and keeps the others.'],
  examples: [
    { does: 'Set the life of leases:', run: ['{} secrets tune -default-lease-ttl=72h pki/'] },
  ],
  output: [],
  flags: settingFlags,
  arity: ONE_ARGUMENT,
  completes: ['mounts'],
  async run({ ui, flags, given, args, client }) {
    const api = await client()
    const path = folderPath(barePath(args[0]!))
    const body = tuneBody(flags, given)
    await attempt(`Error tuning secrets engine ${path}`, () =>
      api.request('POST', `sys/mounts/${path}tune`, { body }),
    )
    ui.out(`Success! Tuned the secrets engine at: ${path}`)
    return 0
  },
})
