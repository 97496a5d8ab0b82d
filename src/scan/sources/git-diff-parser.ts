// Reads what `git log -p` and `git diff` print, piece by piece, and makes a fragment of each hunk's added lines, as
// gitleaks does (sources/git.go, its go-gitdiff): the fragment starts at the hunk's new line, a hunk that only removes
// gives an empty one, deleted and binary files give none. Of a merge's combined diff it takes the lines that no
// parent has. Lines are never held whole unless they are headers. Formats: git-diff(1), "GENERATING PATCH TEXT".
import { SCAN_FRAGMENT_BYTES, SCAN_HEADER_BYTES, SCAN_HUNK_BYTES } from '../../base/limits.ts'
import type { Commit, SourceKind } from '../fragment.ts'
import { CommitHeader } from './commit-header.ts'
import type { FragmentBatcher } from './fragment-batcher.ts'
import { headerName, unquoteName } from './git-names.ts'

export interface DiffParserOptions {
  readonly batcher: FragmentBatcher
  readonly kind: SourceKind
  readonly compat: boolean
  readonly skipPath: (path: string) => boolean
  /** Only files whose new content is such an object are read; all when absent. */
  readonly wantsBlob?: ((oid: string) => boolean) | undefined
  readonly onCommit?: (sha: string) => void
  /** A file's content begins; once a hunk. */
  readonly onFile?: (path: string) => void
  readonly onBinary?: (path: string, oid: string, commit: Commit | null) => void
}

/** gitleaks' date of what is not committed yet. */
const NO_COMMIT: Commit = {
  sha: '',
  author: '',
  email: '',
  date: '0001-01-01T00:00:00Z',
  message: '',
}

const NEWLINE = 10
const PLUS = 43
const MINUS = 45
const SPACE = 32
const BACKSLASH = 92

export class GitDiffParser {
  readonly #options: DiffParserOptions
  readonly #most: number
  #commit: Commit | null
  #header: CommitHeader | null = null
  #carry: Buffer = Buffer.alloc(0)
  /** What becomes of the rest of the line that is being read. */
  #rest: 'none' | 'add' | 'drop' | 'header' = 'none'
  #path = ''
  #oid = ''
  #isDeleted = false
  #isWanted = false
  #isInFile = false
  /** Lines still to come of the hunk; the old ones of all parents together. */
  #oldLeft = 0
  #newLeft = 0
  #newLine = 0
  #parents = 1
  #lastWasAdded = false
  #isHunkOpen = false

  constructor(options: DiffParserOptions) {
    this.#options = options
    this.#most = options.compat ? SCAN_HUNK_BYTES : SCAN_FRAGMENT_BYTES
    this.#commit = options.compat ? NO_COMMIT : null
  }

  push(piece: Buffer): void {
    const chunk = this.#carry.length > 0 ? Buffer.concat([this.#carry, piece]) : piece
    this.#carry = Buffer.alloc(0)
    let at = 0
    while (at < chunk.length) {
      if (this.#rest !== 'none') {
        at = this.#continueLine(chunk, at)
        continue
      }
      const isContent = this.#oldLeft > 0 || this.#newLeft > 0
      if (isContent ? chunk.length - at < this.#parents : false) break
      if (isContent && this.#contentLine(chunk, at)) {
        at += chunk[at] === NEWLINE ? 0 : this.#parents
        continue
      }
      if (this.#isHunkOpen && chunk[at] === BACKSLASH) {
        this.#noNewline()
        continue
      }
      const end = chunk.indexOf(NEWLINE, at)
      if (end < 0) {
        if (chunk.length - at <= SCAN_HEADER_BYTES) break
        this.#headerLine(chunk.toString('latin1', at, at + SCAN_HEADER_BYTES))
        this.#rest = 'drop'
        at = chunk.length
        continue
      }
      this.#headerLine(chunk.toString('latin1', at, end))
      at = end + 1
    }
    if (at < chunk.length) this.#carry = Buffer.from(chunk.subarray(at))
  }

  end(): void {
    if (this.#carry.length > 0 && this.#rest === 'none') {
      this.#headerLine(this.#carry.toString('latin1'))
    }
    this.#closeHunk()
  }

  /** The rest of a content line, or of a header too long to be one. */
  #continueLine(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(NEWLINE, at)
    const to = end < 0 ? chunk.length : end + 1
    const { batcher } = this.#options
    if (this.#rest === 'add' && batcher.isOpen) {
      batcher.append(chunk, at, to)
      if (batcher.openBytes >= this.#most && (end >= 0 || !this.#options.compat)) {
        this.#split(end >= 0 ? this.#newLine : this.#newLine - 1)
      }
    }
    if (end >= 0) this.#rest = 'none'
    return to
  }

  #split(line: number): void {
    if (this.#oldLeft === 0 && this.#newLeft === 0) return
    this.#options.batcher.finish()
    this.#begin(line)
  }

  /** Takes a content line's first column(s); false when the hunk is not what its header said. */
  #contentLine(chunk: Buffer, at: number): boolean {
    if (this.#parents > 1) return this.#combinedLine(chunk, at)
    switch (chunk[at]) {
      case PLUS:
        this.#newLeft--
        this.#newLine++
        this.#lastWasAdded = true
        this.#rest = 'add'
        return true
      case MINUS:
        this.#oldLeft--
        this.#lastWasAdded = false
        this.#rest = 'drop'
        return true
      case SPACE:
      case NEWLINE:
        this.#oldLeft--
        this.#newLeft--
        this.#newLine++
        this.#lastWasAdded = false
        this.#rest = 'drop'
        return true
      case BACKSLASH:
        this.#noNewline()
        return true
      default:
        this.#oldLeft = 0
        this.#newLeft = 0
        return false
    }
  }

  #combinedLine(chunk: Buffer, at: number): boolean {
    let added = 0
    let removed = 0
    for (let column = 0; column < this.#parents; column++) {
      const byte = chunk[at + column]
      if (byte === PLUS) added++
      else if (byte === MINUS) removed++
      else if (byte === BACKSLASH) {
        this.#noNewline()
        return true
      } else if (byte !== SPACE) {
        this.#oldLeft = 0
        this.#newLeft = 0
        return false
      }
    }
    const { batcher } = this.#options
    this.#rest = 'drop'
    this.#lastWasAdded = false
    if (removed > 0) {
      this.#oldLeft -= removed
      return true
    }
    this.#oldLeft -= this.#parents - added
    this.#newLeft--
    if (added === this.#parents) {
      if (!batcher.isOpen && this.#isWanted) this.#begin(this.#newLine)
      this.#rest = 'add'
      this.#lastWasAdded = true
    } else if (batcher.isOpen) batcher.finish()
    this.#newLine++
    return true
  }

  #noNewline(): void {
    if (this.#lastWasAdded && this.#options.batcher.isOpen) this.#options.batcher.drop(1)
    this.#lastWasAdded = false
    this.#rest = 'drop'
  }

  #begin(line: number): void {
    const { batcher, kind } = this.#options
    batcher.begin({
      path: this.#path,
      symlink: '',
      startLine: line,
      commit: this.#commit,
      kind,
    })
  }

  #closeHunk(): void {
    if (!this.#isHunkOpen) return
    this.#isHunkOpen = false
    this.#options.batcher.finish()
  }

  #headerLine(line: string): void {
    this.#closeHunk()
    if (line.startsWith('commit ')) this.#openCommit(line)
    else if (line.startsWith('diff --')) this.#openFile(line)
    else if (this.#header !== null) this.#header.line(line)
    else if (this.#isInFile) this.#fileLine(line)
  }

  #openCommit(line: string): void {
    this.#header = new CommitHeader(line)
    this.#isInFile = false
    this.#options.onCommit?.(this.#header.sha)
  }

  #openFile(line: string): void {
    if (this.#header !== null) this.#commit = this.#header.commit()
    this.#header = null
    this.#isInFile = true
    this.#isDeleted = false
    this.#isWanted = false
    this.#oid = ''
    const combined = /^diff --(?:cc|combined) (.*)$/s.exec(line)
    this.#parents = 1
    this.#path = combined ? unquoteName(combined[1]!) : headerName(line.slice('diff --git '.length))
  }

  #fileLine(line: string): void {
    if (line.startsWith('@@')) this.#openHunk(line)
    else if (line.startsWith('index ')) {
      this.#oid = /\.\.([0-9a-f]+)/.exec(line)?.[1] ?? ''
    } else if (line.startsWith('deleted file mode ')) this.#isDeleted = true
    else if (line.startsWith('rename to ')) this.#path = unquoteName(line.slice(10))
    else if (line.startsWith('copy to ')) this.#path = unquoteName(line.slice(8))
    else if (line.startsWith('+++ ')) {
      const name = unquoteName(line.slice(4).replace(/\t$/, ''))
      if (name === '/dev/null') this.#isDeleted = true
      else this.#path = name.startsWith('b/') ? name.slice(2) : name
    } else if (line.startsWith('Binary files ') || line === 'GIT binary patch') {
      const { skipPath, onBinary } = this.#options
      this.#options.onFile?.(this.#path)
      if (this.#isDeleted || skipPath(this.#path) || !this.#wants()) return
      onBinary?.(this.#path, this.#oid, this.#commit)
    }
  }

  #wants(): boolean {
    const { wantsBlob } = this.#options
    return wantsBlob === undefined || wantsBlob(this.#oid)
  }

  #openHunk(line: string): void {
    const found = /^(@@+) ((?:-\d+(?:,\d+)? )+)\+(\d+)(?:,(\d+))? @@/.exec(line)
    if (found === null) return
    this.#parents = found[1]!.length - 1
    this.#oldLeft = 0
    for (const range of found[2]!.matchAll(/-\d+(?:,(\d+))?/g)) {
      this.#oldLeft += Number(range[1] ?? 1)
    }
    this.#newLine = Number(found[3])
    this.#newLeft = Number(found[4] ?? 1)
    this.#lastWasAdded = false
    this.#isHunkOpen = true
    this.#options.onFile?.(this.#path)
    this.#isWanted = !this.#isDeleted && !this.#options.skipPath(this.#path) && this.#wants()
    if (this.#isWanted && this.#parents === 1) this.#begin(this.#newLine)
  }
}
