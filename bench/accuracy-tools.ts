// The scanners whose accuracy is compared, each run over the same files; all give lines on which they found something.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import type { Tier } from '../src/scan/finding.ts'
import { createDetector } from '../src/scan/match/create-detector.ts'
import { defaultConfig } from '../src/scan/rules/default-config.ts'

export interface FoundLine {
  readonly file: string
  readonly from: number
  readonly to: number
  readonly rule: string
  readonly tier: Tier
  readonly secret: string
}

/** Rules and readers over each file, in this process. */
export function scanWithOurs(folder: string, files: readonly string[]): FoundLine[] {
  const detector = createDetector(defaultConfig(), {
    compat: false,
    maxDecodeDepth: 2,
    ignoreAllowComments: true,
    baselinePath: '',
  })
  const found: FoundLine[] = []
  for (const file of files) {
    const bytes = readFileSync(join(folder, file))
    const place = { path: file, symlink: '', startLine: 1, commit: null, kind: 'dir' as const }
    for (const one of detector.detect({ bytes, ...place })) {
      const { startLine: from, endLine: to, ruleId: rule, tier, secret } = one
      found.push({ file, from, to, rule, tier, secret })
    }
  }
  return found
}

/** Runs a program that writes a JSON report to a file of its own. */
function report<T>(command: string, args: (file: string) => string[], isExpected: number[]): T {
  const temporary = mkdtempSync(join(tmpdir(), 'accuracy-'))
  try {
    const file = join(temporary, 'report.json')
    try {
      execFileSync(command, args(file), { stdio: 'ignore', maxBuffer: 1 << 28 })
    } catch (error) {
      const { status } = error as { status?: number | null }
      if (!isExpected.includes(status ?? -1)) throw error
    }
    return JSON.parse(readFileSync(file, 'utf8')) as T
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

interface GitleaksFinding {
  readonly File: string
  readonly StartLine: number
  readonly EndLine: number
  readonly RuleID: string
  readonly Secret: string
}

export function scanWithGitleaks(command: string, folder: string): FoundLine[] {
  const args = (file: string): string[] => [
    ...['dir', join(folder, 'data'), '--report-format', 'json', '--report-path', file],
    ...['--no-banner', '--log-level', 'error'],
  ]
  return report<GitleaksFinding[]>(command, args, [1]).map((one) => ({
    file: relative(folder, one.File),
    from: one.StartLine,
    to: one.EndLine,
    rule: one.RuleID,
    tier: 'high',
    secret: one.Secret,
  }))
}

interface SweeperFinding {
  readonly rule: string
  readonly line_data_list: readonly {
    readonly path: string
    readonly line_num: number
    readonly value: string
  }[]
}

/** `command` may be a report that it wrote before: it takes minutes. */
export function scanWithCredSweeper(command: string, folder: string): FoundLine[] {
  const args = (file: string): string[] => ['--path', join(folder, 'data'), '--save-json', file]
  const findings = command.endsWith('.json')
    ? (JSON.parse(readFileSync(command, 'utf8')) as SweeperFinding[])
    : report<SweeperFinding[]>(command, args, [0])
  return findings.flatMap((one) =>
    one.line_data_list.map((line) => ({
      file: relative(folder, line.path),
      from: line.line_num,
      to: line.line_num,
      rule: one.rule,
      tier: 'high' as const,
      secret: line.value,
    })),
  )
}
