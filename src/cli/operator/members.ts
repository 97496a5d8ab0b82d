// operator members: the nodes of a cluster.
// API: sys/ha-status.
import { formatTable } from '../columns.ts'
import { defineCommand } from '../command.ts'
import type { JsonMap } from '../exact-json.ts'
import { attempt } from '../failure.ts'
import { formatValue } from '../go-format.ts'
import { outputData, result } from '../output.ts'
import { type Shape, shaped, textOf } from '../secret.ts'

const NODE: Shape = [
  ['hostname', ''],
  ['api_address', ''],
  ['cluster_address', ''],
  ['active_node', false],
  ['last_echo', null],
  ['version', ''],
  ['upgrade_version', undefined],
]
const HEAD = ['Host Name', 'API Address', 'Cluster Address', 'Active Node', 'Version']

export const operatorMembers = defineCommand({
  name: 'operator members',
  synopsis: 'List the nodes of the cluster',
  usage: '[options]',
  about: ['Lists the nodes of the cluster that the server belongs to.'],
  examples: [{ does: 'List them:', run: ['{} operator members'] }],
  async run({ ui, client }) {
    const api = await client()
    const answer = await attempt('', () => api.json('GET', 'sys/ha-status'))
    const list = answer.get('nodes') ?? (answer.get('data') as JsonMap | undefined)?.get('nodes')
    const nodes = (Array.isArray(list) ? list : [])
      .filter((node) => node instanceof Map)
      .map((node) => shaped(node, NODE))
    if (ui.format !== 'table') return outputData(ui, result({ Nodes: nodes }))
    const rows = nodes.map((node) => [
      textOf(node, 'hostname'),
      textOf(node, 'api_address'),
      textOf(node, 'cluster_address'),
      formatValue(node.get('active_node')),
      textOf(node, 'version'),
      textOf(node, 'upgrade_version'),
      textOf(node, 'last_echo').replace(/\.\d+/, ''),
    ])
    ui.out(formatTable([[...HEAD, 'Upgrade Version', 'Last Echo'], ...rows]))
    return 0
  },
})
