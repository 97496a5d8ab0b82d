// Stand-ins for configuration, detector and sources until those of their own folders have landed.
import { parse } from 'smol-toml'
import type { Rule, ScanConfig } from '../rule.ts'

export function parseConfig(text: string): ScanConfig {
  const data = parse(text) as { title?: string; rules?: Record<string, unknown>[] }
  const rules = new Map<string, Rule>()
  for (const rule of data.rules ?? []) {
    rules.set(rule.id as string, {
      id: rule.id as string,
      description: (rule.description as string) ?? '',
      tier: 'high',
      regex: (rule.regex as string) ?? null,
      path: null,
      secretGroup: (rule.secretGroup as number) ?? 0,
      entropy: 0,
      keywords: [],
      tags: (rule.tags as string[]) ?? [],
      allowlists: [],
      required: [],
      skipReport: false,
    })
  }
  return { title: data.title ?? '', path: '', rules, allowlists: [] }
}
