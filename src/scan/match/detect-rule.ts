// What one rule finds in one pass over a fragment: allowlists, path, matches, secret, entropy, allowlists of findings,
// in the order in which gitleaks asks them.
import type { Finding } from '../finding.ts'
import type { Fragment } from '../fragment.ts'
import type { Span } from './byte-regexp.ts'
import type { CompiledAllowlist } from './compiled-allowlist.ts'
import type { CompiledRule } from './compiled-rule.ts'
import { decodedLine, originalOf, segmentTags, touchedSegments } from './decode-pass.ts'
import { locateMatch } from './locate-match.ts'
import type { ScannedPass } from './scanned-text.ts'
import { shannonEntropy } from './shannon-entropy.ts'

const ALLOW_COMMENT = 'gitleaks:allow'

export interface RuleContext {
  readonly globalAllowlists: readonly CompiledAllowlist[]
  readonly ignoreAllowComments: boolean
}

/** A text of its own, not a view that keeps the whole fragment alive. */
const owned = (text: string): string => Buffer.from(text, 'latin1').toString('latin1')

export function detectRule(
  compiled: CompiledRule,
  pass: ScannedPass,
  hits: readonly ArrayLike<number>[] | null,
  context: RuleContext,
): Finding[] {
  const { fragment } = pass.of
  if (compiled.allowlists.some((list) => list.allowsFragment(fragment))) return []
  const path = compiled.path()
  if (path && !path.test(fragment.path)) return []
  const matcher = compiled.matcher()
  if (!matcher) {
    return path && pass.segments.length === 0 ? [pathFinding(compiled, fragment)] : []
  }
  const found: Finding[] = []
  for (const span of matcher.findAll(pass.text, pass.alphabet, hits)) {
    const finding = findingOf(compiled, pass, span, context)
    if (finding) found.push(finding)
  }
  return found
}

function pathFinding({ rule, id, description, tags }: CompiledRule, fragment: Fragment): Finding {
  return {
    ruleId: id,
    description,
    tier: rule.tier,
    startLine: 0,
    endLine: 0,
    startColumn: 0,
    endColumn: 0,
    line: '',
    match: `file detected: ${fragment.path}`,
    secret: '',
    entropy: 0,
    file: fragment.path,
    symlink: fragment.symlink,
    commit: fragment.commit,
    tags,
    required: [],
  }
}

function trimNewlines(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && text[start] === '\n') start++
  while (end > start && text[end - 1] === '\n') end--
  return text.slice(start, end)
}

function findingOf(
  compiled: CompiledRule,
  pass: ScannedPass,
  span: Span,
  context: RuleContext,
): Finding | null {
  const { rule } = compiled
  const { fragment, raw } = pass.of
  const match = trimNewlines(pass.text.slice(span.start, span.end))
  // Newlines at the begin shorten the match, and its end moves, not its begin: so gitleaks has it.
  let place: Span = { start: span.start, end: span.start + match.length }
  let tags = compiled.tags
  let line: string | null = null
  if (pass.segments.length > 0) {
    const segments = touchedSegments(pass.segments, span)
    if (segments.length === 0) return null
    place = originalOf(segments, span)
    tags = [...tags, ...segmentTags(segments)]
    line = decodedLine(segments, pass.text)
  }
  const at = locateMatch(pass.of.newlines(), raw, place.start, place.end)
  const originalLine = pass.of.line(at.lineStart, at.lineEnd)
  if (!context.ignoreAllowComments && originalLine.includes(ALLOW_COMMENT)) return null
  const secret = secretOf(compiled, match)
  if (secret === null) return null
  const entropy = shannonEntropy(secret)
  if (rule.entropy !== 0 && entropy <= rule.entropy) return null
  const candidate = { secret, match, line: line === null || line === '' ? originalLine : line }
  if (context.globalAllowlists.some((list) => list.allows(candidate, fragment))) return null
  if (compiled.allowlists.some((list) => list.allows(candidate, fragment))) return null
  return {
    ruleId: compiled.id,
    description: compiled.description,
    tier: rule.tier,
    startLine: fragment.startLine + at.startLine,
    endLine: fragment.startLine + at.endLine,
    startColumn: at.startColumn,
    endColumn: at.endColumn,
    line: originalLine,
    match: owned(match),
    secret: owned(secret),
    entropy: Math.fround(entropy),
    file: fragment.path,
    symlink: fragment.symlink,
    commit: fragment.commit,
    tags,
    required: [],
  }
}

/** The group that holds the secret, as the expression finds it within the match alone. */
function secretOf(compiled: CompiledRule, match: string): string | null {
  const { rule } = compiled
  const { regexp } = compiled.matcher()!
  if (regexp.groups === 0) return match
  const groups = regexp.groupsOf(match)
  if (!groups) return match
  if (rule.secretGroup > 0) return groups[rule.secretGroup] ?? null
  return groups.slice(1).find((group) => group !== '') ?? match
}
