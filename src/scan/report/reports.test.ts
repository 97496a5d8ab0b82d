// Reports: what is escaped, left out and redacted. Byte for byte they are compared in test/live/gitleaks-program.test.ts.
import { describe, expect, it } from 'vitest'
import type { Finding } from '../finding.ts'
import { csvReport } from './csv.ts'
import { gitlabReport } from './gitlab.ts'
import { float32, jsonList, jsonTree } from './json-writer.ts'
import { junitReport, xmlText } from './junit.ts'
import { findingTree, reportedFinding } from './reported-finding.ts'
import { sarifReport } from './sarif.ts'

const FINDING: Finding = {
  ruleId: 'r',
  description: 'A <rule>',
  tier: 'medium',
  ...{ startLine: 3, endLine: 4, startColumn: 1, endColumn: 9 },
  line: 'key = "s3c,ret"',
  match: 'key = "s3c,ret"',
  secret: 's3c,ret',
  entropy: 1.1,
  file: 'a b.txt',
  symlink: '',
  commit: {
    sha: 'a'.repeat(40),
    author: 'N',
    email: 'e',
    date: '2024-05-01T12:00:00Z',
    message: 'm\nn',
  },
  tags: ['t'],
  required: [],
}
const joined = (pieces: Iterable<string>): string => [...pieces].join('')
const TIMES = { startedAtMs: Date.UTC(2030, 0, 1), endedAtMs: Date.UTC(2030, 0, 1, 0, 0, 5) }

describe('texts', () => {
  it('of JSON and XML are UTF-8 whatever the bytes are', () => {
    expect(jsonTree(['a\xff<\xc3\xa9', { b: undefined, c: null }], ' ')).toBe(
      '[\n "a\\ufffd\\u003c\xc3\xa9",\n {\n  "c": null\n }\n]',
    )
    expect(xmlText(`a\xff\x01\xc3\xa9"'&<>\t\xef\xbf\xbe`)).toBe(
      'a\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9&#34;&#39;&amp;&lt;&gt;&#x9;\xef\xbf\xbd',
    )
    expect(joined(jsonList([], ' '))).toBe('[]')
    expect([float32(0.1), float32(4.0219283), float32(0), float32(3)]).toEqual([
      0.1, 4.0219283, 0, 3,
    ])
  })

  it('of CSV are quoted where they must be', () => {
    expect(joined(csvReport([]))).toBe('')
    const lines = joined(csvReport([reportedFinding(FINDING, 0)]))
    expect(lines).toContain(',"s3c,ret","key = ""s3c,ret""",3,4,1,9,N,"m\nn",')
    const link = reportedFinding(FINDING, 0, { link: 'l' })
    expect(joined(csvReport([link, link])).split('\n')[0]).toMatch(/,Link$/)
  })
})

describe('redaction', () => {
  it('takes the secret out of all that a report shows', () => {
    const reported = reportedFinding(FINDING, 100)
    const request = { ...TIMES, isCompat: false }
    for (const text of [
      joined(csvReport([reported])),
      joined(junitReport([reported])),
      sarifReport([reported], [], true),
      sarifReport([reported], [], false),
      gitlabReport([reported], request),
      jsonTree(findingTree(reported), ' '),
    ]) {
      expect(text).not.toContain('s3c,ret')
    }
    expect(reportedFinding({ ...FINDING, secret: '$&', match: 'a$&b' }, 100).match).toBe(
      'aREDACTEDb',
    )
  })
})

describe('our own reports', () => {
  const reported = reportedFinding(FINDING, 100, { ownFingerprint: 'sr1:r:0123456789' })

  it('carry fingerprints and levels in SARIF', () => {
    const rules = [{ id: 'r', description: 'd', tier: 'medium' as const }]
    const sarif = JSON.parse(sarifReport([reported], rules, false))
    const [{ tool, results }] = sarif.runs
    expect(tool.driver).toMatchObject({ name: 'strongroom', rules: [{ id: 'r' }] })
    expect(results[0]).toMatchObject({
      level: 'warning',
      partialFingerprints: { 'strongroomSecret/v1': 'sr1:r:0123456789' },
    })
    const path = reportedFinding({ ...FINDING, startLine: 0, endLine: 0 }, 0)
    const [result] = JSON.parse(sarifReport([path], rules, false)).runs[0].results
    expect(result.locations[0].physicalLocation.region).toBeUndefined()
  })

  it('have what GitLab asks for', () => {
    const report = JSON.parse(
      gitlabReport(
        [reported, reportedFinding({ ...FINDING, commit: null, startLine: 0 }, 100)],
        TIMES,
      ),
    )
    expect(report).toMatchObject({
      version: expect.stringMatching(/^15\.\d+\.\d+$/),
      scan: {
        type: 'secret_detection',
        status: 'success',
        start_time: '2030-01-01T00:00:00',
        end_time: '2030-01-01T00:00:05',
        scanner: {
          id: expect.any(String),
          name: expect.any(String),
          version: expect.any(String),
          vendor: { name: expect.any(String) },
        },
      },
    })
    const [first, second] = report.vulnerabilities
    expect(first).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/),
      severity: 'High',
      identifiers: [{ type: 'strongroom_rule_id', value: 'r' }],
      location: { file: 'a b.txt', start_line: 3, commit: { sha: 'a'.repeat(40) } },
    })
    expect(second.location).toMatchObject({ start_line: 1, commit: { sha: '0000000' } })
    expect(second.id).not.toBe(first.id)
  })
})
