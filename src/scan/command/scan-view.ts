// What is seen while a scan runs: findings on standard output, progress and warnings on standard error.
import { Buffer } from 'node:buffer'
import type { Skipped, SourceProgress } from '../source.ts'
import { findingText } from './finding-text.ts'
import { ProgressLine } from './progress-line.ts'
import type { CommonValues } from './scan-flags.ts'
import type { Around, JudgedFinding } from './scan-session.ts'

/** Collects what was skipped for the summary. */
export class ScanView {
  readonly skipped: Skipped[] = []
  private readonly values: CommonValues
  private readonly around: Around
  private readonly line: ProgressLine | null
  private readonly isSilent: boolean
  private count = 0

  constructor(values: CommonValues, around: Around, counts: string, isSilent: boolean) {
    this.values = values
    this.around = around
    this.isSilent = isSilent
    const stderr = around.streams.stderr as NodeJS.WritableStream & { isTTY?: boolean }
    const isShown = stderr.isTTY === true && !values['no-progress'] && !values.quiet
    this.line = isShown
      ? new ProgressLine((text) => stderr.write(text), around.clock, counts)
      : null
  }

  found(judged: readonly JudgedFinding[]): void {
    const stdout = this.around.streams.stdout as NodeJS.WritableStream & { isTTY?: boolean }
    const isColored = stdout.isTTY === true && !this.values['no-color'] && !this.around.env.NO_COLOR
    for (const { finding, fingerprint, is, expires } of judged) {
      if (is === 'known') continue
      this.count++
      if (this.isSilent) continue
      this.line?.clear()
      const note = is === 'expired' ? `known until ${expires}` : ''
      const paint = { isColored, isShown: this.values['show-secrets'] }
      stdout.write(findingText(finding, fingerprint, note, paint))
    }
  }

  warn(text: string): void {
    if (this.values.quiet) return
    this.line?.clear()
    this.around.streams.stderr.write(Buffer.from(`warning: ${text}\n`, 'latin1'))
  }

  progress(done: SourceProgress): void {
    this.line?.update(done, this.count)
  }

  end(): void {
    this.line?.clear()
  }
}
