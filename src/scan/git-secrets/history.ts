// Which commits change a line that matches, as `git log --all -G` tells them, but without the patterns in argv (those
// of providers are secrets): the changed lines of all commits go through grep, and the numbers of those that match
// lead back to the commits.
import type { Readable } from 'node:stream'
import { ended, ignoreClosedPipe, startGit, startGrep } from './git.ts'

const LOG = [
  ...['log', '--all', '-p', '-U0', '--no-ext-diff', '--no-textconv', '--no-color'],
  '--format=%x00%H',
]
const NEWLINE = 10
const PLUS = 43
const MINUS = 45

/** Full names of the commits in the order of `git log --all`. */
export async function changedRevisions(patterns: string): Promise<readonly string[]> {
  const log = startGit(LOG, ['ignore', 'pipe', 'inherit'])
  const logEnded = ended(log, 'git')
  const grep = startGrep(['-anE'], patterns, [], 'pipe')
  const input = grep.stdin!.on('error', ignoreClosedPipe)
  const matched = matchedNumbers(grep.stdout)
  const lines = new ChangedLines()
  for await (const chunk of log.stdout!) {
    const out = lines.take(chunk as Buffer)
    if (out.length > 0 && !input.write(out) && !input.destroyed) {
      await new Promise((resolve) => {
        input.once('drain', resolve)
        input.once('close', resolve)
      })
    }
  }
  input.end()
  const code = await grep.code
  if (code > 1) throw new Error('a pattern is no expression that grep understands')
  const logCode = await logEnded
  if (logCode !== 0)
    throw new Error(`git log ended with ${logCode}: the history was not read whole`)
  return lines.commitsOf(await matched)
}

/** Line numbers in front of grep's output lines, ascending. */
async function matchedNumbers(output: Readable): Promise<number[]> {
  const numbers: number[] = []
  let value = 0
  let isNumber = true
  for await (const chunk of output) {
    for (const byte of chunk as Buffer) {
      if (byte === NEWLINE) {
        isNumber = true
        value = 0
      } else if (isNumber && byte >= 48 && byte <= 57) value = value * 10 + byte - 48
      else if (isNumber) {
        numbers.push(value)
        isNumber = false
      }
    }
  }
  return numbers
}

/** Reads `git log -p -U0` and keeps the text of added and removed lines, counting which commit has which. */
export class ChangedLines {
  private readonly commits: string[] = []
  /** The first line number of each commit. */
  private readonly starts: number[] = []
  private count = 0
  /** Lines of the hunk still to come. */
  private left = 0
  private rest: Buffer = Buffer.alloc(0)

  take(chunk: Buffer): Buffer {
    const data = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk
    const out: Buffer[] = []
    let at = 0
    for (;;) {
      const end = data.indexOf(NEWLINE, at)
      if (end < 0) break
      this.line(data, at, end, out)
      at = end + 1
    }
    this.rest = Buffer.from(data.subarray(at))
    return Buffer.concat(out)
  }

  private line(data: Buffer, at: number, end: number, out: Buffer[]): void {
    const first = data[at]
    if (this.left > 0 && (first === PLUS || first === MINUS)) {
      this.left--
      this.count++
      out.push(data.subarray(at + 1, end + 1))
    } else if (first === 0) {
      this.left = 0
      this.commits.push(data.toString('latin1', at + 1, end))
      this.starts.push(this.count + 1)
    } else if (first === 64 && this.left === 0) {
      const hunk = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(
        data.toString('latin1', at, Math.min(end, at + 80)),
      )
      if (hunk) this.left = Number(hunk[1] ?? 1) + Number(hunk[2] ?? 1)
    }
  }

  /** The commits that the given line numbers (ascending) belong to. */
  commitsOf(numbers: readonly number[]): readonly string[] {
    const out: string[] = []
    let at = 0
    for (let index = 0; index < this.commits.length; index++) {
      const next = this.starts[index + 1] ?? Number.POSITIVE_INFINITY
      while (at < numbers.length && numbers[at]! < this.starts[index]!) at++
      if (at < numbers.length && numbers[at]! < next) out.push(this.commits[index]!)
    }
    return out
  }
}
