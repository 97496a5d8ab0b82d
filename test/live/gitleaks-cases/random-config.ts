// Random configurations and texts made for each other: expressions of all of RE2's constructs over a small alphabet, so
// that they often match, with keywords, groups, entropy, allowlists and components.
import type { Random } from '../../../src/base/random.ts'
import type { OracleCase } from '../../support/gitleaks-oracle.ts'

const below = (random: Random, count: number): number => Math.floor(random.fraction() * count)
const pick = <T>(random: Random, list: readonly T[]): T => list[below(random, list.length)]!
const chance = (random: Random, share: number): boolean => random.fraction() < share

const WORDS = ['key', 'sk', 'ab', 'Token', 'é', 'KEY', 's_k', 'aws']
const ATOMS = [
  ...['a', 'b', 'k', 's', 'K', '=', ' ', '\\.', '-', 'é', '1'],
  ...[
    '.',
    '[ab]',
    '[^a]',
    '[a-z0-9]',
    '\\w',
    '\\d',
    '\\s',
    '\\S',
    '[\\w.-]',
    '[^\\n]',
    '[:=]',
    '[é-ü]',
  ],
  ...['[[:alpha:]]', '[[:^space:]]', '\\x41', '\\x{e9}', '\\pL', '\\n', '"', '\\W'],
]
const ASSERTS = ['\\b', '^', '$', '\\A', '\\z', '\\B', '(?m)^', '(?m)$']
const REPEATS = ['*', '+', '?', '*?', '+?', '??', '{2}', '{0,3}', '{1,4}?', '{0,50}?', '{2,}']

function expression(random: Random, depth: number): string {
  let out = ''
  for (let i = below(random, 4); i >= 0; i--) out += part(random, depth)
  return chance(random, 0.15) ? `${out}|${part(random, depth)}` : out
}

function part(random: Random, depth: number): string {
  const kind = random.fraction()
  if (kind < 0.3) return pick(random, WORDS)
  if (kind < 0.38) return pick(random, ASSERTS)
  let atom = pick(random, ATOMS)
  if (kind > 0.75 && depth > 0) {
    const open = pick(random, ['(', '(?:', '(?i:', '(?P<n>', '(?s:', '(?i)(', '(?U:'])
    atom = `${open}${expression(random, depth - 1)})`
  }
  return chance(random, 0.45) ? atom + pick(random, REPEATS) : atom
}

const PIECES = [
  ...[
    'key',
    'KEY',
    'sk',
    's_k',
    'aws',
    'ab',
    'Token',
    'a',
    'b',
    'k',
    's',
    '=',
    ' ',
    '.',
    '-',
    '1',
    '"',
    ':',
  ],
  ...[
    '\n',
    '\n',
    '\r\n',
    'é',
    'ü',
    '\u212a',
    'ſ',
    'İ',
    '日',
    '\t',
    'xyz',
    'aaab',
    '0101',
    '# gitleaks:allow',
  ],
  ...[
    'a2V5PWFiYWJhYjEyMzQ1Njc4',
    '6b65793d61626162616231323334353637380a6b',
    '%6bey%3d',
    '\\u006bey',
  ],
]

function text(random: Random): Buffer {
  const parts: Buffer[] = []
  for (let i = below(random, 40); i >= 0; i--) {
    parts.push(
      chance(random, 0.03)
        ? Buffer.from([128 + below(random, 128)])
        : Buffer.from(pick(random, PIECES)),
    )
  }
  return Buffer.concat(parts)
}

const quoted = (text: string): string => JSON.stringify(text)
const list = (items: readonly string[]): string => `[${items.map(quoted).join(', ')}]`

function allowlist(random: Random, header: string): string {
  const lines = [header]
  if (chance(random, 0.3)) lines.push('condition = "AND"')
  if (chance(random, 0.4))
    lines.push(`regexes = ${list([expression(random, 1), pick(random, WORDS)])}`)
  if (chance(random, 0.4)) lines.push(`stopwords = ${list([pick(random, WORDS), 'xyz'])}`)
  if (chance(random, 0.3)) lines.push(`paths = ${list([pick(random, ['a', '\\.txt$', 'x'])])}`)
  if (chance(random, 0.2)) lines.push('commits = ["ABC", "d"]')
  if (chance(random, 0.5))
    lines.push(`regexTarget = "${pick(random, ['match', 'line', 'secret'])}"`)
  return lines.join('\n')
}

function rule(random: Random, id: string, required: string): string {
  const lines = ['[[rules]]', `id = "${id}"`]
  const hasRegex = !chance(random, 0.05)
  if (hasRegex) lines.push(`regex = ${quoted(expression(random, 2))}`)
  if (chance(random, 0.15) || !hasRegex)
    lines.push(`path = ${quoted(pick(random, ['a', 'txt', 'é']))}`)
  if (chance(random, 0.6)) lines.push(`keywords = ${list([pick(random, WORDS)])}`)
  if (chance(random, 0.2)) lines.push(`entropy = ${pick(random, [0.5, 1, 1.5, 2])}`)
  if (chance(random, 0.2)) lines.push(`secretGroup = ${below(random, 3)}`)
  if (chance(random, 0.2)) lines.push('tags = ["x", "y"]')
  if (chance(random, 0.1)) lines.push('skipReport = true')
  if (chance(random, 0.2)) lines.push(allowlist(random, '[[rules.allowlists]]'))
  if (required !== '' && chance(random, 0.4)) {
    lines.push('[[rules.required]]', `id = "${required}"`)
    if (chance(random, 0.5)) lines.push(`withinLines = ${below(random, 3)}`)
    if (chance(random, 0.3)) lines.push(`withinColumns = ${below(random, 9)}`)
  }
  return lines.join('\n')
}

/** A configuration, not always a valid one, and texts for it. */
export function randomConfigCase(random: Random): OracleCase {
  const parts = [rule(random, 'one', ''), rule(random, 'two', 'one')]
  if (chance(random, 0.4)) parts.push(rule(random, 'generic-three', 'two'))
  if (chance(random, 0.2)) parts.push(allowlist(random, '[[allowlists]]'))
  const fragments = Array.from({ length: 6 }, () => ({
    bytes: text(random),
    path: pick(random, ['', 'a.txt', 'dir/é', 'src/x.go']),
    startLine: below(random, 2),
    ...(chance(random, 0.3) ? { commit: pick(random, ['abc', 'e']) } : {}),
  }))
  return {
    toml: parts.join('\n\n'),
    depth: below(random, 4),
    ignoreAllow: chance(random, 0.2),
    fragments,
  }
}
