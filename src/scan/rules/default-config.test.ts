// Every rule of ours: it finds its true examples and none of its false ones, through the detector and with all that
// belongs to it (words, entropy, allowlists).
import { describe, expect, it } from 'vitest'
import type { Finding } from '../finding.ts'
import { ByteRegexp } from '../match/byte-regexp.ts'
import { createDetector } from '../match/create-detector.ts'
import { READER_RULES } from '../readers/reader-rules.ts'
import { defaultConfig, defaultRules } from './default-config.ts'
import { examplesOf } from './rule-examples.ts'

const config = defaultConfig()

function find(id: string, text: string, path = 'settings.yaml'): Finding[] {
  const rules = new Map([[id, config.rules.get(id)!]])
  const options = { compat: false, maxDecodeDepth: 0, ignoreAllowComments: true, baselinePath: '' }
  return createDetector({ ...config, rules }, options).detect({
    ...{ bytes: Buffer.from(text, 'latin1'), path, symlink: '', startLine: 1 },
    ...{ commit: null, kind: 'dir' as const },
  })
}

/** Rules that look at some files only. */
const PATHS: Readonly<Record<string, string>> = {
  'hashicorp-tf-password': 'main.tf',
  'nuget-config-password': 'nuget.config',
  'freemius-secret-key': 'plugin.php',
}

describe('built-in rules', () => {
  it('are many, each with an id of its own', () => {
    expect(config.rules.size).toBe(defaultRules().length)
    expect(config.rules.size).toBeGreaterThan(480)
  })

  it.each(defaultRules().filter((rule) => rule.regex !== null))('$id', (rule) => {
    const { found, notFound } = examplesOf(rule)
    const path = PATHS[rule.id]
    expect(found.length).toBeGreaterThan(0)
    for (const text of found) expect(find(rule.id, `${text}\n`, path), text).not.toEqual([])
    for (const text of notFound) expect(find(rule.id, `${text}\n`, path), text).toEqual([])
  })

  it('run in V8, bar those that are known not to', () => {
    const slow = defaultRules().filter((rule) => rule.regex && !new ByteRegexp(rule.regex).isNative)
    expect(slow.map((rule) => rule.id)).toEqual(['kubernetes-secret-yaml'])
  })

  it('say what is to be done', () => {
    for (const rule of defaultRules()) expect(rule.rotate.length).toBeGreaterThan(30)
    for (const id of READER_RULES.keys()) expect(config.rules.has(id)).toBe(true)
  })
})
