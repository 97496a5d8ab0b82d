// audit: enable, disable and list audit devices.
// API: sys/audit. Options of a device are texts, whatever they look like.
import { compareUtf8 } from '../base/utf8-order.ts'
import { barePath, folderPath } from './api-paths.ts'
import { formatTable } from './columns.ts'
import { defineCommand, type Family, ONE_ARGUMENT } from './command.ts'
import { asTexts, parseData } from './data-arguments.ts'
import { type Json, type JsonMap, OrderedMap } from './exact-json.ts'
import { attempt, Failure } from './failure.ts'
import { booleanFlag, stringFlag } from './flags.ts'
import { formatValue } from './go-format.ts'
import { outputData } from './output.ts'
import { mapOf, type Shape, shaped, textOf } from './secret.ts'

export const auditFamily: Family = {
  name: 'audit',
  synopsis: 'Work with audit devices',
  about: [
    'Enables, lists and disables the devices that every request and answer is recorded to, and proves that a ' +
      'record is complete.',
  ],
  examples: [
    { does: 'Record to a file:', run: ['{} audit enable file file_path=/var/log/audit.log'] },
    { does: 'Was anything changed or removed?', run: ['{} audit verify /var/log/audit.log*'] },
  ],
}

export const auditEnable = defineCommand({
  name: 'audit enable',
  synopsis: 'Enable an audit device',
  usage: '[options] TYPE [CONFIG K=V...]',
  about: [
    'Enables a device of the type "file", "syslog" or "socket". From then on a request that no enabled device ' +
      'can record is refused.',
  ],
  examples: [
    { does: 'A file:', run: ['{} audit enable file file_path=/var/log/audit.log'] },
    {
      does: 'A second one at another path:',
      run: ['{} audit enable -path=second file file_path=/b.log'],
    },
  ],
  output: [],
  flags: {
    description: stringFlag('What the device is for.'),
    path: stringFlag('The name of the device. Without it its type.'),
    local: booleanFlag('Keep it out of replication.'),
  },
  arity: { min: 0, max: null },
  completes: [['file', 'syslog', 'socket'], 'nothing'],
  async run({ ui, flags, args, input, client }) {
    const type = (args[0] ?? '').trim()
    if (type === '') {
      throw new Failure(
        1,
        'Error enabling audit device: the type is missing. There are "file", "socket" and "syslog".',
      )
    }
    const path = folderPath(flags.path || type)
    const options = new Map<string, Json>(asTexts(await parseData(args.slice(1), input)))
    const api = await client()
    const body = new OrderedMap([
      ['type', type],
      ['description', flags.description],
      ['options', options],
      ['local', flags.local],
    ])
    await attempt('Error enabling audit device', () =>
      api.request('PUT', `sys/audit/${path}`, { body }),
    )
    ui.out(`Success! Enabled the ${type} audit device at: ${path}`)
    return 0
  },
})

export const auditDisable = defineCommand({
  name: 'audit disable',
  synopsis: 'Disable an audit device',
  usage: '[options] PATH',
  about: ['Disables a device. What it recorded stays where it is.'],
  examples: [{ does: 'Disable the device at file/:', run: ['{} audit disable file/'] }],
  output: [],
  arity: ONE_ARGUMENT,
  completes: ['audits'],
  async run({ ui, args, client }) {
    const path = folderPath(barePath(args[0]!))
    const api = await client()
    await attempt('Error disabling audit device', () => api.request('DELETE', `sys/audit/${path}`))
    ui.out(`Success! Disabled audit device (if it was enabled) at: ${path}`)
    return 0
  },
})

const DEVICE: Shape = [
  ['type', ''],
  ['description', ''],
  ['options', null],
  ['local', false],
  ['path', ''],
]

function devicesOf(data: JsonMap | null): Map<string, JsonMap> {
  const out = new Map<string, JsonMap>()
  for (const path of [...(data?.keys() ?? [])].sort(compareUtf8)) {
    const device = mapOf(data, path)
    if (device?.has('type')) out.set(path, shaped(device, DEVICE))
  }
  return out
}

function detailed(devices: ReadonlyMap<string, JsonMap>): string {
  const head = ['Path', 'Type', 'Description', 'Replication', 'Options']
  const rows = [...devices].map(([path, device]) => [
    path,
    textOf(device, 'type'),
    textOf(device, 'description'),
    device.get('local') === true ? 'local' : 'replicated',
    [...(mapOf(device, 'options') ?? [])]
      .map(([name, value]) => `${name}=${formatValue(value)}`)
      .sort(compareUtf8)
      .join(' '),
  ])
  return formatTable([head, ...rows])
}

export const auditList = defineCommand({
  name: 'audit list',
  synopsis: 'List the audit devices',
  usage: '[options]',
  about: ['Lists the enabled audit devices. The exit code is 2 where there are none.'],
  examples: [{ does: 'With their options:', run: ['{} audit list -detailed'] }],
  flags: { detailed: booleanFlag('Show the options of each device.') },
  async run({ ui, flags, client }) {
    const api = await client()
    const answer = await attempt('Error listing audits', () => api.read('sys/audit'))
    const devices = devicesOf(answer?.data ?? null)
    if (ui.format !== 'table') return outputData(ui, devices)
    if (devices.size === 0) {
      ui.out('No audit devices are enabled.')
      return 2
    }
    if (flags.detailed) ui.out(detailed(devices))
    else {
      const rows = [...devices.values()].map((device) => [
        textOf(device, 'path'),
        textOf(device, 'type'),
        textOf(device, 'description'),
      ])
      ui.out(formatTable([['Path', 'Type', 'Description'], ...rows]))
    }
    return 0
  },
})
