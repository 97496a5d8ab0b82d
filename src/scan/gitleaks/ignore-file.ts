// .gitleaksignore: fingerprints of findings to be left out, one a line, "#" before comments. `file:rule:line` counts in
// every commit, `commit:file:rule:line` in that one.
import type { Finding } from '../finding.ts'
import { gitleaksFingerprint, globalFingerprint } from '../report/reported-finding.ts'

export class IgnoreList {
  private readonly fingerprints = new Set<string>()

  /** Adds the lines of a file (byte strings); answers those that are no fingerprints, which count all the same. */
  add(text: string): string[] {
    const invalid: string[] = []
    for (const raw of text.split('\n')) {
      const line = trimSpace(raw)
      if (line === '' || line.startsWith('#')) continue
      const parts = line.split(':')
      const path = parts.length === 3 ? 0 : parts.length === 4 ? 1 : -1
      if (path < 0) invalid.push(line)
      else parts[path] = parts[path]!.replaceAll('\\', '/')
      this.fingerprints.add(parts.join(':'))
    }
    return invalid
  }

  get size(): number {
    return this.fingerprints.size
  }

  /** The fingerprint by which a finding is ignored; null where it isn't. */
  match(finding: Finding): string | null {
    if (this.fingerprints.size === 0) return null
    const global = globalFingerprint(finding)
    if (this.fingerprints.has(global)) return global
    if (!finding.commit?.sha) return null
    const full = gitleaksFingerprint(finding)
    return this.fingerprints.has(full) ? full : null
  }
}

const SPACE =
  '(?:[\\t\\n\\v\\f\\r ]|\\xc2[\\x85\\xa0]|\\xe1\\x9a\\x80|\\xe2\\x80[\\x80-\\x8a\\xa8\\xa9\\xaf]|\\xe2\\x81\\x9f|\\xe3\\x80\\x80)'
const AT_START = new RegExp(`^${SPACE}+`)
const AT_END = new RegExp(`${SPACE}$`)

/** Go's strings.TrimSpace on a byte string. */
export function trimSpace(text: string): string {
  let out = text.replace(AT_START, '')
  while (AT_END.test(out)) out = out.replace(AT_END, '')
  return out
}
