// SARIF 2.1.0. For gitleaks the report is its own byte for byte; ours names this tool, levels by tier and, in
// partialFingerprints, our fingerprint, by which code hosts know a finding again after lines moved.
import { OWN_VERSION } from '../../base/version.ts'
import { toByteString } from '../../template/byte-strings.ts'
import type { Tier } from '../finding.ts'
import { type JsonTree, jsonTree } from './json-writer.ts'
import type { ReportedFinding } from './reported-finding.ts'

/** Texts, as rules have them. */
export interface SarifRule {
  readonly id: string
  readonly description: string
  readonly tier: Tier
}

const GITLEAKS_DRIVER = {
  name: 'gitleaks',
  semanticVersion: 'v8.0.0',
  informationUri: 'https://github.com/gitleaks/gitleaks',
}
const LEVELS: Readonly<Record<Tier, string>> = { high: 'error', medium: 'warning', low: 'note' }

function location({ finding, secret }: ReportedFinding): JsonTree {
  return {
    physicalLocation: {
      artifactLocation: { uri: finding.symlink === '' ? finding.file : finding.symlink },
      region: {
        startLine: finding.startLine,
        startColumn: finding.startColumn,
        endLine: finding.endLine,
        endColumn: finding.endColumn,
        snippet: { text: secret },
      },
    },
  }
}

function gitleaksResult(reported: ReportedFinding): JsonTree {
  const { finding } = reported
  const at = finding.commit?.sha ? ` at commit ${finding.commit.sha}` : ''
  return {
    message: { text: `${finding.ruleId} has detected secret for file ${finding.file}${at}.` },
    ruleId: finding.ruleId,
    locations: [location(reported)],
    partialFingerprints: {
      commitSha: finding.commit?.sha ?? '',
      email: finding.commit?.email ?? '',
      author: finding.commit?.author ?? '',
      date: finding.commit?.date ?? '',
      commitMessage: finding.commit?.message ?? '',
    },
    properties: { tags: finding.tags },
  }
}

function ownResult(reported: ReportedFinding): JsonTree {
  const { finding, ownFingerprint } = reported
  const at = finding.commit?.sha ? ` since commit ${finding.commit.sha}` : ''
  // Lines of a rule about paths count from 0, which SARIF doesn't have.
  const where = location(reported) as { readonly physicalLocation: Record<string, JsonTree> }
  const { artifactLocation, region } = where.physicalLocation
  const isPlaced = finding.startLine > 0
  return {
    ruleId: finding.ruleId,
    level: LEVELS[finding.tier],
    message: { text: `${finding.description} (${finding.file}${at})` },
    locations: [{ physicalLocation: { artifactLocation, region: isPlaced ? region : undefined } }],
    partialFingerprints:
      ownFingerprint === '' ? undefined : { 'strongroomSecret/v1': ownFingerprint },
    properties: {
      tags: finding.tags,
      tier: finding.tier,
      commit: finding.commit?.sha,
      author: finding.commit?.author,
      date: finding.commit?.date,
    },
  }
}

function gitleaksRule({ id, description }: SarifRule): JsonTree {
  return { id: toByteString(id), shortDescription: { text: toByteString(description) } }
}

function ownRule({ id, description, tier }: SarifRule): JsonTree {
  return {
    id: toByteString(id),
    shortDescription: { text: toByteString(description) },
    defaultConfiguration: { level: LEVELS[tier] },
  }
}

export function sarifReport(
  findings: readonly ReportedFinding[],
  rules: readonly SarifRule[],
  isCompat: boolean,
): string {
  const driver = isCompat
    ? GITLEAKS_DRIVER
    : { name: 'strongroom', semanticVersion: OWN_VERSION, informationUri: undefined }
  const tree: JsonTree = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { ...driver, rules: rules.map(isCompat ? gitleaksRule : ownRule) } },
        results: findings.map(isCompat ? gitleaksResult : ownResult),
      },
    ],
  }
  return `${jsonTree(tree, ' ')}\n`
}
