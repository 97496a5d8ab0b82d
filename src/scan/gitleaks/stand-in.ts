// Stand-ins for configuration, detector and sources until those of their own folders have landed.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'smol-toml'
import type { DetectorPool } from '../detector.ts'
import type { Finding } from '../finding.ts'
import type { Fragment } from '../fragment.ts'
import type { Rule, ScanConfig } from '../rule.ts'
import type { Source } from '../source.ts'

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

function entropyOf(text: string): number {
  const counts = new Map<string, number>()
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1)
  let sum = 0
  for (const count of counts.values()) sum -= (count / text.length) * Math.log2(count / text.length)
  return sum
}

export function createPool(config: ScanConfig): DetectorPool {
  const one = (fragment: Fragment): Finding[] => {
    const text = Buffer.from(fragment.bytes).toString('latin1')
    const out: Finding[] = []
    for (const rule of config.rules.values()) {
      for (const found of text.matchAll(new RegExp(rule.regex ?? '(?!)', 'g'))) {
        const before = text.slice(0, found.index)
        const line = before.split('\n').length - 1
        const lineStart = before.lastIndexOf('\n') + 1
        const lineEnd = text.indexOf('\n', found.index)
        const match = found[0].replace(/^\n+|\n+$/g, '')
        out.push({
          ruleId: rule.id,
          description: rule.description,
          tier: 'high',
          startLine: fragment.startLine + line,
          endLine: fragment.startLine + line,
          startColumn: found.index - lineStart + (line > 0 ? 2 : 1),
          endColumn: found.index - lineStart + match.length + (line > 0 ? 1 : 0),
          line: text.slice(Math.max(0, lineStart - 1), lineEnd < 0 ? text.length : lineEnd),
          match,
          secret: found[1] ?? match,
          entropy: entropyOf(found[1] ?? match),
          file: fragment.path,
          symlink: fragment.symlink,
          commit: fragment.commit,
          tags: rule.tags,
          required: [],
        })
      }
    }
    return out
  }
  return {
    detect: async (batch) => batch.flatMap(one),
    takeSkipped: () => [],
    inFlight: 2,
    close: async () => {},
  }
}

export function directorySource(root: string): Source {
  return {
    async *fragments() {
      const walk = function* (path: string): Generator<string> {
        if (!statSync(path).isDirectory()) yield path
        else for (const name of readdirSync(path).sort()) yield* walk(join(path, name))
      }
      for (const path of walk(root)) {
        yield [
          {
            bytes: readFileSync(path),
            path: Buffer.from(path).toString('latin1'),
            symlink: '',
            startLine: 1,
            commit: null,
            kind: 'dir',
          },
        ]
      }
    },
  }
}
