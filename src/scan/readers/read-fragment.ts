// All readers over one fragment, with a cheap look first at which of them have something to read. The detector calls it
// when it is not held to gitleaks' findings.
import type { Finding, Tier } from '../finding.ts'
import type { Fragment } from '../fragment.ts'
import { locateMatch, newlinesOf } from '../match/locate-match.ts'
import { assignmentReader } from './assignment-reader.ts'
import { FILE_READERS } from './file-readers.ts'
import {
  commandReader,
  connectionStringReader,
  headerReader,
  jwkReader,
  parameterReader,
  sqlReader,
  urlReader,
} from './network-readers.ts'
import type { Candidate, Readable, Reader } from './reader.ts'
import { READER_RULES } from './reader-rules.ts'

/** The order decides which of two readers keeps a secret that both found: the more special one. */
export const READERS: readonly Reader[] = [
  ...FILE_READERS,
  jwkReader,
  urlReader,
  headerReader,
  connectionStringReader,
  sqlReader,
  assignmentReader,
  parameterReader,
  commandReader,
]

/** One expression finds which keywords of any reader stand in a text; without any only readers by path are asked. */
const ANY_KEYWORD = new RegExp(
  READERS.flatMap((reader) => reader.keywords)
    .filter((word, index, all) => all.indexOf(word) === index)
    .map((word) => word.replace(/[^\w ]/g, '\\$&'))
    .join('|'),
  'i',
)

/**
 * What the readers find in a fragment, of the tiers asked for, in the order of the text. `text` is the fragment as latin1;
 * `isAllowed` may drop a line (allow comments).
 */
export function readFragment(
  fragment: Fragment,
  text: string,
  tiers: ReadonlySet<Tier>,
): Finding[] {
  const readable: Readable = { text, path: fragment.path, kind: fragment.kind }
  const candidates = candidatesIn(readable).filter((one) => tiers.has(one.tier))
  if (candidates.length === 0) return []
  const newlines = newlinesOf(text)
  return candidates.map((one) => findingOf(one, fragment, text, newlines))
}

export function candidatesIn(readable: Readable): Candidate[] {
  const hasKeyword = ANY_KEYWORD.test(readable.text)
  const found: Candidate[] = []
  const lower = hasKeyword ? readable.text.toLowerCase() : ''
  for (const reader of READERS) {
    if (reader.keywords.length > 0) {
      if (!hasKeyword || !reader.keywords.some((word) => lower.includes(word))) continue
    }
    if (!reader.wants(readable.path)) continue
    for (const one of reader.read(readable)) {
      if (!found.some((other) => overlaps(one, other))) found.push(one)
    }
  }
  return found.sort((a, b) => a.secretStart - b.secretStart)
}

const overlaps = (a: Candidate, b: Candidate): boolean =>
  a.secretStart < b.secretEnd && b.secretStart < a.secretEnd

function findingOf(
  one: Candidate,
  fragment: Fragment,
  text: string,
  newlines: Uint32Array,
): Finding {
  const { path, symlink, commit, startLine } = fragment
  const place = locateMatch(newlines, text, one.start, one.end)
  const first = text.lastIndexOf('\n', one.start - 1) + 1
  const after = text.indexOf('\n', one.end)
  return {
    ruleId: one.ruleId,
    description: READER_RULES.get(one.ruleId)?.description ?? one.ruleId,
    tier: one.tier,
    startLine: startLine + place.startLine,
    endLine: startLine + place.endLine,
    startColumn: place.startColumn,
    endColumn: place.endColumn,
    line: text.slice(first, after < 0 ? text.length : after),
    match: text.slice(one.start, one.end),
    secret: text.slice(one.secretStart, one.secretEnd),
    entropy: 0,
    file: path,
    symlink,
    commit,
    tags: [],
    required: [],
  }
}
