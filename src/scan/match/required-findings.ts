// Composite rules: a finding stands only where each required rule found something too, near enough to it.
import type { Finding, RequiredFinding } from '../finding.ts'
import type { RequiredRule } from '../rule.ts'

/** The findings that have all their components; `found` has what each required rule found, by its id. */
export function withComponents(
  findings: readonly Finding[],
  required: readonly RequiredRule[],
  found: ReadonlyMap<string, readonly Finding[]>,
): Finding[] {
  const whole: Finding[] = []
  for (const finding of findings) {
    const components: RequiredFinding[] = []
    const seen = new Set<string>()
    for (const rule of required) {
      for (const other of found.get(rule.ruleId) ?? []) {
        if (!isNear(finding, other, rule)) continue
        components.push(componentOf(other))
        seen.add(rule.ruleId)
      }
    }
    if (components.length > 0 && required.every((rule) => seen.has(rule.ruleId))) {
      whole.push({ ...finding, required: components })
    }
  }
  return whole
}

function isNear(finding: Finding, other: Finding, rule: RequiredRule): boolean {
  const lines = Math.abs(finding.startLine - other.startLine)
  const columns = Math.abs(finding.startColumn - other.startColumn)
  return (
    (rule.withinLines === null || lines <= rule.withinLines) &&
    (rule.withinColumns === null || columns <= rule.withinColumns)
  )
}

function componentOf(finding: Finding): RequiredFinding {
  const { ruleId, startLine, endLine, startColumn, endColumn, line, match, secret } = finding
  return { ruleId, startLine, endLine, startColumn, endColumn, line, match, secret }
}
