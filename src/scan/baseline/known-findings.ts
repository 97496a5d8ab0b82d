// Which findings a baseline knows: by our fingerprint or by those of gitleaks. An entry that has expired hides nothing;
// entries that no finding used can be pruned.
import { fromByteString } from '../../template/byte-strings.ts'
import type { Finding } from '../finding.ts'
import { gitleaksFingerprint, globalFingerprint } from '../report/reported-finding.ts'
import type { BaselineEntry } from './baseline-file.ts'

export type Verdict =
  | { readonly is: 'new' }
  | { readonly is: 'known' | 'expired'; readonly entry: BaselineEntry }

export class KnownFindings {
  private readonly byFingerprint = new Map<string, BaselineEntry>()
  private readonly used = new Set<BaselineEntry>()
  private readonly today: string

  /** `nowMs` is the wall clock in milliseconds. */
  constructor(entries: readonly BaselineEntry[], nowMs: number) {
    this.today = new Date(nowMs).toISOString().slice(0, 10)
    for (const entry of entries) {
      const former = this.byFingerprint.get(entry.fingerprint)
      // Of two entries for one thing the one that lasts longer counts.
      if (!former || lasts(entry) > lasts(former)) this.byFingerprint.set(entry.fingerprint, entry)
    }
  }

  judge(finding: Finding, fingerprint: string): Verdict {
    const names = [
      fingerprint,
      fromByteString(gitleaksFingerprint(finding)),
      fromByteString(globalFingerprint(finding)),
    ]
    let expired: BaselineEntry | null = null
    for (const name of names) {
      const entry = this.byFingerprint.get(name)
      if (!entry) continue
      this.used.add(entry)
      if (entry.expires === '' || entry.expires >= this.today) return { is: 'known', entry }
      expired ??= entry
    }
    return expired ? { is: 'expired', entry: expired } : { is: 'new' }
  }

  wasUsed(entry: BaselineEntry): boolean {
    return this.used.has(entry)
  }
}

const lasts = (entry: BaselineEntry): string => entry.expires || '9999-12-31'
