// Findings that only a vault can tell: texts that are live secrets, and such as were. They take the place of what a
// rule found for the same text.
import type { Detector } from '../detector.ts'
import type { Finding } from '../finding.ts'
import type { Fragment } from '../fragment.ts'
import { eachCandidate } from './live-candidates.ts'
import type { LiveFilter, LiveHit } from './live-filter.ts'

export const LIVE_RULE = 'live-secret'
export const DEAD_RULE = 'dead-secret'

const ABOUT: Readonly<Record<LiveHit['state'], string>> = {
  live: 'A live secret of the vault: revoke or rotate it now.',
  replaced: 'A secret of the vault that was replaced since: it is dead.',
  gone: 'A secret of the vault that was deleted since: it is dead.',
}

/** The tag that carries the id for `strongroom leak lookup`. */
export const idTag = (id: string): string => `id:${id}`
export const idOfTags = (tags: readonly string[]): string | null =>
  tags.find((tag) => tag.startsWith('id:'))?.slice(3) ?? null

/** Texts that were looked up lately: the same words stand in a repository again and again. */
const MOST_REMEMBERED = 50_000

/** A detector that also knows the filter's secrets. */
export function withLiveFilter(detector: Detector, filter: LiveFilter): Detector {
  const remembered = new Map<string, LiveHit | null>()
  const find = (text: string): LiveHit | null => {
    let hit = remembered.get(text)
    if (hit === undefined) {
      hit = filter.find(text)
      if (remembered.size >= MOST_REMEMBERED) remembered.clear()
      remembered.set(text, hit)
    }
    return hit
  }
  return {
    takeSkipped: () => detector.takeSkipped(),
    detect(fragment) {
      const live = liveFindings(fragment, filter, find)
      if (live.length === 0) return detector.detect(fragment)
      const others = detector
        .detect(fragment)
        .filter((one) => !live.some((known) => isSamePlace(known, one)))
      return [...live, ...others].sort((a, b) => a.startLine - b.startLine)
    },
  }
}

const isSamePlace = (live: Finding, other: Finding): boolean =>
  live.startLine <= other.endLine &&
  other.startLine <= live.endLine &&
  (live.secret.includes(other.secret) || other.secret.includes(live.secret))

export function liveFindings(
  fragment: Fragment,
  filter: LiveFilter,
  find: (text: string) => LiveHit | null = (text) => filter.find(text),
): Finding[] {
  const { bytes } = fragment
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  const found = new Map<number, Finding>()
  const lines = new Lines(text, fragment.startLine)
  eachCandidate(text, filter.header, (candidate) => {
    const hit = find(candidate.text)
    if (hit === null) return
    const before = found.get(candidate.start)
    if (before && before.secret.length >= candidate.end - candidate.start) return
    found.set(candidate.start, toFinding(fragment, lines, hit, text, candidate))
  })
  return [...found.values()]
}

function toFinding(
  fragment: Fragment,
  lines: Lines,
  { id, state }: LiveHit,
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
): Finding {
  const { line, column, lineText } = lines.at(start)
  const secret = text.slice(start, end)
  return {
    ruleId: state === 'live' ? LIVE_RULE : DEAD_RULE,
    description: ABOUT[state],
    tier: state === 'live' ? 'high' : 'medium',
    startLine: line,
    endLine: line,
    startColumn: column,
    endColumn: column + secret.length - 1,
    line: lineText,
    match: secret,
    secret,
    entropy: 0,
    file: fragment.path,
    symlink: fragment.symlink,
    commit: fragment.commit,
    tags: [state === 'live' ? 'live' : 'dead', idTag(id)],
    required: [],
  }
}

/** Line and column of positions that are asked for in any order; made only when something was found. */
class Lines {
  readonly #text: string
  readonly #first: number
  #starts: number[] | null = null

  constructor(text: string, firstLine: number) {
    this.#text = text
    this.#first = firstLine
  }

  at(position: number): { line: number; column: number; lineText: string } {
    this.#starts ??= [0, ...[...this.#text.matchAll(/\n/g)].map(({ index }) => index + 1)]
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#starts[middle]! <= position) low = middle
      else high = middle - 1
    }
    const start = this.#starts[low]!
    const end = this.#text.indexOf('\n', start)
    const lineText = this.#text.slice(start, end < 0 ? undefined : end)
    return { line: this.#first + low, column: position - start + 1, lineText }
  }
}
