// gitleaks' JUnit report: one suite, one failed case for each finding, escaped as Go's encoding/xml escapes.
import { jsonTree } from './json-writer.ts'
import { findingTree, type ReportedFinding } from './reported-finding.ts'

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
}

const REPLACEMENT = '\xef\xbf\xbd'
/** A character of UTF-8 that XML allows, or one byte that is none. */
const RUNE = new RegExp(
  [
    '[\\t\\n\\r\\x20-\\x7f]',
    '[\\xc2-\\xdf][\\x80-\\xbf]',
    '\\xe0[\\xa0-\\xbf][\\x80-\\xbf]',
    '[\\xe1-\\xec\\xee][\\x80-\\xbf]{2}',
    '\\xed[\\x80-\\x9f][\\x80-\\xbf]',
    '\\xef(?:[\\x80-\\xbe][\\x80-\\xbf]|\\xbf[\\x80-\\xbd])',
    '\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}',
    '[\\xf1-\\xf3][\\x80-\\xbf]{3}',
    '\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2}',
    // U+FFFE and U+FFFF are characters, which XML doesn't allow: one mark for all three bytes.
    '(\\xef\\xbf[\\xbe\\xbf]|[^])',
  ].join('|'),
  'g',
)

/** A byte string for the text or an attribute of an element. */
export function xmlText(text: string): string {
  return text.replace(RUNE, (rune, bad: string | undefined) =>
    bad === undefined ? (ESCAPES[rune] ?? rune) : REPLACEMENT,
  )
}

function message({ finding }: ReportedFinding): string {
  const place = `${finding.ruleId} has detected a secret in file ${finding.file}, line ${finding.startLine}`
  return finding.commit?.sha ? `${place}, at commit ${finding.commit.sha}.` : `${place}.`
}

export function* junitReport(findings: readonly ReportedFinding[]): Generator<string> {
  const count = findings.length
  yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'
  yield `\t<testsuite failures="${count}" name="gitleaks" tests="${count}" time="">`
  for (const reported of findings) {
    const { finding } = reported
    const about = xmlText(finding.description)
    const words = xmlText(message(reported))
    const data = xmlText(jsonTree(findingTree(reported), '\t'))
    yield `\n\t\t<testcase classname="${about}" file="${xmlText(finding.file)}" name="${words}" time="">`
    yield `\n\t\t\t<failure message="${words}" type="${about}">${data}</failure>`
    yield '\n\t\t</testcase>'
  }
  yield `${count > 0 ? '\n\t' : ''}</testsuite>\n</testsuites>`
}
