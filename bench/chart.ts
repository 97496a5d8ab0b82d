// The bar chart of docs/benchmarks.md: requests per CPU second, one group for each operation, one bar
// for each server. Plain SVG that reads on a light and on a dark page.
import type { Figure } from './measure.ts'
import { measuredNames, measuredTitle, type Report, seriesOf, whole } from './report.ts'

const WIDTH = 860
const LABEL_WIDTH = 300
const BAR_HEIGHT = 18
const BAR_GAP = 4
const GROUP_GAP = 34
const VALUE_WIDTH = 90
const COLOURS = ['#2f6fb0', '#5b9bd5', '#1c4a78', '#8fbce6', '#123250']
const PEER_COLOURS = ['#b8863b', '#8c8c8c', '#7a5ea8']

export function chartSvg(report: Report): string {
  const series = [...new Set(report.figures.map(seriesOf))]
  const colours = colourOf(series, report.figures)
  const parts: string[] = []
  let y = 44
  for (const name of measuredNames) {
    const figures = report.figures.filter((figure) => figure.operation === name)
    if (figures.length === 0) continue
    const most = Math.max(...figures.map((figure) => figure.perCpuSecond.max))
    parts.push(text(0, y, measuredTitle(name), 'font-weight="600"'))
    y += 10
    for (const figure of figures) {
      parts.push(bar(figure, y, most, colours.get(seriesOf(figure))!))
      y += BAR_HEIGHT + BAR_GAP
    }
    y += GROUP_GAP
  }
  const height = y - GROUP_GAP + 12
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Requests per CPU second">
<style>text{font:13px system-ui,sans-serif;fill:#24292f}@media(prefers-color-scheme:dark){text{fill:#d7dde3}}</style>
${text(0, 16, 'Requests per CPU second of the server (median; the line shows lowest to highest)', 'font-weight="600"')}
${parts.join('\n')}
</svg>
`
}

function bar(figure: Figure, y: number, most: number, colour: string): string {
  const scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / most
  const { median, min, max } = figure.perCpuSecond
  const middle = y + BAR_HEIGHT / 2
  const at = (value: number): string => (LABEL_WIDTH + value * scale).toFixed(1)
  return [
    text(0, middle + 4, seriesOf(figure)),
    `<rect x="${LABEL_WIDTH}" y="${y}" width="${(median * scale).toFixed(1)}" height="${BAR_HEIGHT}" rx="2" fill="${colour}"/>`,
    `<path d="M${at(min)} ${middle}H${at(max)}" stroke="#d0453b" stroke-width="2"/>`,
    text(LABEL_WIDTH + max * scale + 6, middle + 4, whole(median)),
  ].join('\n')
}

function colourOf(series: readonly string[], figures: readonly Figure[]): Map<string, string> {
  const colours = new Map<string, string>()
  const peers = new Set(
    figures.filter((figure) => figure.workers === null).map((figure) => seriesOf(figure)),
  )
  let own = 0
  let peer = 0
  for (const name of series) {
    const colour = peers.has(name)
      ? PEER_COLOURS[peer++ % PEER_COLOURS.length]
      : COLOURS[own++ % COLOURS.length]
    colours.set(name, colour!)
  }
  return colours
}

const text = (x: number, y: number, content: string, attributes = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y}" ${attributes}>${escaped(content)}</text>`

const escaped = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
