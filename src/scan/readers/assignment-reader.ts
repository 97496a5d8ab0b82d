// Secrets assigned to names that say so, in any language and configuration: `password = "…"`, `"token": "…"`,
// `<password>…</password>`, `SECRET=…`, `--password …`. Work is anchored at the words: each is extended to the whole name
// and the value is read sticky from there, so the cost grows with the words in the text and not with its length.
import type { Tier } from '../finding.ts'
import { placeOf } from './place-of.ts'
import { type Candidate, candidate, type Readable, type Reader } from './reader.ts'
import { ASSIGNMENT_RULES } from './reader-rules.ts'
import { nameWords, secretName } from './secret-names.ts'
import { isWeakPassword, judgeValue, type ValueKind } from './value-judgement.ts'

const LONGEST_NAME = 60
const REFERENCE = '$' + '{'
const NAME_TAIL = /[\w.-]{0,40}/y
/** From the end of the name to the operator: quotes, brackets, a type; then the operator and what opens the value. */
const OPERATOR =
  /\\?["'`]?\]?[)}]?[ \t]*(?:(?::[ \t]*(?:[A-Z]?str(?:ing)?|String|&'?(?:static )?str|Optional\[str\]|CharSequence)\??|string|String)[ \t]*(?==))?(?<operator>:=|=>|===?|!==?|\?\?=|\|\|=?|[?+.:]?=|:|<-|,|>|\((?=[ \t]*(?:\[\]byte\()?["'`])|[ \t](?=["']))[ \t]*(?:(?<![,(][ \t]*)\r?\n[ \t]{1,40}(?=["'`]))?(?:(?:new |@|[bBuUrRfF]|L|os\.environ\.get\(["']\w+["'],[ \t]*|[\w.]{1,30}\([ \t]*)(?=["'`]))?/y
const QUOTED = /(\\?["'`])((?:(?!\1)[^\\\r\n]|\\(?!\1)[^\r\n]){1,400}?)\1/y
const BARE_VALUE = /[^\s"'`,;<>{}()|&\\]{4,200}/y
const XML_VALUE = /([^<>\r\n]{4,200})<\//y
const WORD_CHARACTER = /[\w.-]/

export const assignmentReader: Reader = {
  id: 'assignments',
  gates: ASSIGNMENT_RULES,
  wants: () => true,
  read(readable) {
    const place = placeOf(readable)
    const found: Candidate[] = []
    const { text } = readable
    let lastEnd = 0
    for (const { index, word } of nameWords(text, readable.placesOf?.('names') ?? null)) {
      if (index < lastEnd) continue
      const one = readAssignment(readable, index, word, place.hasBareValues)
      if (one === null) continue
      lastEnd = one.valueEnd
      const ruleId = place.ruleId ?? (one.kind === 'password' ? 'code-password' : 'code-secret')
      const length = one.valueEnd - one.valueStart
      found.push(candidate(ruleId, one.tier, one.nameStart, one.valueStart, length))
    }
    return found
  },
}

interface Assignment {
  readonly kind: ValueKind
  readonly tier: Tier
  readonly nameStart: number
  readonly valueStart: number
  readonly valueEnd: number
}

function readAssignment(
  readable: Readable,
  at: number,
  word: string,
  hasBareValues: boolean,
): Assignment | null {
  const { text } = readable
  let nameStart = at
  while (
    nameStart > 0 &&
    at - nameStart < LONGEST_NAME &&
    WORD_CHARACTER.test(text[nameStart - 1]!)
  )
    nameStart--
  // `${DB_PASSWORD:-…}` names a variable.
  if (nameStart >= 2 && text.startsWith(REFERENCE, nameStart - 2)) return null
  const wordEnd = at + word.length
  const tail = matchAt(NAME_TAIL, text, wordEnd)?.[0] ?? ''
  const name = secretName(text.slice(nameStart, at), word, tail)
  if (name === null) return null
  const operator = matchAt(OPERATOR, text, wordEnd + tail.length)
  if (operator === null) return null
  const valueAt = wordEnd + tail.length + operator[0].length
  const sign = operator.groups?.operator ?? ''
  const value = valueIn(text, valueAt, sign, hasBareValues)
  if (value === null || !judgeValue(value.text, name.kind, value.isQuoted)) return null
  if (sign === ',' && !isPairOfStrings(text, nameStart, value)) return null
  // `setToken("…")` is a way to assign; `password("…")` more often a label or a look-up.
  if (sign === '(' && name.kind === 'password') return null
  if (isItsOwnName(value.text, text.slice(nameStart, wordEnd + tail.length))) return null
  const valueEnd = value.start + value.text.length
  const tier = name.kind === 'password' && isWeakPassword(value.text) ? 'low' : 'medium'
  return { kind: name.kind, tier, nameStart, valueStart: value.start, valueEnd }
}

interface Value {
  readonly text: string
  readonly start: number
  readonly isQuoted: boolean
}

function valueIn(text: string, at: number, sign: string, hasBareValues: boolean): Value | null {
  const quoted = matchAt(QUOTED, text, at)
  if (quoted !== null) {
    const open = quoted[1]!.length
    return { text: quoted[2]!, start: at + open, isQuoted: true }
  }
  if (sign === '>') {
    const inner = matchAt(XML_VALUE, text, at)?.[1]
    return inner === undefined ? null : { text: inner, start: at, isQuoted: true }
  }
  if (!hasBareValues || !(sign === '=' || sign === ':')) return null
  const bare = matchAt(BARE_VALUE, text, at)?.[0]
  if (bare === undefined) return null
  // A value that goes on with more words is a sentence, one that is called is code.
  const rest = text.slice(at + bare.length, at + bare.length + 40)
  if (/^[ \t]+[a-zA-Z]/.test(rest) && !/^[ \t]+[#-]/.test(rest) && sign === ':') return null
  if (/^[([{<]/.test(rest)) return null
  return { text: bare, start: at, isQuoted: false }
}

/** `setProperty("db.password", "…")`, and not two of the many items of a list. */
function isPairOfStrings(text: string, nameStart: number, value: Value): boolean {
  const end = value.start + value.text.length
  const isLast = /^\\?["'`][ \t]*(?:\)|\r?\n|$)/.test(text.slice(end, end + 8))
  return /["'`]/.test(text[nameStart - 1] ?? '') && isLast && /[\d\W_]/.test(value.text)
}

/** `password: "password"` and `apiKey = 'apiKey'` name a field. */
function isItsOwnName(value: string, name: string): boolean {
  const plain = (word: string): string => word.toLowerCase().replace(/[^a-z]/g, '')
  return plain(value) === plain(name)
}

function matchAt(expression: RegExp, text: string, at: number): RegExpExecArray | null {
  expression.lastIndex = at
  return expression.exec(text)
}
