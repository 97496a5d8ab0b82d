// Of a generic rule and one that knows what it found, on the same line, the generic one is silent about the same secret.
import type { Finding } from '../finding.ts'

const isGeneric = (ruleId: string): boolean => ruleId.toLowerCase().includes('generic')

/** Without what a generic rule found on a line where another rule found the same secret or one around it. */
export function preferSpecific(findings: Finding[]): Finding[] {
  if (!findings.some((finding) => isGeneric(finding.ruleId))) return findings
  // By line the secrets of rules that know: one line can hold thousands of findings.
  const specific = new Map<number, Set<string>>()
  for (const { ruleId, startLine, secret } of findings) {
    if (isGeneric(ruleId)) continue
    const secrets = specific.get(startLine) ?? new Set()
    specific.set(startLine, secrets.add(secret))
  }
  return findings.filter(({ ruleId, startLine, secret }) => {
    if (!isGeneric(ruleId)) return true
    const secrets = specific.get(startLine)
    if (!secrets) return true
    if (secrets.has(secret)) return false
    for (const other of secrets) if (other.includes(secret)) return false
    return true
  })
}

const MANIFEST = 'kubernetes-secret-yaml'
const MANIFEST_ENTRY = 'secret-manifest-base64'

/** Without matches over a manifest of which the reader told the entries, each for itself. */
export function preferEntries(findings: Finding[]): Finding[] {
  const entries = findings.filter(({ ruleId }) => ruleId === MANIFEST_ENTRY)
  if (entries.length === 0) return findings
  const lines = entries.map(({ startLine }) => startLine).sort((a, b) => a - b)
  return findings.filter(({ ruleId, startLine, endLine }) => {
    if (ruleId !== MANIFEST) return true
    const next = lines.find((line) => line >= startLine)
    return next === undefined || next > endLine
  })
}
