// sys/metrics: the figures of all processes of this host, for Prometheus or as JSON. Served while sealed too
// where the configuration lets callers in without a token. Source: Vault's API page "sys/metrics".
import { sealed } from '../../base/errors.ts'
import { stringifyJson } from '../../base/json.ts'
import { string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import { addUp, type Metric } from '../metrics/metric.ts'
import { PROMETHEUS_TYPE, prometheusText } from '../metrics/prometheus-text.ts'
import { vaultMetricsJson } from '../metrics/vault-metrics-json.ts'
import type { CoreContext } from '../request-context.ts'
import { countRotations } from '../rotations/rotation-lists.ts'
import { metricsOfHost } from './host-wide.ts'
import { assertMayRead } from './open-rows.ts'

const { read } = endpoints<CoreContext>()

/** More irrevocable leases than this are shown as this many: the count must stay cheap. */
const MOST_COUNTED = 1000

/** What is the store's and not a process's, so that it must not be added up. */
async function storeMetrics(ctx: CoreContext): Promise<Metric[]> {
  const gauge = (name: string, about: string, value: number, labels = {}): Metric => ({
    kind: 'gauge',
    name,
    about,
    labels,
    value,
  })
  const { host } = ctx
  const stats = Object.entries(host.backend.stats?.() ?? {}).map(([name, value]) =>
    gauge(`strongroom.storage.${snakeCase(name)}`, 'A figure of the storage backend.', value),
  )
  const isOpen = host.core !== null
  const state = [
    gauge('vault.core.unsealed', '1 while unsealed.', isOpen ? 1 : 0),
    gauge('vault.core.active', '1: every node is active.', isOpen ? 1 : 0),
  ]
  if (!isOpen) return [...stats, ...state]
  const { mounts } = await ctx.view.table(ctx.place.namespace)
  const auths = mounts.filter(({ record }) => record.class === 'auth').length
  const about = 'Mounts of the root namespace.'
  const irrevocable = await ctx.core.leases.irrevocable(ctx.place.namespace.id, {
    limit: MOST_COUNTED,
  })
  const byMount = new Map<string, number>()
  for (const { mountId } of irrevocable) byMount.set(mountId, (byMount.get(mountId) ?? 0) + 1)
  const paths = new Map(mounts.map(({ record }) => [record.id, record.path]))
  const rotations = await countRotations(ctx.core.storage, ctx.clock.now())
  const keys = await host.barrier.keyStatus()
  return [
    ...stats,
    ...state,
    gauge('vault.core.mount_table.num_entries', about, auths, { type: 'auth' }),
    gauge('vault.core.mount_table.num_entries', about, mounts.length - auths, { type: 'logical' }),
    gauge(
      'vault.expire.num_irrevocable_leases',
      'Irrevocable leases of the root namespace, at most 1000.',
      irrevocable.length,
    ),
    ...[...byMount].map(([id, count]) =>
      gauge('strongroom.lease.irrevocable', 'The same by mount.', count, {
        mount: paths.get(id) ?? id,
      }),
    ),
    gauge(
      'strongroom.rotation.overdue',
      'Secrets of all namespaces that should have rotated by now, at most 10000.',
      rotations.overdue,
    ),
    gauge(
      'strongroom.rotation.failing',
      'Secrets of all namespaces whose last rotation failed, at most 10000.',
      rotations.failing,
    ),
    gauge('vault.barrier.estimated_encryptions', 'Uses of the newest key.', keys.encryptions, {
      term: String(keys.term),
    }),
  ]
}

const snakeCase = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

export const metricsEndpoints: readonly Row<CoreContext>[] = [
  read('metrics', {
    about: 'Figures of the server.',
    auth: 'none',
    whenSealed: true,
    rootOnly: true,
    effects: false,
    envelope: 'none',
    input: { format: string('prometheus, or json.', { default: '' }) },
    handle: async (ctx, { format }): Promise<Answer> => {
      const isOpen = ctx.host.settings.unauthenticatedMetrics
      if (!isOpen && ctx.host.core === null) throw sealed()
      assertMayRead(ctx, isOpen)
      const wantsText = /openmetrics|version=0\.0\.4/.test(ctx.client.header('accept') ?? '')
      const wanted = format === '' && wantsText ? 'prometheus' : format
      if (wanted !== '' && wanted !== 'json' && wanted !== 'prometheus') {
        const words = `metric response format ${JSON.stringify(format)} unknown`
        return rawText(400, 'text/plain', words)
      }
      const { host } = ctx
      const metrics = addUp([...(await metricsOfHost(host)), await storeMetrics(ctx)])
      if (wanted === 'prometheus') return rawText(200, PROMETHEUS_TYPE, prometheusText(metrics))
      const times = { nowMs: ctx.clock.now(), startedAtMs: host.startedAtMs }
      const text = `${stringifyJson(vaultMetricsJson(metrics, times))}\n`
      return rawText(200, 'application/json', text)
    },
  }),
]

/** As bytes: figures have no place in the audit log, where a text body would be kept. */
const rawText = (status: number, type: string, text: string): Answer => ({
  raw: {
    status,
    headers: ['Content-Type', type, 'Cache-Control', 'no-store'],
    body: Buffer.from(text),
  },
})
