// Metrics as Vault's JSON: gauges, counters and samples. Figures count from the start of the server, not
// over the last ten seconds as Vault's do; rates are therefore means over that time.
import type { Data } from '../../sdk/answer.ts'
import type { Metric } from './metric.ts'

export function vaultMetricsJson(
  metrics: readonly Metric[],
  of: { readonly nowMs: number; readonly startedAtMs: number },
): Data {
  const seconds = Math.max(1, (of.nowMs - of.startedAtMs) / 1000)
  const gauges: Data[] = []
  const counters: Data[] = []
  const samples: Data[] = []
  for (const metric of metrics) {
    const { name: Name, labels: Labels } = metric
    switch (metric.kind) {
      case 'gauge':
        gauges.push({ Name, Value: metric.value, Labels })
        break
      case 'counter': {
        const { value } = metric
        counters.push({ Name, Count: value, Sum: value, Rate: value / seconds, Labels })
        break
      }
      case 'summary': {
        const { count: Count, sum: Sum, min: Min, max: Max } = metric
        const Mean = Count === 0 ? 0 : Sum / Count
        samples.push({ Name, Count, Sum, Min, Max, Mean, Rate: Sum / seconds, Labels })
        break
      }
      case 'histogram': {
        const Count = metric.counts.reduce((sum, count) => sum + count, 0)
        const Mean = Count === 0 ? 0 : metric.sum / Count
        samples.push({ Name, Count, Sum: metric.sum, Mean, Rate: metric.sum / seconds, Labels })
      }
    }
  }
  const Timestamp = `${new Date(of.nowMs).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`
  return { Timestamp, Gauges: gauges, Points: [], Counters: counters, Samples: samples }
}
