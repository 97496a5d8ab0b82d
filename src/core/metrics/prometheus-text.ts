// Metrics in the Prometheus text format, version 0.0.4.
import type { Labels, Metric } from './metric.ts'

export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** `metrics` in order of name, as addUp gives them. */
export function prometheusText(metrics: readonly Metric[]): string {
  const lines: string[] = []
  let last = ''
  for (const metric of metrics) {
    const name = metric.name.replace(/[^A-Za-z0-9_:]/g, '_')
    if (name !== last) {
      lines.push(`# HELP ${name} ${metric.about}`, `# TYPE ${name} ${metric.kind}`)
      last = name
    }
    addSamples(lines, name, metric)
  }
  return `${lines.join('\n')}\n`
}

function addSamples(lines: string[], name: string, metric: Metric): void {
  const { labels } = metric
  switch (metric.kind) {
    case 'gauge':
    case 'counter':
      lines.push(`${name}${labelText(labels)} ${metric.value}`)
      return
    case 'summary':
      lines.push(`${name}_sum${labelText(labels)} ${metric.sum}`)
      lines.push(`${name}_count${labelText(labels)} ${metric.count}`)
      return
    case 'histogram': {
      let count = 0
      metric.counts.forEach((value, at) => {
        count += value
        const le = String(metric.bounds[at] ?? '+Inf')
        lines.push(`${name}_bucket${labelText({ ...labels, le })} ${count}`)
      })
      lines.push(`${name}_sum${labelText(labels)} ${metric.sum}`)
      lines.push(`${name}_count${labelText(labels)} ${count}`)
    }
  }
}

function labelText(labels: Labels): string {
  const texts = Object.entries(labels).map(([name, value]) => {
    const text = value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')
    return `${name}="${text}"`
  })
  return texts.length === 0 ? '' : `{${texts.join(',')}}`
}
