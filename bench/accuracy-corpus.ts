// A labelled corpus as CredData lays it out: `meta/*.csv` with a row for each value that someone judged, `data/` with the
// files. Lines without a label were never judged: findings there count neither for nor against, and are told apart.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface LabelledLine {
  readonly repository: string
  readonly file: string
  readonly from: number
  readonly to: number
  /** T a credential, F none, X a test value or an example that the labellers left open. */
  readonly truth: 'T' | 'F' | 'X'
  readonly category: string
}

export type Half = 'tuning' | 'held-out' | 'all'

/** What the labels call true and is no credential: names of things that happen to be random. */
const IDENTIFIERS = new Set(['UUID', 'Nonce', 'Salt', 'AWS S3 Bucket', 'Firebase Domain'])

/** The half a repository belongs to is decided by its id, before anything was looked at. */
export function halfOf(repository: string): Half {
  return Number.parseInt(repository.slice(-1), 16) % 2 === 0 ? 'tuning' : 'held-out'
}

/** Lines with one label each: of several values on a line a true one decides, then a false one. */
export function labelledLines(folder: string, half: Half): LabelledLine[] {
  const lines = new Map<string, LabelledLine>()
  for (const name of readdirSync(join(folder, 'meta')).sort()) {
    const repository = name.replace(/\.csv.*$/, '')
    if (!name.endsWith('.csv') || (half !== 'all' && halfOf(repository) !== half)) continue
    for (const one of rowsOf(repository, readFileSync(join(folder, 'meta', name), 'utf8'))) {
      const key = `${one.file}:${one.from}`
      const known = lines.get(key)
      if (known === undefined || rank(one) > rank(known)) lines.set(key, one)
    }
  }
  return [...lines.values()]
}

const rank = (line: LabelledLine): number => ({ T: 2, F: 1, X: 0 })[line.truth]

function rowsOf(repository: string, text: string): LabelledLine[] {
  const [head = '', ...rows] = text.trim().split(/\r?\n/)
  const columns = head.split(',')
  const at = (name: string): number => columns.indexOf(name)
  return rows.map((row) => {
    const fields = row.split(',')
    const category = fields[at('Category')] ?? ''
    const truth = fields[at('GroundTruth')] as LabelledLine['truth']
    const isIdentifier = category.split(':').every((word) => IDENTIFIERS.has(word))
    return {
      repository,
      file: fields[at('FilePath')] ?? '',
      from: Number(fields[at('LineStart')]),
      to: Number(fields[at('LineEnd')]),
      truth: truth === 'T' && isIdentifier ? 'X' : truth,
      category,
    }
  })
}
