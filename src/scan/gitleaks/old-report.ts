// A baseline of gitleaks: an old JSON report. A finding is known if it stands there with the same rule, place, commit,
// texts and entropy; under --redact the texts, which differ then, are not compared.
import { fromByteString, toByteString } from '../../template/byte-strings.ts'
import { findingTree, type ReportedFinding } from '../report/reported-finding.ts'

const TEXTS = ['RuleID', 'Description', 'File', 'Commit', 'Author', 'Email', 'Date', 'Message']
const NUMBERS = ['StartLine', 'EndLine', 'StartColumn', 'EndColumn']
const SECRETS = ['Match', 'Secret']

/** The file isn't a list of findings. */
export class OldReportError extends Error {
  override readonly name = 'OldReportError'
}

type Fields = Readonly<Record<string, unknown>>

function keyOf(fields: Fields, isRedacted: boolean): string {
  const names = isRedacted ? [...TEXTS, ...NUMBERS] : [...TEXTS, ...NUMBERS, ...SECRETS]
  return JSON.stringify([...names.map((name) => fields[name]), Math.fround(Number(fields.Entropy))])
}

export class OldReport {
  private readonly known = new Set<string>()
  private readonly isRedacted: boolean

  /** Reads a report's text. Throws OldReportError. */
  constructor(json: string, isRedacted: boolean) {
    this.isRedacted = isRedacted
    for (const entry of entriesOf(json)) this.known.add(keyOf(entry, isRedacted))
  }

  has(reported: ReportedFinding): boolean {
    if (this.known.size === 0) return false
    return this.known.has(keyOf(findingTree(reported), this.isRedacted))
  }
}

function entriesOf(json: string): Fields[] {
  let data: unknown
  try {
    data = JSON.parse(json)
  } catch {
    throw new OldReportError('no JSON')
  }
  if (data === null) return []
  if (!Array.isArray(data)) throw new OldReportError('no list')
  return data.map(entryOf)
}

/** Missing and null fields are empty; names of fields count in any case, as in Go. */
function entryOf(entry: unknown): Fields {
  const out: Record<string, unknown> = { Entropy: 0 }
  for (const name of TEXTS.concat(SECRETS)) out[name] = ''
  for (const name of NUMBERS) out[name] = 0
  if (entry === null) return out
  if (typeof entry !== 'object' || Array.isArray(entry)) throw new OldReportError('no finding')
  for (const [key, value] of Object.entries(entry)) {
    const name = Object.keys(out).find((one) => one.toLowerCase() === key.toLowerCase())
    if (name === undefined || value === null) continue
    if (typeof value !== typeof out[name])
      throw new OldReportError(`${fromByteString(name)} is of another type`)
    out[name] = typeof value === 'string' ? toByteString(value) : value
  }
  return out
}
