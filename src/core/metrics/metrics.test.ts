import { describe, expect, it } from 'vitest'
import type { Mount } from '../mounts/mount-table.ts'
import { addUp, type Metric } from './metric.ts'
import { prometheusText } from './prometheus-text.ts'
import { RequestMetrics } from './request-metrics.ts'
import { vaultMetricsJson } from './vault-metrics-json.ts'

const mountAt = (path: string, namespace = ''): Mount =>
  ({ record: { path }, namespace: { id: 'root', path: namespace } }) as Mount

const read = (mount: Mount | null, isLogin = false) =>
  ({ operation: 'read', isCreate: false, mount, isLogin }) as const

describe('RequestMetrics', () => {
  it('counts by mount, operation and class of status, also when mounts are made anew', () => {
    const metrics = new RequestMetrics()
    metrics.done(read(mountAt('secret/')), 200, 0.4)
    metrics.done(read(mountAt('secret/')), 404, 3)
    metrics.done({ ...read(mountAt('a/', 'ns/')), operation: 'write', isCreate: true }, 204, 20)
    metrics.done(read(null), 403, 1)
    const text = prometheusText(addUp([metrics.metrics()]))
    const labels = (status: string) =>
      `{namespace="",mount="secret/",operation="read",status="${status}"}`
    expect(text).toContain(`strongroom_requests_total${labels('2xx')} 1\n`)
    expect(text).toContain(`strongroom_requests_total${labels('4xx')} 1\n`)
    expect(text).toContain('vault_route_read_secret__sum 3.4\nvault_route_read_secret__count 2\n')
    expect(text).toContain('vault_route_create_ns_a__count 1\n')
    expect(text).toContain('vault_core_handle_request_count 4\n')
    expect(text).toContain(
      'strongroom_request_duration_seconds_bucket{operation="read",le="0.0005"} 1\n',
    )
    expect(text).toContain(
      'strongroom_request_duration_seconds_bucket{operation="read",le="+Inf"} 3\n',
    )
    expect(text.match(/# TYPE strongroom_requests_total counter/g)).toHaveLength(1)
  })

  it('keeps a bound on what callers can make it remember', () => {
    const metrics = new RequestMetrics()
    for (let count = 0; count < 2100; count++) metrics.done(read(mountAt(`m${count}/`)), 200, 1)
    const paths = new Set(metrics.metrics().map((metric) => metric.labels.mount))
    expect(paths.size).toBeLessThan(2010)
    const rest = metrics.metrics().find((metric) => metric.labels.mount === 'others/')
    expect(rest).toMatchObject({ value: 100 })
  })
})

describe('metrics of several processes', () => {
  const summary = (count: number, sum: number, min: number, max: number): Metric => ({
    kind: 'summary',
    name: 'a.b',
    about: 'A.',
    labels: {},
    count,
    sum,
    min,
    max,
  })

  it('are added up', () => {
    const gauge = (worker: string, value: number): Metric => ({
      kind: 'gauge',
      name: 'c',
      about: 'C.',
      labels: { worker },
      value,
    })
    const sets = [
      [summary(0, 0, 0, 0), gauge('1', 5)],
      [summary(2, 6, 2, 4), gauge('2', 6)],
      [summary(1, 1, 1, 1), gauge('2', 7)],
    ]
    const all = addUp(sets)
    expect(all).toEqual([summary(3, 7, 1, 4), gauge('1', 5), gauge('2', 13)])
    const json = vaultMetricsJson(all, { nowMs: 100_000, startedAtMs: 90_000 })
    expect(json.Samples).toEqual([
      { Name: 'a.b', Count: 3, Sum: 7, Min: 1, Max: 4, Mean: 7 / 3, Rate: 0.7, Labels: {} },
    ])
    expect(json.Timestamp).toBe('1970-01-01 00:01:40 +0000 UTC')
  })

  it('have their labels written so that nothing breaks out of them', () => {
    const metric = { ...summary(1, 1, 1, 1), labels: { mount: 'a"b\\c\nd' } }
    expect(prometheusText([metric])).toContain('a_b_count{mount="a\\"b\\\\c\\nd"} 1\n')
  })
})
