// A finding on a terminal or in a log of CI: where, which rule, what the line holds with the secret masked. Bytes of the
// scanned text that would steer a terminal are shown as escapes.
import { Buffer } from 'node:buffer'
import type { Finding } from '../finding.ts'
import { redactedMatch } from '../redacted-match.ts'

const SHOWN_CHARS = 120
const LEAD_CHARS = 4
const LEAD_SHARE = 5

/** The start of a secret by which its owner knows it: at most 4 characters and a fifth of it. */
export function maskedSecret(secret: string): string {
  const lead = Math.min(LEAD_CHARS, Math.floor(secret.length / LEAD_SHARE))
  return `${secret.slice(0, lead)}[${secret.length - lead} more]`
}

/** A byte string as text that no terminal obeys. */
export function visibleText(bytes: string): string {
  const text = Buffer.from(bytes, 'latin1').toString('utf8')
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (char) => {
    if (char === '\n') return '\\n'
    if (char === '\t') return ' '
    return `\\u{${char.codePointAt(0)!.toString(16)}}`
  })
}

/** The match with its secret masked or not, on one line. */
export function matchText(finding: Finding, isShown: boolean): string {
  const { match, secret } = finding
  const masked = isShown ? match : redactedMatch(finding, maskedSecret(secret))
  const text = visibleText(masked.trim())
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text
}

export interface FindingPaint {
  readonly isColored: boolean
  readonly isShown: boolean
}

const COLORS = { high: 31, medium: 33, low: 36 }

/** Lines for one finding, each with a newline. `note` stands behind the rule, such as "expired 2026-01-31". */
export function findingText(
  finding: Finding,
  fingerprint: string,
  note: string,
  { isColored, isShown }: FindingPaint,
): string {
  const paint = (code: number, text: string): string =>
    isColored ? `\x1b[${code}m${text}\x1b[0m` : text
  const place = finding.startLine > 0 ? `:${finding.startLine}:${finding.startColumn}` : ''
  const where = `${visibleText(finding.file) || '(standard input)'}${place}`
  const head = [paint(1, where), paint(COLORS[finding.tier], finding.ruleId)]
  if (note !== '') head.push(`(${note})`)
  const lines = [head.join('  '), `    ${matchText(finding, isShown)}`]
  if (finding.description !== '') lines.push(`    ${paint(2, visibleText(finding.description))}`)
  if (finding.commit?.sha) {
    const { sha, author, date } = finding.commit
    lines.push(`    ${paint(2, `commit ${sha.slice(0, 12)}, ${visibleText(author)}, ${date}`)}`)
  }
  for (const one of finding.required) {
    lines.push(`    ${paint(2, `with ${one.ruleId} in line ${one.startLine}`)}`)
  }
  if (fingerprint !== '') lines.push(`    ${paint(2, fingerprint)}`)
  return `${lines.join('\n')}\n`
}
