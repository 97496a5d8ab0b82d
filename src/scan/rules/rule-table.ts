// The notation in which our rules are written: one line a rule, columns divided by two spaces or more:
//   id  how  expression  options  what it finds
// how: `token` for a token known by its own shape, `name:a|b` for a value assigned to a name with such a word in it,
// `raw` for an expression as it stands. Shorthands such as <hex:32> stand for classes; options are words: `e3.5` (bits
// of entropy a byte), `ci` (case does not matter), `cs` (it does), `low`, `medium`, `kw=a,b`, `path=…`, `check=…`.
import type { Tier } from '../finding.ts'
import type { Allowlist, CheckName, Rule } from '../rule.ts'

/** What can't be said in a line of the table. */
export interface RuleExtras {
  readonly allowlists?: readonly Allowlist[]
  readonly path?: string
  readonly secretGroup?: number
  /** Replaces the sentence that `rules explain` makes from the description. */
  readonly rotate?: string
}

/** A rule with the words and examples that `rules explain` shows. */
export interface OurRule extends Rule {
  /** What to do once it leaked. */
  readonly rotate: string
  /** The part of the expression that describes the secret itself; examples are made from it. */
  readonly shape: string | null
  readonly name: string | null
}

const CLASSES: Readonly<Record<string, string>> = {
  hex: '[a-f0-9]',
  HEX: '[A-F0-9]',
  Hex: '[a-fA-F0-9]',
  an: '[a-zA-Z0-9]',
  lo: '[a-z0-9]',
  up: '[A-Z0-9]',
  w: '[\\w-]',
  eq: '[\\w=-]',
  dot: '[\\w.=-]',
  b64: '[a-zA-Z0-9+/]',
  d: '[0-9]',
}

const UUID = '[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}'

/** From the end of the name to the start of the value: `_token" : "`, `.key := '`, ` string = "`, `>`, `", "`. */
const OPERATOR =
  '[\\w.\\t -]{0,24}[\'"\\x60\\]]{0,2}[ \\t\\r\\n]{0,4}' +
  '(?:[:?+.|]{0,3}=>?|:{1,3}|>|,|\\|\\|)[\\s"\'\\x60=(]{0,8}'
/** What may follow a value, so that a longer run of the same characters is not cut. */
const VALUE_END = '(?:["\'\\x60\\s;,<&)\\\\}\\]]|$)'
const TOKEN_END = '(?:[^\\w-]|$)'

export function expandShape(text: string): string {
  return text
    .replaceAll('<uuid>', UUID)
    .replace(/<(\w+):([\d,]+)>/g, (_whole, name: string, count: string) => {
      const found = CLASSES[name]
      if (found === undefined) throw new Error(`unknown class <${name}> in a rule`)
      return `${found}{${count}}`
    })
}

/** `(?i)` for all of it, or for the names alone where the value's case matters. */
export function assignedRegex(names: string, value: string, valueHasCase: boolean): string {
  return valueHasCase
    ? `(?i:${names})${OPERATOR}(${value})${VALUE_END}`
    : `(?i)(?:${names})${OPERATOR}(${value})${VALUE_END}`
}

export function tokenRegex(shape: string, ignoresCase: boolean): string {
  return `${ignoresCase ? '(?i)' : ''}\\b(${shape})${TOKEN_END}`
}

interface Options {
  tier: Tier
  entropy: number
  ignoresCase: boolean | null
  keywords: readonly string[] | null
  check: CheckName | null
}

function readOptions(text: string): Options {
  const options: Options = {
    tier: 'high',
    entropy: 0,
    ignoresCase: null,
    keywords: null,
    check: null,
  }
  for (const word of text.split(' ')) {
    if (word === '-') continue
    if (word === 'ci') options.ignoresCase = true
    else if (word === 'cs') options.ignoresCase = false
    else if (word === 'low' || word === 'medium') options.tier = word
    else if (word.startsWith('kw=')) options.keywords = word.slice(3).toLowerCase().split(',')
    else if (word.startsWith('check=')) options.check = word.slice(6) as CheckName
    else if (/^e\d/.test(word)) options.entropy = Number(word.slice(1))
    else throw new Error(`unknown option ${word} in a rule`)
  }
  return options
}

/** The letters that a shape opens with; with fewer than two there is no keyword and the line must say `kw=`. */
function literalPrefix(shape: string): string {
  const found = /^(?:[\w~-]|\\\.|\\\$)+/.exec(shape)?.[0] ?? ''
  const rest = shape.slice(found.length)
  const isRepeated = /^[{?*+]/.test(rest)
  return (isRepeated ? found.slice(0, -1) : found).replaceAll('\\', '').toLowerCase()
}

function keywordsOf(id: string, how: string, shape: string): readonly string[] {
  const words = how.startsWith('name:')
    ? how.slice(5).toLowerCase().split('|')
    : [literalPrefix(shape)]
  if (words.some((word) => word.length < 2 || /[^\w.~$+-]/.test(word)))
    throw new Error(`rule ${id} needs kw=`)
  return words
}

/** Rules of one family; a mistake in the table throws when the module is loaded, and so in its test. */
export function ruleTable(
  text: string,
  extras: Readonly<Record<string, RuleExtras>> = {},
): readonly OurRule[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const columns = line.trim().split(/ {2,}/)
      const [id = '', how = '', source = '', optionText = '-', description = ''] = columns
      if (columns.length !== 5) throw new Error(`a rule's line has five columns: ${line}`)
      const options = readOptions(optionText)
      const shape = expandShape(source)
      const extra = extras[id] ?? {}
      return {
        id,
        description,
        tier: options.tier,
        regex: regexOf(how, shape, options.ignoresCase),
        path: extra.path ?? null,
        secretGroup: extra.secretGroup ?? 0,
        entropy: options.entropy,
        keywords: options.keywords ?? keywordsOf(id, how, shape),
        tags: [],
        allowlists: extra.allowlists ?? [],
        required: [],
        skipReport: false,
        ...(options.check === null ? {} : { check: options.check }),
        rotate: extra.rotate ?? rotation(description),
        shape: how === 'raw' ? null : shape,
        name: how.startsWith('name:') ? (how.slice(5).split('|')[0] ?? null) : null,
      }
    })
}

function regexOf(how: string, shape: string, ignoresCase: boolean | null): string {
  if (how === 'raw') return shape
  if (how === 'token') return tokenRegex(shape, ignoresCase ?? false)
  if (how.startsWith('name:')) return assignedRegex(how.slice(5), shape, ignoresCase === false)
  throw new Error(`unknown kind of rule ${how}`)
}

function rotation(description: string): string {
  return `Revoke this ${description} where it was issued, issue a new one and keep that in the vault.`
}

/** An allowlist of expressions, with the rest as gitleaks' defaults. */
export function allowed(
  regexTarget: Allowlist['regexTarget'],
  regexes: readonly string[],
  more: Partial<Allowlist> = {},
): Allowlist {
  return {
    description: '',
    condition: 'OR',
    commits: [],
    paths: [],
    regexes,
    regexTarget,
    stopwords: [],
    ...more,
  }
}
