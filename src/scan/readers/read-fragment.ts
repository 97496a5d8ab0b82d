// All readers over one fragment, with a cheap look first at which of them have something to read. The detector calls it
// when it is not held to gitleaks' findings.
import type { Finding } from '../finding.ts'
import type { Fragment } from '../fragment.ts'
import { locateMatch, newlinesOf } from '../match/locate-match.ts'
import { assignmentReader } from './assignment-reader.ts'
import { FILE_READERS } from './file-readers.ts'
import { namedValueReader } from './named-value-reader.ts'
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
  namedValueReader,
  parameterReader,
  commandReader,
]

/**
 * What the readers find in a fragment, under the rules wanted, in the order of the text. `text` is the fragment as latin1.
 * `active` are the rules of which a keyword stands in it; readers of whole files are asked by path alone.
 */
export function readFragment(
  fragment: Fragment,
  text: string,
  wanted: ReadonlySet<string>,
  active: ReadonlySet<string>,
  placesOf?: Readable['placesOf'],
): Finding[] {
  const readable: Readable = {
    text,
    path: fragment.path,
    kind: fragment.kind,
    ...(placesOf && { placesOf }),
  }
  const candidates = candidatesIn(readable, active).filter((one) => wanted.has(one.ruleId))
  if (candidates.length === 0) return []
  const newlines = newlinesOf(text)
  return candidates.map((one) => findingOf(one, fragment, text, newlines))
}

/** Whether a reader of whole files wants a path, so that its text is needed without any keyword in it. */
export function isReadByPath(path: string): boolean {
  return READERS.some((reader) => reader.gates.length === 0 && reader.wants(path))
}

function candidatesIn(readable: Readable, active: ReadonlySet<string>): Candidate[] {
  const found: Candidate[] = []
  /** The bytes that belong to a secret found before. */
  let taken: Uint8Array | null = null
  for (const reader of READERS) {
    if (reader.gates.length > 0 && !reader.gates.some((id) => active.has(id))) continue
    if (!reader.wants(readable.path)) continue
    for (const one of reader.read(readable)) {
      taken ??= new Uint8Array(readable.text.length)
      const { secretStart, secretEnd } = one
      if (taken[secretStart] === 1 || taken[secretEnd - 1] === 1) continue
      taken.fill(1, secretStart, secretEnd)
      found.push(one)
    }
  }
  return found.sort((a, b) => a.secretStart - b.secretStart)
}

/** A long line is cut around the match, so that many findings on one line of megabytes don't hold it many times. */
const MOST_BESIDE = 2000

/** A text of its own, not a view that keeps the whole fragment alive. */
const owned = (text: string): string => Buffer.from(text, 'latin1').toString('latin1')

function findingOf(
  one: Candidate,
  fragment: Fragment,
  text: string,
  newlines: Uint32Array,
): Finding {
  const { path, symlink, commit, startLine } = fragment
  const place = locateMatch(newlines, text, one.start, one.end)
  const from = Math.max(0, one.start - MOST_BESIDE)
  const before = text.slice(from, one.start)
  const after = text.slice(one.end, one.end + MOST_BESIDE).split('\n', 1)[0]!
  return {
    ruleId: one.ruleId,
    description: READER_RULES.get(one.ruleId)?.description ?? one.ruleId,
    tier: one.tier,
    startLine: startLine + place.startLine,
    endLine: startLine + place.endLine,
    startColumn: place.startColumn,
    endColumn: place.endColumn,
    line: owned(
      before.slice(before.lastIndexOf('\n') + 1) + text.slice(one.start, one.end) + after,
    ),
    match: owned(text.slice(one.start, one.end)),
    secret: owned(text.slice(one.secretStart, one.secretEnd)),
    entropy: 0,
    file: path,
    symlink,
    commit,
    tags: [],
    required: [],
  }
}
