// The seal status as status and operator unseal print it, together with what the leader says of clustering.
// API: sys/seal-status and sys/leader, which both answer while sealed.
import type { Client } from './client.ts'
import { formatTable } from './columns.ts'
import { type JsonMap, OrderedMap } from './exact-json.ts'
import { Failure, messageOf, Preview } from './failure.ts'
import { formatValue } from './go-format.ts'
import { outputData } from './output.ts'
import { ResponseError } from './response-error.ts'
import { numberOf, type Shape, shaped, textOf, ZERO } from './secret.ts'
import type { Ui } from './ui.ts'

const SEAL: Shape = [
  ['type', ''],
  ['initialized', false],
  ['sealed', false],
  ['t', ZERO],
  ['n', ZERO],
  ['progress', ZERO],
  ['nonce', ''],
  ['version', ''],
  ['commit_date', ''],
  ['migration', false],
  ['cluster_name', undefined],
  ['cluster_id', undefined],
  ['recovery_seal', false],
  ['recovery_seal_type', undefined],
  ['storage_type', undefined],
  ['warnings', undefined],
  ['build_date', ''],
]

const LEADER: Shape = [
  ['ha_enabled', false],
  ['is_self', undefined],
  ['active_time', undefined],
  ['leader_address', undefined],
  ['leader_cluster_address', undefined],
  ['raft_committed_index', undefined],
  ['raft_applied_index', undefined],
]

async function leaderOf(client: Client): Promise<JsonMap> {
  try {
    return await client.json('GET', 'sys/leader')
  } catch (error) {
    if (error instanceof Preview) throw error
    // A sealed node can't say who leads, which means that there may be one.
    if (error instanceof ResponseError && /sealed/i.test(error.message)) {
      return new OrderedMap([['ha_enabled', true]])
    }
    throw new Failure(1, `Error checking leader status: ${messageOf(error)}`)
  }
}

function sealRows(status: JsonMap): string[][] {
  const text = (name: string): string => formatValue(status.get(name))
  const isRecovery = status.get('recovery_seal') === true
  const rows = [['Seal Type', text('type')]]
  if (isRecovery) rows.push(['Recovery Seal Type', textOf(status, 'recovery_seal_type')])
  rows.push(['Initialized', text('initialized')], ['Sealed', text('sealed')])
  rows.push([`Total ${isRecovery ? 'Recovery ' : ''}Shares`, text('n')], ['Threshold', text('t')])
  if (status.get('sealed') === true) {
    rows.push(['Unseal Progress', `${text('progress')}/${text('t')}`])
    rows.push(['Unseal Nonce', text('nonce')])
  }
  if (status.get('migration') === true) rows.push(['Seal Migration in Progress', 'true'])
  const optional: readonly (readonly [string, string])[] = [
    ['Version', 'version'],
    ['Commit Date', 'commit_date'],
    ['Storage Type', 'storage_type'],
  ]
  for (const [head, name] of optional) {
    if (textOf(status, name)) rows.push([head, textOf(status, name)])
  }
  if (textOf(status, 'cluster_name') && textOf(status, 'cluster_id')) {
    rows.push(['Cluster Name', text('cluster_name')], ['Cluster ID', text('cluster_id')])
  }
  return rows
}

function clusterRows(status: JsonMap): string[][] {
  const isEnabled = status.get('ha_enabled') === true
  const rows = [['HA Enabled', String(isEnabled)]]
  if (isEnabled && status.get('sealed') !== true) {
    const isSelf = status.get('is_self') === true
    rows.push(['HA Cluster', textOf(status, 'leader_cluster_address')])
    rows.push(['HA Mode', isSelf ? 'active' : 'standby'])
    const since = textOf(status, 'active_time')
    if (isSelf && since !== '') rows.push(['Active Since', since])
    const leader = textOf(status, 'leader_address')
    if (!isSelf && leader !== '') rows.push(['Active Node Address', leader])
  }
  if (numberOf(status, 'raft_committed_index') > 0) {
    rows.push(['Raft Committed Index', formatValue(status.get('raft_committed_index'))])
  }
  if (numberOf(status, 'raft_applied_index') > 0) {
    rows.push(['Raft Applied Index', formatValue(status.get('raft_applied_index'))])
  }
  return rows
}

/** Prints a seal status; the result is the exit code. */
export async function printSealStatus(ui: Ui, client: Client, status: JsonMap): Promise<number> {
  const leader = await leaderOf(client)
  if (textOf(leader, 'active_time').startsWith('0001-')) leader.delete('active_time')
  const all = new OrderedMap([...shaped(status, SEAL), ...shaped(leader, LEADER)])
  if (ui.format !== 'table') return outputData(ui, all)
  ui.out(formatTable([['Key', 'Value'], ...sealRows(all), ...clusterRows(all)]))
  return 0
}
