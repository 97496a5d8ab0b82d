// `npm run bench -- --scanner-accuracy --corpus DIR`: recall and precision of the scanner on labelled public data, beside
// gitleaks and CredSweeper. The corpus is not part of the repository: docs/benchmarks.md tells how to get it. Its
// repositories are split in two: heuristics are tuned on one half, the other is measured once.
import { type Half, halfOf, type LabelledLine, labelledLines } from './accuracy-corpus.ts'
import {
  type FoundLine,
  scanWithCredSweeper,
  scanWithGitleaks,
  scanWithOurs,
} from './accuracy-tools.ts'

const helpText = `npm run bench -- --scanner-accuracy --corpus DIR [options]
  --corpus DIR         a folder with meta/*.csv and data/ as CredData's download_data.py makes them
  --half NAME          tuning, held-out or all           (tuning)
  --gitleaks FILE      the program to measure beside ours
  --credsweeper FILE   the program to measure beside ours, or a report (.json) that it wrote with --save-json
  --wrong              also print what was missed and what was found in error (tuning half alone)
`

interface Score {
  readonly name: string
  readonly recall: number
  readonly precision: number
  readonly truePositives: number
  readonly falsePositives: number
  readonly missed: number
  /** Findings on lines that nobody judged, and on lines that the labellers left open. */
  readonly unjudged: number
}

const value = (flag: string): string | null => {
  const at = process.argv.indexOf(flag)
  return at < 0 ? null : (process.argv[at + 1] ?? null)
}

function accuracy(): void {
  const corpus = value('--corpus')
  if (corpus === null) throw new Error(`--corpus is needed\n${helpText}`)
  const half = (value('--half') ?? 'tuning') as Half
  const labels = labelledLines(corpus, half)
  const files = [...new Set(labels.map((label) => label.file))]
  const ours = scanWithOurs(corpus, files)
  const inHalf = (found: readonly FoundLine[]): FoundLine[] =>
    found.filter(({ file }) => half === 'all' || halfOf(file.split('/')[1] ?? '') === half)
  const scores = [
    score(
      'ours, high',
      labels,
      ours.filter(({ tier }) => tier === 'high'),
    ),
    score(
      'ours, high and medium (default)',
      labels,
      ours.filter(({ tier }) => tier !== 'low'),
    ),
    score('ours, all tiers', labels, ours),
  ]
  const gitleaks = value('--gitleaks')
  if (gitleaks !== null)
    scores.push(score('gitleaks', labels, inHalf(scanWithGitleaks(gitleaks, corpus))))
  const sweeper = value('--credsweeper')
  if (sweeper !== null)
    scores.push(score('CredSweeper', labels, inHalf(scanWithCredSweeper(sweeper, corpus))))
  process.stdout.write(table(half, labels, scores))
  if (process.argv.includes('--wrong') && half === 'tuning') printWrong(labels, ours)
}

const keysOf = (found: readonly FoundLine[]): Set<string> => {
  const keys = new Set<string>()
  for (const one of found)
    for (let line = one.from; line <= Math.max(one.to, one.from); line++)
      keys.add(`${one.file}:${line}`)
  return keys
}

const isHit = (label: LabelledLine, keys: ReadonlySet<string>): boolean => {
  for (let line = label.from; line <= label.to; line++)
    if (keys.has(`${label.file}:${line}`)) return true
  return false
}

function score(name: string, labels: readonly LabelledLine[], found: readonly FoundLine[]): Score {
  const keys = keysOf(found)
  const starts = new Set(found.map((one) => `${one.file}:${one.from}`))
  let truePositives = 0
  let missed = 0
  let falsePositives = 0
  for (const label of labels) {
    if (label.truth === 'T') isHit(label, keys) ? truePositives++ : missed++
    else if (label.truth === 'F' && starts.has(`${label.file}:${label.from}`)) falsePositives++
    for (let line = label.from; line <= label.to; line++) starts.delete(`${label.file}:${line}`)
  }
  return {
    name,
    recall: truePositives / (truePositives + missed),
    precision: truePositives / (truePositives + falsePositives),
    ...{ truePositives, falsePositives, missed, unjudged: starts.size },
  }
}

function table(half: Half, labels: readonly LabelledLine[], scores: readonly Score[]): string {
  const credentials = labels.filter((label) => label.truth === 'T').length
  const repositories = new Set(labels.map((label) => label.repository)).size
  const rows = scores.map(
    (one) =>
      `| ${one.name} | ${one.recall.toFixed(3)} | ${one.precision.toFixed(3)} | ${one.truePositives} | ` +
      `${one.falsePositives} | ${one.missed} | ${one.unjudged} |`,
  )
  return [
    `${half}: ${repositories} repositories, ${labels.length} judged lines, ${credentials} with a credential`,
    '',
    '| scanner | recall | precision | true | false | missed | on lines not judged |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

function printWrong(labels: readonly LabelledLine[], ours: readonly FoundLine[]): void {
  const shown = ours.filter(({ tier }) => tier !== 'low')
  const keys = keysOf(shown)
  const judged = new Set(labels.map((label) => `${label.file}:${label.from}`))
  for (const one of shown)
    if (!judged.has(`${one.file}:${one.from}`))
      process.stdout.write(
        `UNJUDGED ${one.rule} ${one.file}:${one.from} ${one.secret.slice(0, 60)}\n`,
      )
  for (const label of labels) {
    const key = `${label.file}:${label.from}`
    if (label.truth === 'T' && !isHit(label, keys))
      process.stdout.write(`MISSED ${label.category} ${key}\n`)
    if (label.truth !== 'F') continue
    const wrong = shown.find((one) => `${one.file}:${one.from}` === key)
    if (wrong !== undefined)
      process.stdout.write(
        `FALSE ${wrong.rule} ${label.category} ${key} ${wrong.secret.slice(0, 60)}\n`,
      )
  }
}

if (process.argv.includes('--help')) process.stdout.write(helpText)
else accuracy()
