// gitleaks' template report: Go's text/template with sprig over the list of findings. Functions that look at the
// environment or the network don't exist here, as in the original.
import { STRINGS } from '../../template/go-types.ts'
import { GoList, GoStruct, type GoValue } from '../../template/go-values.ts'
import { sprigFunctions } from '../../template/sprig.ts'
import { parseTemplate } from '../../template/template.ts'
import type { JsonTree } from './json-writer.ts'
import { findingTree, type ReportedFinding } from './reported-finding.ts'

/** A report is the user's own and may be long: a hundred thousand findings with all their fields. */
const TEMPLATE_STEPS = 2_000_000_000
const TEMPLATE_OUTPUT_BYTES = 400 * 1024 * 1024

const FINDING = { name: 'report.Finding', kind: 'struct' }
const FINDINGS = { name: '[]report.Finding', kind: 'slice', elem: FINDING }

function field(name: string, value: JsonTree | undefined): GoValue {
  if (Array.isArray(value)) return new GoList(STRINGS, value as readonly string[])
  if (typeof value === 'number') return name === 'Entropy' ? value : BigInt(value)
  return (value ?? '') as string
}

class FindingStruct extends GoStruct {
  override json(): GoValue {
    // Line has no place in JSON, and an empty link is left out.
    const shown = [...this.fields].filter(
      ([name, value]) => !HIDDEN.has(name) && (name !== 'Link' || value !== ''),
    )
    return new GoStruct(FINDING, new Map(shown))
  }
}
const HIDDEN = new Set(['Line', 'Fragment', 'requiredFindings'])

function goFinding(reported: ReportedFinding): GoValue {
  const fields = new Map<string, GoValue>()
  for (const [name, value] of Object.entries(findingTree(reported))) {
    fields.set(name, field(name, value))
    if (name === 'EndColumn') fields.set('Line', reported.line)
  }
  fields.set('Fragment', null)
  // Printed with the rest of the struct, as Go does.
  fields.set('requiredFindings', new GoList(FINDINGS, [], true))
  return new FindingStruct(FINDING, fields)
}

export type TemplateReport = (findings: readonly ReportedFinding[]) => Buffer

/** Throws TemplateError, in Go's words, for a template that can't be parsed; so does the report it answers. */
export function templateReport(text: string): TemplateReport {
  const limits = { steps: TEMPLATE_STEPS, outputBytes: TEMPLATE_OUTPUT_BYTES }
  const template = parseTemplate(text, { functions: sprigFunctions(), name: 'custom', limits })
  return (findings) => template.renderBytes(new GoList(FINDINGS, findings.map(goFinding)))
}
