// A commit's lines before its diff, as `git log --pretty=medium --date=raw` prints them, read the way gitleaks
// reads them: the title's lines joined by a space, an empty line, the body without its indentation.
import type { Commit } from '../fragment.ts'

const BLANK = /^[ \t\r\v\f]*$/

export class CommitHeader {
  readonly sha: string
  #author = ''
  #email = ''
  #date = ''
  #isInFields = true
  readonly #message: string[] = []
  #made: Commit | null = null

  /** `line` starts with "commit ". */
  constructor(line: string) {
    this.sha = /^commit (\S*)/.exec(line)?.[1] ?? ''
  }

  line(text: string): void {
    if (!this.#isInFields) {
      this.#message.push(text)
      return
    }
    if (BLANK.test(text)) this.#isInFields = false
    else if (text.startsWith('Author:')) {
      const found = /^Author:\s*([^<]*)(?:<([^>]*)>)?/.exec(text)
      this.#author = found?.[2] === undefined ? '' : found[1]!.trim()
      this.#email = found?.[2]?.trim() ?? ''
    } else if (text.startsWith('Date:')) this.#date = rfc3339(Number(/\d+/.exec(text)?.[0]))
  }

  commit(): Commit {
    this.#made ??= {
      sha: this.sha,
      author: this.#author,
      email: this.#email,
      date: this.#date,
      message: messageOf(this.#message),
    }
    return this.#made
  }
}

/** A time in UTC of seconds since 1970; a year 1 where they are none. */
export function rfc3339(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds > 253_402_300_799) return '0001-01-01T00:00:00Z'
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}

/** Lines of a message as printed, with their indentation. */
export function messageOf(lines: readonly string[]): string {
  let at = 0
  const title: string[] = []
  const indent = /^[ \t]*/.exec(lines[0] ?? '')?.[0] ?? ''
  for (; at < lines.length && !BLANK.test(lines[at]!); at++) title.push(lines[at]!.trim())
  let body = ''
  let isAfterBlank = false
  for (at++; at < lines.length; at++) {
    const trimmed = lines[at]!.replace(/[ \t\r\v\f]+$/, '')
    const line = trimmed.startsWith(indent) ? trimmed.slice(indent.length) : trimmed
    if (line === '') {
      isAfterBlank = true
      continue
    }
    if (body !== '') body += isAfterBlank ? '\n\n' : '\n'
    isAfterBlank = false
    body += line
  }
  if (title.length === 0) return ''
  return body === '' ? title.join(' ') : `${title.join(' ')}\n\n${body}`
}
